public import TraceCore

/// Something in a capture that a reader of the report should look at, in one line.
public struct Finding: Sendable, Hashable {
  /// How serious a kind of finding is. Findings of a more serious kind come before all others.
  public enum Gravity: UInt8, Sendable, Hashable, Comparable, BitwiseCopyable {
    /// Something was slow, but worked as designed.
    case slow
    /// The scheduler ran a less urgent task for a time.
    case inversion
    /// Something is broken: a callback has no partner, tasks wait for each other.
    case broken

    /// The less serious one.
    public static func < (a: Gravity, b: Gravity) -> Bool { a.rawValue < b.rawValue }
  }

  /// How serious it is.
  public var gravity: Gravity
  /// One lower-case word: `inversion`, `deadlock`.
  public var kind: String
  /// The time that it cost, in steps of the trace clock; 0 where it has no duration. Of equally serious findings the one with
  /// the greater cost comes first.
  public var cost: Int64
  /// When it began.
  public var time: Timestamp
  /// The sentence, without time, kind and lock.
  public var text: [TextFragment]
  /// The lock that it is about; `nil` where it is about none.
  public var lock: LockAddress?
  /// Name of the table whose row it is made of.
  public var table: String
  /// Id of this row, from 1.
  public var row: Int

  /// A finding by all of its parts.
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

/// What is needed to sort a finding and to make it later.
public struct FindingKey: Sendable, Hashable, BitwiseCopyable {
  /// How serious the finding is.
  public var gravity: Finding.Gravity
  /// ``Finding/cost``, in steps of the trace clock.
  public var cost: Int64
  /// ``Finding/time``.
  public var time: Timestamp
  /// A number by which the analysis finds the row; it must grow with the rows' ids.
  public var place: UInt32
  /// Index of the analysis that made it, among those of the report.
  var source: UInt8 = 0

  /// A key by all of its parts.
  /// - Parameters:
  ///   - gravity: See ``gravity``.
  ///   - cost: See ``cost``.
  ///   - time: See ``time``.
  ///   - place: 0 to 2^32 − 1.
  public init(_ gravity: Finding.Gravity, cost: Int64, time: Timestamp, place: Int) {
    (self.gravity, self.cost, self.time) = (gravity, cost, time)
    self.place = UInt32(truncatingIfNeeded: place)
  }
}

/// Findings of several analyses, the most serious first, then those with the greatest cost, then in order of time.
public struct Findings: Sendable {
  private let context: ReportContext
  private let analyses: [any Analysis.Type]
  private let keys: [FindingKey]

  /// - Parameters:
  ///   - keys: of all the analyses.
  ///   - analyses: at most 256.
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
  /// 0.
  public var startIndex: Int { 0 }
  /// Number of findings.
  public var endIndex: Int { keys.count }
  /// Makes the finding at a position.
  public subscript(position: Int) -> Finding {
    analyses[Int(keys[position].source)].finding(keys[position], context)
  }
}
