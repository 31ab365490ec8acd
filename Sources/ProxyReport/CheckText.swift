public import ProxyCompare
import TraceCore

/// What became of rules: for people, as JSON, and as JUnit XML for CI systems.
public struct CheckText {
  /// A capture's path, and its results.
  public typealias Checked = (path: String, results: [RuleResult])

  private let style: TextStyle

  public init(isColoured: Bool) { style = TextStyle(isColoured: isColoured) }

  public func write(_ checked: [Checked], to sink: ByteSink) throws(OutputError) {
    for (path, results) in checked {
      for result in results {
        for line in lines(path, result) { try sink.write(line + "\n") }
      }
    }
  }

  private func lines(_ path: String, _ result: RuleResult) -> [String] {
    let head = "\(TextEscape.terminal(path)): \(Self.word(result.outcome)): \(TextEscape.terminal(result.rule.text))"
    var lines = TextLayout.wrap(head + Self.why(result))
    if result.outcome != .kept { lines = lines.map { style.paint($0, .damage) } }
    for row in result.rows {
      lines.append("  " + Self.row(row, result).map { TextEscape.terminal($0) }.joined(separator: "  "))
    }
    if result.moreRows > 0 { lines.append("  and \(result.moreRows) more") }
    return lines
  }

  static func word(_ outcome: RuleResult.Outcome) -> String {
    switch outcome {
    case .kept: "ok"
    case .broken: "BROKEN"
    case .undecidable: "NOT DECIDABLE"
    }
  }

  /// `: 12.345 ms, not < 5 ms`.
  static func why(_ result: RuleResult) -> String {
    if result.outcome == .undecidable { return ": \(result.reason)" }
    guard let value = result.value else { return "" }
    let found = ": \(number(value, result))"
    guard result.rule.comparesWithBase, let bound = result.bound else { return found }
    return found + ", against \(number(bound, result))"
  }

  private static func number(_ value: Double, _ result: RuleResult) -> String {
    if result.isTime { return CompareNumbers.fixed(value / 1e6, 3) + " ms" }
    if result.isShare { return CompareNumbers.fixed(value * 100, 2) + " %" }
    return CompareNumbers.exact(value)
  }

  static func row(_ row: Sample, _ result: RuleResult) -> [String] {
    let name = "\(result.table) \(row.id)"
    let lock = row.address.rawValue == 0 ? [] : ["lock \(row.lock ?? "0x" + String(row.address.rawValue, radix: 16))"]
    let value = result.table == "pairing" ? [row.kind] : [CompareNumbers.fixed(Double(row.value) / 1e6, 3) + " ms"]
    return [name, "\(row.comm):\(row.pid)"] + value + lock + [row.evidence.name]
  }

  // MARK: JSON

  public static func writeJSON(_ checked: [Checked], version: String, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.key("rules")
      try json.array { json throws(OutputError) in
        for (path, results) in checked {
          for result in results { try write(path, result, &json) }
        }
      }
    }
  }

  private static func write(_ path: String, _ result: RuleResult, _ json: inout JSONStream) throws(OutputError) {
    try json.object { json throws(OutputError) in
      for (key, text) in [
        ("file", path), ("rule", result.rule.text), ("outcome", result.outcome.rawValue), ("reason", result.reason),
        ("table", result.table),
      ] {
        try json.member(key, text)
      }
      for (key, number) in [("value", result.value), ("bound", result.bound)] {
        try json.member(key, literal: number.map(CompareNumbers.exact))
      }
      try json.key("rows")
      try json.array(inline: true) { json throws(OutputError) in
        for row in result.rows { try json.number(Int64(row.id)) }
      }
      try json.member("more_rows", Int64(result.moreRows))
    }
  }

  // MARK: CSV

  /// A row for each rule of each capture. Numbers are in nanoseconds, shares of 1, or counts; rows are ids, by blanks.
  public static func writeCSV(
    _ checked: [Checked], with writer: CSVWriter, to sink: ByteSink
  ) throws(OutputError) {
    try sink.write("file,rule,outcome,value,bound,unit,reason,table,rows,more_rows\n" as String)
    for (path, results) in checked {
      for result in results {
        for text in [path, result.rule.text] {
          try writer.write(hostile: text, to: sink)
          try sink.write("," as String)
        }
        let numbers = [result.value, result.bound].map { $0.map(CompareNumbers.exact) ?? "" }
        let unit = result.isTime ? "ns" : result.isShare ? "share" : "count"
        try sink.write("\(result.outcome.rawValue),\(numbers[0]),\(numbers[1]),\(unit),")
        try writer.write(hostile: result.reason, to: sink)
        let rows = result.rows.map { String($0.id) }.joined(separator: " ")
        try sink.write(",\(result.table),\(rows),\(result.moreRows)\n")
      }
    }
  }

  // MARK: JUnit

  /// A test suite for each capture, a test case for each rule. What cannot be decided fails too.
  public static func writeJUnit(_ checked: [Checked], to sink: ByteSink) throws(OutputError) {
    try sink.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" as String)
    for (path, results) in checked {
      let failed = results.count { $0.outcome != .kept }
      try sink.write("  <testsuite name=\"\(xml(path))\" tests=\"\(results.count)\" failures=\"\(failed)\">\n")
      for result in results {
        let head = "    <testcase classname=\"proxytrace.check\" name=\"\(xml(result.rule.text))\""
        guard result.outcome != .kept else {
          try sink.write(head + "/>\n")
          continue
        }
        let message = word(result.outcome) + why(result)
        let rows = result.rows.map { xml(row($0, result).joined(separator: "  ")) }.joined(separator: "\n")
        try sink.write(
          "\(head)>\n      <failure message=\"\(xml(message))\">\(rows)</failure>\n    </testcase>\n")
      }
      try sink.write("  </testsuite>\n" as String)
    }
    try sink.write("</testsuites>\n" as String)
  }

  /// Text as XML may hold it: control characters are not allowed in it at all, escaped or not.
  static func xml(_ text: String) -> String {
    var result = ""
    for scalar in TextEscape.terminal(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
