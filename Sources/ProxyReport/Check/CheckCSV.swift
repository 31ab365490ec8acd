import ProxyAnalysis
import ProxyCompare
import TraceCore

/// The results of rules as a CSV table: a row for each rule of each capture.
///
/// Figures are in nanoseconds, shares of 1, or counts; the column `rows` holds ids, separated by blanks.
public struct CheckCSV {
  private let writer: CSVWriter

  /// - Parameter writer: how cells are written.
  public init(_ writer: CSVWriter = CSVWriter()) { self.writer = writer }

  private static let columns = [
    "file", "rule", "outcome", "value", "bound", "unit", "reason", "table", "rows", "more_rows",
  ]

  /// Writes the results.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ captures: [CheckedCapture], to sink: ByteSink) throws(OutputError) {
    try writer.write(header: Self.columns, to: sink)
    for capture in captures {
      for result in capture.results { try writer.write(row: Self.row(capture.path, result), to: sink) }
    }
  }

  private static func row(_ path: String, _ result: RuleResult) -> [Cell] {
    let numbers = [result.value, result.bound].map { number -> Cell in
      number.map { .word(NumberText.exact($0)) } ?? .empty
    }
    return [.text(path), .text(result.rule.text), .word(result.outcome.rawValue)] + numbers + [
      .word(RuleText.unitName(result)), .text(result.reason), .word(result.table),
      .word(result.rows.map { String($0.id) }.joined(separator: " ")), .integer(Int64(result.moreRows)),
    ]
  }
}
