public import ProxyAnalysis
import TraceCore

/// RFC 4180 with LF, UTF-8 and a header row. An empty cell is not known; a table that is not available is one header cell that
/// says so, and no row.
public struct CSVWriter {
  /// Leaves cells as they are that a spreadsheet would take for formulas.
  public var isRaw: Bool
  /// Writes control characters as escapes: for a terminal.
  public var escapesControls: Bool

  /// A writer; by default for a file that a spreadsheet may open.
  public init(isRaw: Bool = false, escapesControls: Bool = false) {
    self.isRaw = isRaw
    self.escapesControls = escapesControls
  }

  /// Writes a table with its header row.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ result: Report.TableResult, to sink: ByteSink) throws(OutputError) {
    if let reason = result.notAvailable {
      try CSVCells(self, sink).write(quoting: reason)
      try sink.write("\n" as StaticString)
      return
    }
    try write(header: result.table.columns.map(\.name), to: sink)
    try result.table.forEachRow { cells throws(OutputError) in try write(row: cells, to: sink) }
  }

  /// Writes names of columns: words of the program.
  func write(header names: [String], to sink: ByteSink) throws(OutputError) {
    try sink.write(names.joined(separator: ","))
    try sink.write("\n" as StaticString)
  }

  /// Writes one row.
  func write(row cells: [Cell], to sink: ByteSink) throws(OutputError) {
    var writer = CSVCells(self, sink)
    for index in cells.indices {
      if index > 0 { try sink.write(UInt8(ascii: ",")) }
      try writer.write(cells[index])
    }
    try sink.write(UInt8(ascii: "\n"))
  }
}

/// Cells as CSV.
private struct CSVCells: CellWriter {
  typealias Failure = OutputError

  private let format: CSVWriter
  private let sink: ByteSink

  init(_ format: CSVWriter, _ sink: ByteSink) { (self.format, self.sink) = (format, sink) }

  func writeEmpty() {}
  func write(integer: Int64) throws(OutputError) { try sink.write(integer) }
  func write(count: UInt64) throws(OutputError) { try sink.write(count) }
  func write(decimal: String) throws(OutputError) { try sink.write(decimal) }
  func write(word: String) throws(OutputError) { try sink.write(word) }
  func write(comm: Comm) throws(OutputError) { try write(text: comm.text) }

  func write(text: String) throws(OutputError) {
    let shown = format.escapesControls ? TextEscape.terminal(text) : text
    try write(quoting: format.isRaw ? shown : Self.guarded(shown))
  }

  /// A spreadsheet takes text that begins with one of these characters for a formula; an apostrophe in front prevents that.
  private static func guarded(_ text: String) -> String {
    switch text.unicodeScalars.first {
    case "=", "+", "-", "@", "\t", "\r": "'" + text
    default: text
    }
  }

  /// Writes text, in quotes where RFC 4180 needs them.
  func write(quoting text: String) throws(OutputError) {
    let needsQuotes = text.utf8.contains { [UInt8(ascii: "\""), UInt8(ascii: ","), 0x0a, 0x0d].contains($0) }
    guard needsQuotes else {
      try sink.write(text)
      return
    }
    try sink.write(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { try sink.write(byte) }
      try sink.write(byte)
    }
    try sink.write(UInt8(ascii: "\""))
  }
}
