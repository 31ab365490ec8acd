import ProxyAnalysis
public import ProxyModel

/// A condition on a figure of a capture: `waits.p99{comm=vip*} < 2ms`, `waits.inverted_ns.max < 1ms`, `releases.p99{kind=mutex} < 1ms`,
/// `pairing.count == 0`, `waits.mean <= base * 1.1`.
public struct Rule: Sendable {
  /// What is wrong with a rule's text.
  public struct Problem: Error, Sendable, Hashable {
    /// What is wrong, as a clause.
    public var text: String
    /// Where in the rule, in characters from 1.
    public var column: Int
  }

  /// How a figure is compared with the bound. The order is that in which the parser tries them.
  public enum Operator: String, Sendable, CaseIterable {
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case greater = ">"

    func holds(_ a: Double, _ b: Double) -> Bool {
      switch self {
      case .lessOrEqual: a <= b
      case .greaterOrEqual: a >= b
      case .equal: a == b
      case .notEqual: a != b
      case .less: a < b
      case .greater: a > b
      }
    }
  }

  /// The kinds of row that a rule can be about.
  public enum Rows: String, Sendable, CaseIterable {
    case waits, holds, inversions, releases, donations, pairing

    /// The parts of a row that have figures of their own.
    var parts: [RowPart] {
      switch self {
      case .waits: WaitClass.allCases.map { .waiting($0) }
      case .releases: RowPart.releaseParts
      case .donations: RowPart.donationParts
      case .holds, .inversions, .pairing: []
      }
    }

    /// What `kind` may be: the kind of lock, or of a callback.
    var kinds: [String] {
      switch self {
      case .waits, .releases: WaitKind.allCases.map(\.rawValue)
      case .holds, .inversions, .donations: [WaitKind.mutex.rawValue]
      case .pairing: PairingRow.Kind.allCases.map(\.rawValue)
      }
    }
  }

  /// A statistic of the rows' durations; percentiles are nearest ranks.
  public enum Statistic: String, Sendable, CaseIterable {
    case count, sum, mean, min, max, p50, p90, p99
  }

  /// A figure of a whole side.
  public enum Scalar: String, Sendable, CaseIterable {
    case lostShare = "lost_share"
    case invertedShare = "inverted_share"
    case invertedTime = "inverted_time"
    case proxiedTime = "proxied_time"
    case blockedEnqueues = "blocked_enqueues"
    case length

    var unit: Unit {
      switch self {
      case .lostShare, .invertedShare: .share
      case .invertedTime, .proxiedTime, .length: .time
      case .blockedEnqueues: .number
      }
    }
  }

  enum Subject: Sendable {
    case rows(RowSubject)
    case scalar(Scalar)
  }

  /// A statistic of some rows, or of a part of each.
  struct RowSubject: Sendable {
    var rows: Rows
    var part: RowPart?
    var statistic: Statistic
    var filters: [Filter]

    func filters(_ key: Filter.Key) -> [Filter] { filters.filter { $0.key == key } }
  }

  struct Filter: Sendable {
    enum Key: String, CaseIterable { case comm, pid, lock, kind }
    var key: Key
    /// The pattern as the rule has it.
    var text: String
    var pattern: CommPattern
  }

  enum Unit: Sendable { case time, share, number }

  enum Bound: Sendable {
    case number(Double)
    /// The same figure of the base, times a factor and plus a number.
    case base(factor: Double, plus: Double)
  }

  /// The rule as it was written, with single blanks.
  public let text: String
  let subject: Subject
  let comparison: Operator
  let bound: Bound

  /// Whether its bound is the same figure of a base.
  public var comparesWithBase: Bool { if case .base = bound { true } else { false } }

  /// Reads a rule.
  /// - Throws: ``Problem`` for the first fault.
  public init(_ text: String) throws(Problem) {
    var parser = RuleParser(text)
    self.text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    subject = try parser.subject()
    comparison = try parser.comparison()
    bound = try parser.bound(subject.unit)
    try parser.end()
  }

  /// Reads the rules of a file: one in each line, `#` begins a comment.
  /// - Throws: ``Problem`` for the first fault, with the line's number in its text.
  public static func rules(in file: String) throws(Problem) -> [Rule] {
    var rules: [Rule] = []
    for (index, line) in file.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let text = String(line.prefix { $0 != "#" })
      if text.allSatisfy(\.isWhitespace) { continue }
      do throws(Problem) {
        rules.append(try Rule(text))
      } catch {
        throw Problem(text: "line \(index + 1): \(error.text)", column: error.column)
      }
    }
    return rules
  }
}

extension Rule {
  /// The rows of a capture that the rule is about.
  public var rows: RowKinds {
    switch subject {
    case .rows(let subject):
      switch subject.rows {
      case .waits: .waits
      case .holds: .holds
      case .inversions: .inversions
      // The wait tells what kind of lock it was.
      case .releases, .donations: [.handoffs, .waits]
      case .pairing: []
      }
    case .scalar(.invertedShare), .scalar(.invertedTime): .waits
    case .scalar: []
    }
  }
}

extension Rule.Subject {
  var unit: Rule.Unit {
    switch self {
    case .rows(let subject): subject.statistic == .count ? .number : .time
    case .scalar(let scalar): scalar.unit
    }
  }
}
