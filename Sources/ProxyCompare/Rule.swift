import ProxyAnalysis
public import ProxyModel

/// A condition on a figure of a capture: `waits.p99{comm=vip*} < 2ms`, `pairing.count == 0`, `waits.mean <= base * 1.1`.
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
    case rows(Rows, Statistic, [Filter])
    case scalar(Scalar)
  }

  struct Filter: Sendable {
    enum Key: String, CaseIterable { case comm, pid, lock, kind }
    var key: Key
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
    case .rows(.waits, _, _), .scalar(.invertedShare), .scalar(.invertedTime): .waits
    case .rows(.holds, _, _): .holds
    case .rows(.inversions, _, _): .inversions
    case .rows(.releases, _, _), .rows(.donations, _, _): .handoffs
    case .rows(.pairing, _, _), .scalar: []
    }
  }
}

extension Rule.Subject {
  var unit: Rule.Unit {
    switch self {
    case .rows(_, .count, _): .number
    case .rows: .time
    case .scalar(let scalar): scalar.unit
    }
  }
}

/// Reads a rule from left to right.
struct RuleParser {
  private let characters: [Character]
  private var position = 0

  init(_ text: String) { characters = Array(text) }

  private func problem(_ text: String) -> Rule.Problem { Rule.Problem(text: text, column: position + 1) }

  private mutating func skipBlanks() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    guard characters[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  private mutating func word() -> String {
    skipBlanks()
    let start = position
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber || characters[position] == "_"
    {
      position += 1
    }
    return String(characters[start..<position])
  }

  mutating func subject() throws(Rule.Problem) -> Rule.Subject {
    let start = position
    let name = word()
    if let scalar = Rule.Scalar(rawValue: name) { return .scalar(scalar) }
    guard let rows = Rule.Rows(rawValue: name) else {
      position = start
      skipBlanks()
      let known = Rule.Rows.allCases.map(\.rawValue) + Rule.Scalar.allCases.map(\.rawValue)
      throw problem("there is no figure \"\(name)\"; there are \(known.joined(separator: ", "))")
    }
    let known = Rule.Statistic.allCases.map(\.rawValue).joined(separator: ", ")
    guard take(".") else { throw problem("\(name) needs a statistic behind it: .\(known)") }
    let place = position
    let statistic = word()
    guard let statistic = Rule.Statistic(rawValue: statistic) else {
      position = place
      throw problem("there is no statistic \"\(statistic)\"; there are \(known)")
    }
    if rows == .pairing, statistic != .count { throw problem("pairing has a count alone") }
    skipBlanks()
    return .rows(rows, statistic, take("{") ? try filters() : [])
  }

  private mutating func filters() throws(Rule.Problem) -> [Rule.Filter] {
    var filters: [Rule.Filter] = []
    repeat {
      skipBlanks()
      let place = position
      let name = word()
      guard let key = Rule.Filter.Key(rawValue: name) else {
        position = place
        let known = Rule.Filter.Key.allCases.map(\.rawValue).joined(separator: ", ")
        throw problem("rows have no \"\(name)\"; they have \(known)")
      }
      skipBlanks()
      guard take("=") else { throw problem("a = is missing") }
      let start = position
      while position < characters.count, characters[position] != ",", characters[position] != "}" { position += 1 }
      let text = String(characters[start..<position]).split(whereSeparator: \.isWhitespace).joined(separator: " ")
      guard let pattern = CommPattern(text) else { throw problem("a pattern is missing") }
      filters.append(Rule.Filter(key: key, pattern: pattern))
    } while take(",")
    guard take("}") else { throw problem("a } is missing") }
    return filters
  }

  mutating func comparison() throws(Rule.Problem) -> Rule.Operator {
    skipBlanks()
    for comparison in Rule.Operator.allCases where take(comparison.rawValue) { return comparison }
    throw problem("one of \(Rule.Operator.allCases.map(\.rawValue).joined(separator: " ")) is missing")
  }

  mutating func bound(_ unit: Rule.Unit) throws(Rule.Problem) -> Rule.Bound {
    skipBlanks()
    guard take("base") else { return .number(try number(unit)) }
    var (factor, plus) = (1.0, 0.0)
    skipBlanks()
    if take("*") {
      skipBlanks()
      factor = try plainNumber()
      skipBlanks()
    }
    if take("+") { plus = try number(unit) } else if take("-") { plus = -(try number(unit)) }
    return .base(factor: factor, plus: plus)
  }

  mutating func end() throws(Rule.Problem) {
    skipBlanks()
    if position < characters.count { throw problem("\"\(String(characters[position...]))\" is too much") }
  }

  private mutating func plainNumber() throws(Rule.Problem) -> Double {
    let start = position
    while position < characters.count, characters[position].isASCII,
      characters[position].isNumber || characters[position] == "."
    {
      position += 1
    }
    guard let value = Double(String(characters[start..<position])) else {
      position = start
      throw problem("a number is missing")
    }
    return value
  }

  private mutating func number(_ unit: Rule.Unit) throws(Rule.Problem) -> Double {
    skipBlanks()
    let value = try plainNumber()
    let start = position
    skipBlanks()
    let word = take("%") ? "%" : word()
    let factors: [String: Double] =
      switch unit {
      case .time: ["ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9]
      case .share: ["%": 0.01, "": 1]
      case .number: ["": 1]
      }
    guard let factor = factors[word] else {
      position = start
      let units = factors.keys.filter { !$0.isEmpty }.sorted().joined(separator: ", ")
      throw problem(
        word.isEmpty
          ? "the unit is missing: \(units)" : "\"\(word)\" is no unit of it" + (units.isEmpty ? "" : ": \(units)"))
    }
    return value * factor
  }
}
