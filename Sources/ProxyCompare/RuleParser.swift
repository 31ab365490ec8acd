import ProxyAnalysis
import ProxyModel

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
    let (part, statistic) = try figure(of: rows)
    if rows == .pairing, statistic != .count { throw problem("pairing has a count alone") }
    skipBlanks()
    let filters = take("{") ? try filters(of: rows) : []
    return .rows(Rule.RowSubject(rows: rows, part: part, statistic: statistic, filters: filters))
  }

  /// `.max` or `.inverted_ns.max`.
  private mutating func figure(of rows: Rule.Rows) throws(Rule.Problem) -> (RowPart?, Rule.Statistic) {
    let known = Rule.Statistic.allCases.map(\.rawValue).joined(separator: ", ")
    guard take(".") else { throw problem("\(rows.rawValue) needs a statistic behind it: .\(known)") }
    var place = position
    var name = word()
    let part = rows.parts.first { $0.name == name }
    if part != nil {
      guard take(".") else { throw problem("\(name) needs a statistic behind it: .\(known)") }
      place = position
      name = word()
    }
    guard let statistic = Rule.Statistic(rawValue: name) else {
      position = place
      let parts = rows.parts.map(\.name).joined(separator: ", ")
      let more = part != nil || parts.isEmpty ? "" : "; and of parts \(parts)"
      throw problem("there is no statistic \"\(name)\"; there are \(known)\(more)")
    }
    if part != nil, statistic == .count {
      position = place
      throw problem("a part has no count")
    }
    return (part, statistic)
  }

  private mutating func filters(of rows: Rule.Rows) throws(Rule.Problem) -> [Rule.Filter] {
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
      if key == .kind, !rows.kinds.contains(where: { pattern.matches(text: $0) }) {
        position = start
        throw problem("\(rows.rawValue) are of no kind \"\(text)\"; they are of \(rows.kinds.joined(separator: ", "))")
      }
      filters.append(Rule.Filter(key: key, text: text, pattern: pattern))
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
