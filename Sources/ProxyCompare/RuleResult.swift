import ProxyAnalysis
import TraceCore

/// The result of a rule for one side.
public struct RuleResult: Sendable {
  /// Whether the rule holds.
  public enum Outcome: String, Sendable, Hashable {
    /// The rule holds.
    case kept
    /// The rule does not hold.
    case broken
    /// The capture lacks what the rule needs. That is no pass.
    case undecidable
  }

  /// The rule.
  public var rule: Rule
  /// Whether it holds.
  public var outcome: Outcome
  /// The figure: nanoseconds, a share (0 to 1) or a count. `nil` where it is not known.
  public var value: Double?
  /// What the figure was compared with, in the same unit. `nil` where it is not known.
  public var bound: Double?
  /// Whether ``value`` and ``bound`` are in nanoseconds.
  public var isTime: Bool
  /// Whether ``value`` and ``bound`` are shares.
  public var isShare: Bool
  /// Why the rule cannot be decided, as a clause; empty where it can.
  public var reason = ""
  /// The rows that broke the rule, the longest first; at most ``rowLimit``.
  public var rows: [Sample] = []
  /// Name of the table that the rows' ids refer to; empty for a figure of a whole side.
  public var table = ""
  /// Number of rows that broke the rule and are not in ``rows``.
  public var moreRows = 0

  /// The most rows that a result names.
  public static let rowLimit = 10
}

extension Rule {
  /// Checks the rule for a side.
  /// - Parameters:
  ///   - side: The captures to check.
  ///   - base: The side that `base` in the rule refers to.
  public func check(_ side: ComparedSide, base: ComparedSide? = nil) -> RuleResult {
    let isTime = subject.unit == .time
    var result = RuleResult(
      rule: self, outcome: .undecidable, isTime: isTime, isShare: subject.unit == .share, table: subject.table)
    if isTime, !side.countsNanoseconds {
      result.reason = "the trace clock does not count nanoseconds"
      return result
    }
    do throws(Unknown) {
      result.value = try value(of: side)
      result.bound = try bound(base)
    } catch {
      result.reason = error.text
    }
    guard let value = result.value, let bound = result.bound else { return result }
    result.outcome = comparison.holds(value, bound) ? .kept : .broken
    if result.outcome == .broken { nameRows(side, bound, &result) }
    return result
  }

  /// Why a figure cannot be known.
  private struct Unknown: Error { var text: String }

  private func bound(_ base: ComparedSide?) throws(Unknown) -> Double {
    switch bound {
    case .number(let number): return number
    case .base(let factor, let plus):
      guard let base else { throw Unknown(text: "it needs a base: --base FILE") }
      do throws(Unknown) {
        return try value(of: base) * factor + plus
      } catch {
        throw Unknown(text: "of the base, \(error.text)")
      }
    }
  }

  private func value(of side: ComparedSide) throws(Unknown) -> Double {
    switch subject {
    case .scalar(let scalar): return try Self.value(of: scalar, side)
    case .rows(let rows, let statistic, let filters):
      if rows != .pairing { try Self.requireWaits(side) }
      if rows == .pairing, side.anomalies == nil { throw Unknown(text: "there are no marks of sched_ext callbacks") }
      let values = Self.samples(side, rows, filters).values.sorted()
      switch statistic {
      case .count: return Double(values.count)
      case .sum: return values.reduce(0.0) { $0 + Double($1) }
      case .min, .max, .mean, .p50, .p90, .p99:
        guard let least = values.first, let most = values.last else { throw Unknown(text: "there is no such row") }
        return switch statistic {
        case .min: Double(least)
        case .max: Double(most)
        default: Comparison.value(statistic.figure, values) ?? 0
        }
      }
    }
  }

  private static func requireWaits(_ side: ComparedSide) throws(Unknown) {
    if !side.records(.contentionBegan) { throw Unknown(text: "lock:contention_begin was not recorded") }
  }

  private static func value(of scalar: Scalar, _ side: ComparedSide) throws(Unknown) -> Double {
    switch scalar {
    case .lostShare:
      let (part, all) = side.lost
      if all <= 0 { throw Unknown(text: "it is empty") }
      return Double(part) / Double(all)
    case .invertedShare:
      try requireWaits(side)
      if side.waited <= 0 { throw Unknown(text: "nobody waits") }
      return Double(side.inverted) / Double(side.waited)
    case .invertedTime:
      try requireWaits(side)
      return Double(side.inverted)
    case .proxiedTime: return Double(side.proxied)
    case .length: return Double(side.span)
    case .blockedEnqueues:
      guard let count = side.blockedEnqueues else { throw Unknown(text: "enqueues or waits were not recorded") }
      return Double(count)
    }
  }

  private static func samples(_ side: ComparedSide, _ rows: Rows, _ filters: [Filter]) -> Samples {
    let all: Samples =
      switch rows {
      // Of mutexes, unless a rule asks for another kind.
      case .waits: filters.contains { $0.key == .kind } ? side.waits : side.mutexWaits
      case .holds: side.holds
      case .inversions: side.inversions
      case .releases: side.releases
      case .donations: side.donations
      case .pairing: side.pairing
      }
    return filters.isEmpty ? all : all.chosen { sample in filters.allSatisfy { $0.chooses(sample) } }
  }

  /// Names the rows to look at: those beyond a limit on `max` or `min`, and otherwise the longest.
  private func nameRows(_ side: ComparedSide, _ bound: Double, _ result: inout RuleResult) {
    guard case .rows(let rows, let statistic, let filters) = subject else { return }
    let isLimit =
      statistic == .max && (comparison == .less || comparison == .lessOrEqual)
      || statistic == .min && (comparison == .greater || comparison == .greaterOrEqual)
    var (longest, count): ([Sample], Int) = ([], 0)
    let found = Self.samples(side, rows, filters)
    for (position, value) in found.values.enumerated() where !isLimit || !comparison.holds(Double(value), bound) {
      count += 1
      // Samples come in order of captures and ids: of equal ones the first stays before the others.
      if longest.count == RuleResult.rowLimit, let last = longest.last, value <= last.value { continue }
      longest.insert(found[position], at: longest.firstIndex { $0.value < value } ?? longest.count)
      if longest.count > RuleResult.rowLimit { longest.removeLast() }
    }
    result.rows = longest
    result.moreRows = count - longest.count
  }
}

extension Rule.Statistic {
  /// The figure that computes the statistic: a mean or a percentile.
  fileprivate var figure: Bootstrap.Figure {
    switch self {
    case .p50: .percentile(50)
    case .p90: .percentile(90)
    case .p99: .percentile(99)
    case .count, .sum, .mean, .min, .max: .mean
    }
  }
}

extension Rule.Filter {
  func chooses(_ sample: Sample) -> Bool {
    switch key {
    case .comm: pattern.matches(text: sample.comm)
    case .pid: pattern.matches(text: String(sample.pid))
    case .lock:
      sample.lock.map { pattern.matches(text: $0) } ?? false
        || pattern.matches(text: "0x" + String(sample.address.rawValue, radix: 16))
    case .kind: pattern.matches(text: sample.kind)
    }
  }
}

extension Rule.Subject {
  var table: String {
    switch self {
    case .scalar: ""
    case .rows(.releases, _, _), .rows(.donations, _, _): "handoffs"
    case .rows(let rows, _, _): rows.rawValue
    }
  }
}
