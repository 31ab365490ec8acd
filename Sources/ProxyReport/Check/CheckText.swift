import ProxyCompare
import TraceCore

/// The results of rules for people: a line for each rule, and under it the rows that broke it.
public struct CheckText {
  private let style: TextStyle

  /// A renderer, with colours or without, for lines of so many columns.
  public init(isColoured: Bool, width: Int = TextWidth.narrow) {
    style = TextStyle(isColoured: isColoured, width: width)
  }

  /// Writes the results.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ captures: [CheckedCapture], to sink: ByteSink) throws(OutputError) {
    for capture in captures {
      for result in capture.results {
        for line in lines(capture.path, result) { try sink.write(line + "\n") }
      }
    }
  }

  private func lines(_ path: String, _ result: RuleResult) -> [String] {
    let (path, rule) = (TextEscape.terminal(path), TextEscape.terminal(result.rule.text))
    var lines = style.wrap("\(path): \(RuleText.word(result.outcome)): \(rule)" + RuleText.finding(result))
    if result.outcome != .kept { lines = lines.map { style.paint($0, .damage) } }
    for row in result.rows {
      lines.append("  " + RuleText.row(row, result).map { TextEscape.terminal($0) }.joined(separator: "  "))
    }
    if result.moreRows > 0 { lines.append("  and \(result.moreRows) more") }
    return lines
  }
}
