public import TraceCore

/// Something that a reader of the report should look at, in one line.
public struct Finding: Sendable, Hashable {
  /// How grave a kind of finding is; findings of a graver kind stand before all others.
  public enum Gravity: Int, Sendable, Hashable, Comparable {
    /// Slow, but as designed.
    case slow
    /// The scheduler did what it should not, for a time.
    case inversion
    /// Something is broken: a callback is not paired, a chain never ends.
    case broken

    public static func < (a: Gravity, b: Gravity) -> Bool { a.rawValue < b.rawValue }
  }

  public var gravity: Gravity
  /// One lower-case word: `inversion`, `deadlock`.
  public var kind: String
  /// What it cost, in steps of the trace clock; the greater comes first among equals. 0 where it has no duration.
  public var cost: Int64
  public var time: Timestamp
  /// The sentence, without time, kind and lock.
  public var text: [Phrase]
  public var lock: LockAddress?
  /// The table and the id of the row that it comes from.
  public var table: String
  public var row: Int

  public init(
    _ gravity: Gravity, kind: String, cost: Int64, time: Timestamp, text: [Phrase], lock: LockAddress? = nil,
    table: String, row: Int
  ) {
    self.gravity = gravity
    self.kind = kind
    self.cost = cost
    self.time = time
    self.text = text
    self.lock = lock
    self.table = table
    self.row = row
  }

  /// Findings in order, worst first.
  ///
  /// Sorted by number: to move whole findings about costs ten times what the comparisons do, and there can be one for each
  /// row.
  static func worstFirst(_ findings: [Finding]) -> [Finding] {
    let order = findings.indices.map { (gravity: findings[$0].gravity, cost: findings[$0].cost, place: $0) }
      .sorted { a, b in
        if a.gravity != b.gravity { return a.gravity > b.gravity }
        return a.cost != b.cost ? a.cost > b.cost : isWorse(findings[a.place], than: findings[b.place])
      }
    return order.map { findings[$0.place] }
  }

  /// Worst first; what is equally bad in order of time.
  public static func isWorse(_ a: Finding, than b: Finding) -> Bool {
    if a.gravity != b.gravity { return a.gravity > b.gravity }
    if a.cost != b.cost { return a.cost > b.cost }
    if a.time != b.time { return a.time < b.time }
    return (a.table, a.row) < (b.table, b.row)
  }
}
