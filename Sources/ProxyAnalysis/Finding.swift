public import TraceCore

/// Something that a reader of the report should look at, in one line.
public struct Finding: Sendable, Hashable {
  /// How grave a kind of finding is; findings of a graver kind stand before all others.
  public enum Gravity: UInt8, Sendable, Hashable, Comparable, BitwiseCopyable {
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
  public var text: [TextFragment]
  public var lock: LockAddress?
  /// The table and the id of the row that it comes from.
  public var table: String
  public var row: Int

  public init(
    _ gravity: Gravity, kind: String, cost: Int64, time: Timestamp, text: [TextFragment], lock: LockAddress? = nil,
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
}

/// A finding, as far as it is known without looking at its row.
public struct FindingKey: Sendable, Hashable, BitwiseCopyable {
  public var gravity: Finding.Gravity
  /// ``Finding/cost``.
  public var cost: Int64
  public var time: Timestamp
  /// What the analysis finds the row by; of two rows the one whose id is smaller has the smaller.
  public var place: UInt32
  /// Which of a report's analyses has found it.
  var source: UInt8 = 0

  public init(_ gravity: Finding.Gravity, cost: Int64, time: Timestamp, place: Int) {
    (self.gravity, self.cost, self.time) = (gravity, cost, time)
    self.place = UInt32(truncatingIfNeeded: place)
  }
}

/// Findings of several analyses, the worst first; of those that are equally bad in order of time.
public struct Findings: Sendable {
  private let context: ReportContext
  private let analyses: [any Analysis.Type]
  private let keys: [FindingKey]

  /// - Parameter keys: Of all the analyses, of which there are 256 at most.
  init(_ keys: consuming [FindingKey], of analyses: [any Analysis.Type], _ context: ReportContext) {
    (self.context, self.analyses) = (context, analyses)
    let names = analyses.map { $0.name }
    var keys = keys
    keys.sort { a, b in
      if a.gravity != b.gravity { return a.gravity > b.gravity }
      if a.cost != b.cost { return a.cost > b.cost }
      if a.time != b.time { return a.time < b.time }
      if a.source != b.source { return names[Int(a.source)] < names[Int(b.source)] }
      return a.place < b.place
    }
    self.keys = keys
  }
}

extension Findings: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { keys.count }
  public subscript(position: Int) -> Finding {
    analyses[Int(keys[position].source)].finding(keys[position], context)
  }
}
