import ProxyAnalysis
import TraceCore

/// What became of a rule.
public struct RuleResult: Sendable {
  public enum Outcome: String, Sendable, Hashable {
    case kept, broken
    /// The capture cannot tell. That is no pass.
    case undecidable
  }

  public var rule: Rule
  public var outcome: Outcome
  /// The figure, and what it was held against; in steps of the clock, as a share or a count. `nil` where they cannot be known.
  public var value: Double?
  public var bound: Double?
  /// Whether the two are durations or shares.
  public var isTime: Bool
  public var isShare: Bool
  /// Why it cannot be decided.
  public var reason = ""
  /// The rows that broke it, the greatest first: at most ``rowLimit``; and the table that their ids are of.
  public var rows: [Sample] = []
  public var table = ""
  /// How many rows there are besides.
  public var moreRows = 0

  public static let rowLimit = 10
}

extension Rule {
  /// Holds the rule against a side.
  /// - Parameter base: what `base` stands for.
  public func check(_ side: Figures, base: Figures? = nil) -> RuleResult {
    let isTime = subject.unit == .time
    var result = RuleResult(
      rule: self, outcome: .undecidable, isTime: isTime, isShare: subject.unit == .share, table: subject.table)
    if isTime, !side.countsNanoseconds {
      result.reason = "the trace clock does not count nanoseconds"
      return result
    }
    switch value(of: side) {
    case .failure(let why):
      result.reason = why.text
      return result
    case .success(let value): result.value = value
    }
    switch bound {
    case .number(let number): result.bound = number
    case .base(let factor, let plus):
      guard let base else {
        result.reason = "it needs a base: --base FILE"
        return result
      }
      switch value(of: base) {
      case .failure(let why):
        result.reason = "of the base, \(why.text)"
        return result
      case .success(let value): result.bound = value * factor + plus
      }
    }
    guard let value = result.value, let bound = result.bound else { return result }
    result.outcome = comparison.holds(value, bound) ? .kept : .broken
    if result.outcome == .broken { nameRows(side, bound, &result) }
    return result
  }

  struct Unknown: Error { var text: String }

  private func value(of side: Figures) -> Result<Double, Unknown> {
    switch subject {
    case .scalar(let scalar): return Self.value(of: scalar, side)
    case .rows(let rows, let statistic, let filters):
      if let missing = Self.missing(for: rows, side) { return .failure(Unknown(text: missing)) }
      let values = Self.samples(side, rows, filters).map(\.value).sorted()
      if statistic == .count { return .success(Double(values.count)) }
      if statistic == .sum { return .success(values.reduce(0.0) { $0 + Double($1) }) }
      guard !values.isEmpty else { return .failure(Unknown(text: "there is no such row")) }
      return .success(Self.statistic(statistic, values))
    }
  }

  private static func statistic(_ statistic: Statistic, _ sorted: [Int64]) -> Double {
    switch statistic {
    case .count, .sum: 0
    case .min: Double(sorted[0])
    case .max: Double(sorted[sorted.count - 1])
    case .mean: sorted.reduce(0.0) { $0 + Double($1) } / Double(sorted.count)
    case .p50: Comparison.percentile(50, sorted)
    case .p90: Comparison.percentile(90, sorted)
    case .p99: Comparison.percentile(99, sorted)
    }
  }

  private static func missing(for rows: Rows, _ side: Figures) -> String? {
    if rows == .pairing { return side.anomalies == nil ? "there are no marks of sched_ext callbacks" : nil }
    return side.records(.contentionBegan) ? nil : "lock:contention_begin was not recorded"
  }

  private static func value(of scalar: Scalar, _ side: Figures) -> Result<Double, Unknown> {
    let noWaits = Unknown(text: "lock:contention_begin was not recorded")
    switch scalar {
    case .lostShare:
      return side.lost.of > 0
        ? .success(Double(side.lost.part) / Double(side.lost.of)) : .failure(Unknown(text: "it is empty"))
    case .invertedShare:
      guard side.records(.contentionBegan) else { return .failure(noWaits) }
      return side.waited > 0
        ? .success(Double(side.inverted) / Double(side.waited)) : .failure(Unknown(text: "nobody waits"))
    case .invertedTime: return side.records(.contentionBegan) ? .success(Double(side.inverted)) : .failure(noWaits)
    case .proxiedTime: return .success(Double(side.proxied))
    case .length: return .success(Double(side.span))
    case .blockedEnqueues:
      guard let count = side.blockedEnqueues else {
        return .failure(Unknown(text: "enqueues or waits were not recorded"))
      }
      return .success(Double(count))
    }
  }

  private static func samples(_ side: Figures, _ rows: Rows, _ filters: [Filter]) -> [Sample] {
    let all: [Sample] =
      switch rows {
      // Of mutexes, unless a rule asks for another kind.
      case .waits: filters.contains { $0.key == .kind } ? side.waits : side.mutexWaits
      case .holds: side.holds
      case .inversions: side.inversions
      case .releases: side.releases
      case .donations: side.donations
      case .pairing: side.pairing
      }
    return all.filter { sample in filters.allSatisfy { $0.chooses(sample) } }
  }

  /// The rows to look at: of a limit from above those beyond it, or else the greatest.
  private func nameRows(_ side: Figures, _ bound: Double, _ result: inout RuleResult) {
    guard case .rows(let rows, let statistic, let filters) = subject else { return }
    var found = Self.samples(side, rows, filters)
    if statistic == .max, comparison == .less || comparison == .lessOrEqual {
      found.removeAll { comparison.holds(Double($0.value), bound) }
    } else if statistic == .min, comparison == .greater || comparison == .greaterOrEqual {
      found.removeAll { comparison.holds(Double($0.value), bound) }
    }
    found.sort { ($1.value, $0.capture, $0.id) < ($0.value, $1.capture, $1.id) }
    result.rows = Array(found.prefix(RuleResult.rowLimit))
    result.moreRows = found.count - result.rows.count
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
