import ProxyCompare
import TraceCore

/// The results of rules as JUnit XML, for CI systems: a test suite for each capture, a test case for each rule. A rule that
/// cannot be decided fails too.
public struct CheckJUnit {
  /// A writer.
  public init() {}

  /// Writes the results as one document.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ captures: [CheckedCapture], to sink: ByteSink) throws(OutputError) {
    try sink.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" as StaticString)
    for capture in captures {
      let counts = "tests=\"\(capture.results.count)\" failures=\"\(capture.failureCount)\""
      try sink.write("  <testsuite name=\"\(escaped(capture.path))\" \(counts)>\n")
      for result in capture.results { try write(result, to: sink) }
      try sink.write("  </testsuite>\n" as StaticString)
    }
    try sink.write("</testsuites>\n" as StaticString)
  }

  private func write(_ result: RuleResult, to sink: ByteSink) throws(OutputError) {
    let head = "    <testcase classname=\"proxytrace.check\" name=\"\(escaped(result.rule.text))\""
    guard result.outcome != .kept else {
      try sink.write(head + "/>\n")
      return
    }
    let message = RuleText.word(result.outcome) + RuleText.finding(result)
    let rows = result.rows.map { escaped(RuleText.row($0, result).joined(separator: "  ")) }.joined(separator: "\n")
    try sink.write("\(head)>\n      <failure message=\"\(escaped(message))\">\(rows)</failure>\n    </testcase>\n")
  }

  private func escaped(_ text: String) -> String { Markup.escape(TextEscape.terminal(text)) }
}
