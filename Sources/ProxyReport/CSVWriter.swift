public import ProxyAnalysis
import TraceCore

/// RFC 4180 with LF, UTF-8 and a header row. An empty cell is not known; a table that is not available is one header cell that
/// says so, and no row.
public struct CSVWriter {
  /// Leaves cells that a spreadsheet would take for formulas as they are.
  public var isRaw: Bool
  /// Shows control characters as escapes: for a terminal.
  public var escapesControls: Bool

  public init(isRaw: Bool = false, escapesControls: Bool = false) {
    self.isRaw = isRaw
    self.escapesControls = escapesControls
  }

  public func write(_ result: Report.TableResult, to sink: ByteSink) throws(OutputError) {
    if let reason = result.notAvailable {
      try write(text: reason, to: sink)
      try sink.write("\n" as StaticString)
      return
    }
    try sink.write(result.table.columns.map(\.name).joined(separator: ","))
    try sink.write("\n" as StaticString)
    try result.table.forEachRow { cells throws(OutputError) in
      for index in cells.indices {
        if index > 0 { try sink.write(UInt8(ascii: ",")) }
        try write(cells[index], to: sink)
      }
      try sink.write(UInt8(ascii: "\n"))
    }
  }

  private func write(_ cell: Cell, to sink: ByteSink) throws(OutputError) {
    switch cell {
    case .empty: break
    case .integer(let value): try sink.write(value)
    case .count(let value): try sink.write(value)
    case .instant(let time): try sink.write(time.rawValue)
    case .secondsFromStart(let value): try sink.write(HumanNumbers.exactSeconds(value))
    case .address(let value): try sink.write("0x" + String(value, radix: 16))
    case .word(let word): try sink.write(word)
    case .evidence(let evidence): try sink.write(evidence.name)
    case .text(let text): try write(hostile: text, to: sink)
    case .comm(let comm): try write(hostile: comm.text, to: sink)
    }
  }

  func write(hostile text: String, to sink: ByteSink) throws(OutputError) {
    let shown = escapesControls ? TextEscape.terminal(text) : text
    try write(text: isRaw ? shown : Self.guarded(shown), to: sink)
  }

  /// A spreadsheet takes what begins with one of these for a formula; an apostrophe in front makes it text.
  private static func guarded(_ text: String) -> String {
    switch text.unicodeScalars.first {
    case "=", "+", "-", "@", "\t", "\r": "'" + text
    default: text
    }
  }

  private func write(text: String, to sink: ByteSink) throws(OutputError) {
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
