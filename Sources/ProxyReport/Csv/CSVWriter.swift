public import ProxyAnalysis
import TraceCore

/// RFC 4180 with LF, UTF-8 and a header row. An empty cell is not known; a table that is not available is its header and
/// no row; the table `capture` says why.
public struct CSVWriter: Sendable {
  /// Leaves cells as they are that a spreadsheet would take for formulas.
  public var isRaw: Bool
  /// Writes control characters as escapes: for a terminal.
  public var escapesControls: Bool

  /// Number of threads at most; the output does not depend on it.
  public var jobs: Int

  /// A writer; by default for a file that a spreadsheet may open.
  public init(isRaw: Bool = false, escapesControls: Bool = false, jobs: Int = 1) {
    self.isRaw = isRaw
    self.escapesControls = escapesControls
    self.jobs = jobs
  }

  /// Writes a table with its header row.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ result: Report.TableResult, to sink: ByteSink) throws(OutputError) {
    try write(header: result.table.columns.map(\.name), to: sink)
    if result.notAvailable != nil { return }
    try RowWriter(jobs: jobs).write(result.table, syntax(of: result.table), to: sink)
  }

  /// How rows of a table are written: as ``write(row:to:)`` does it.
  private func syntax(of table: Table) -> RowSyntax {
    RowSyntax(
      before: table.columns.indices.map { $0 == 0 ? [] : [UInt8(ascii: ",")] }, end: [UInt8(ascii: "\n")], unknown: [],
      quote: nil, isPlain: Self.isPlain, text: { bytes(of: $0) })
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
  func write(billionths: Int64) throws(OutputError) { try sink.write(billionths: billionths) }
  func write(address: UInt64) throws(OutputError) { try sink.write(address: address) }
  func write(word: String) throws(OutputError) { try sink.write(word) }

  func write(comm: Comm) throws(OutputError) {
    if try sink.write(comm, ifAll: CSVWriter.isPlain) { return }
    try write(text: comm.text)
  }

  func write(text: String) throws(OutputError) {
    if try sink.write(text, ifAll: CSVWriter.isPlain) { return }
    try sink.write(format.bytes(of: text))
  }
}

// MARK: - Text

extension CSVWriter {
  /// Whether a byte of text needs neither quotes nor guards nor escapes, wherever it stands: a little less than all that do.
  @inline(__always)
  fileprivate static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "_"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  /// Text as a cell.
  fileprivate func bytes(of text: String) -> [UInt8] {
    let shown = escapesControls ? TextEscape.terminal(text) : text
    return Self.quoted(isRaw ? shown : Self.guarded(shown))
  }

  /// A spreadsheet takes text that begins with one of these characters for a formula; an apostrophe in front prevents that.
  private static func guarded(_ text: String) -> String {
    switch text.unicodeScalars.first {
    case "=", "+", "-", "@", "\t", "\r", "\n": "'" + text
    // Full-width signs, which a spreadsheet of an East Asian locale takes for the others.
    case "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}": "'" + text
    default: text
    }
  }

  /// Text, in quotes where RFC 4180 needs them.
  private static func quoted(_ text: String) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    guard text.utf8.contains(where: { [quote, UInt8(ascii: ","), 0x0a, 0x0d].contains($0) }) else {
      return Array(text.utf8)
    }
    return [quote] + text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }
}
