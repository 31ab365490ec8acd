import ProxyAnalysis
import ProxyModel
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
  /// Why the rule cannot be decided, or why the figure is 0 (the capture has what the rule needs, and no row that it chooses), as a
  /// clause; otherwise empty.
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
      if case .rows(let rows) = subject, rows.statistic != .count, Self.samples(side, rows).isEmpty {
        result.reason = "there is no such row"
      }
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
    case .rows(let rows):
      try Self.require(rows, side)
      let values = Self.samples(side, rows).values.sorted()
      if values.isEmpty, rows.statistic != .count { try Self.requireZero(rows, side) }
      switch rows.statistic {
      case .count: return Double(values.count)
      case .sum: return values.reduce(0.0) { $0 + Double($1) }
      case .min: return Double(values.first ?? 0)
      case .max: return Double(values.last ?? 0)
      case .mean, .p50, .p90, .p99: return Comparison.value(rows.statistic.figure, values) ?? 0
      }
    }
  }

  /// Checks that the capture records what the rows are made of.
  private static func require(_ subject: RowSubject, _ side: ComparedSide) throws(Unknown) {
    switch subject.rows {
    case .pairing: if side.anomalies == nil { throw Unknown(text: "there are no marks of sched_ext callbacks") }
    // What a waiter waits for depends on the owner.
    case .waits: try require(subject.part == nil ? .waits : .owners, side)
    case .holds, .inversions, .releases, .donations: try require(.owners, side)
    }
  }

  private static func require(_ needs: [EventNeed], _ side: ComparedSide) throws(Unknown) {
    let missing = side.missing(needs)
    if !missing.isEmpty { throw Unknown(text: "\(missing.explanation), not recorded") }
  }

  /// Checks that no row means that there was none: what it would be about can be seen.
  private static func requireZero(_ subject: RowSubject, _ side: ComparedSide) throws(Unknown) {
    for filter in subject.filters(.comm) + subject.filters(.pid) where !side.hasTask(filter) {
      throw Unknown(text: "no task of the capture has the \(filter.key.rawValue) \(filter.text)")
    }
    if subject.rows == .waits {
      let cut = side.cutWaits.filter { subject.chooses($0) }.count
      if cut > 0 {
        throw Unknown(
          text:
            "of \(cut) \(cut == 1 ? "wait" : "waits") none has a known length: lost records or the capture's ends cut them"
        )
      }
    }
    guard let part = subject.part, !all(side, subject).isEmpty else { return }
    let marks = subject.rows == .donations ? "; a sched_ext scheduler's marks of ops.enqueue() show it" : ""
    throw Unknown(text: "no such row has the part \(part.name)\(marks)")
  }

  private static func value(of scalar: Scalar, _ side: ComparedSide) throws(Unknown) -> Double {
    switch scalar {
    case .lostShare:
      let (part, all) = side.lost
      if all <= 0 { throw Unknown(text: "it is empty") }
      return Double(part) / Double(all)
    case .invertedShare:
      try require(.owners, side)
      return side.waited > 0 ? Double(side.inverted) / Double(side.waited) : 0
    case .invertedTime:
      try require(.owners, side)
      return Double(side.inverted)
    case .proxiedTime: return Double(side.proxied)
    case .length: return Double(side.span)
    case .blockedEnqueues:
      guard let count = side.blockedEnqueues else { throw Unknown(text: "enqueues or waits were not recorded") }
      return Double(count)
    }
  }

  /// The rows that a rule chooses, or their parts.
  private static func samples(_ side: ComparedSide, _ subject: RowSubject) -> Samples {
    let rows = all(side, subject)
    return subject.part.map { rows.measured($0) } ?? rows
  }

  private static func all(_ side: ComparedSide, _ subject: RowSubject) -> Samples {
    let all: Samples =
      switch subject.rows {
      case .waits: subject.filters(.kind).isEmpty ? side.mutexWaits : side.waits
      case .holds: side.holds
      case .inversions: side.inversions
      case .releases: side.releases
      case .donations: side.donations
      case .pairing: side.pairing
      }
    if !subject.filters.isEmpty { return all.chosen { subject.chooses($0) } }
    // They come with those of other locks.
    return subject.rows == .releases ? all.ofKind(.mutex) : all
  }

  /// Names the rows to look at: those beyond a limit on `max` or `min`, and otherwise the longest.
  private func nameRows(_ side: ComparedSide, _ bound: Double, _ result: inout RuleResult) {
    guard case .rows(let rows) = subject else { return }
    let statistic = rows.statistic
    let isLimit =
      statistic == .max && (comparison == .less || comparison == .lessOrEqual)
      || statistic == .min && (comparison == .greater || comparison == .greaterOrEqual)
    var (longest, count): ([Sample], Int) = ([], 0)
    let found = Self.samples(side, rows)
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

extension Rule.RowSubject {
  /// Whether the rule is about a row. Waits and releases are those of mutexes, unless a rule asks for another kind.
  func chooses(_ sample: Sample) -> Bool {
    let isOfMutex = sample.kind == WaitKind.mutex.rawValue || !filters(.kind).isEmpty
    return (isOfMutex || rows != .waits && rows != .releases) && filters.allSatisfy { $0.chooses(sample) }
  }
}

extension ComparedSide {
  /// Whether a filter by name or pid chooses any task of the captures.
  fileprivate func hasTask(_ filter: Rule.Filter) -> Bool {
    captures.contains { capture in
      capture.timeline.tasks.contains {
        filter.pattern.matches(text: filter.key == .pid ? String($0.id.pid) : $0.comm.text)
      }
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
    case .rows(let subject):
      subject.rows == .releases || subject.rows == .donations ? "handoffs" : subject.rows.rawValue
    }
  }
}
