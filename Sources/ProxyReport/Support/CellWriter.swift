import ProxyAnalysis
import TraceCore

/// How an output format writes the cells of tables.
///
/// The only switch over the kinds of cell is in ``write(_:)``. A format says how it writes a number, a word of the program, and
/// text of the capture.
protocol CellWriter {
  /// Why a cell could not be written; `Never` for a format that keeps its text.
  associatedtype Failure: Error

  /// The value is not known.
  mutating func writeEmpty() throws(Failure)
  mutating func write(integer: Int64) throws(Failure)
  mutating func write(count: UInt64) throws(Failure)
  /// A number with nine decimals, in billionths.
  mutating func write(billionths: Int64) throws(Failure)
  /// An address in the kernel, to be written as `0x…`.
  mutating func write(address: UInt64) throws(Failure)
  /// A word of the program: ASCII, and safe in every format.
  mutating func write(word: String) throws(Failure)
  /// Hostile text.
  mutating func write(text: String) throws(Failure)
  /// A task's name: hostile, and not necessarily UTF-8.
  mutating func write(comm: Comm) throws(Failure)
}

extension CellWriter {
  /// Writes a cell's value.
  mutating func write(_ cell: Cell) throws(Failure) {
    switch cell {
    case .empty: try writeEmpty()
    case .integer(let value): try write(integer: value)
    case .count(let value): try write(count: value)
    case .instant(let time): try write(count: time.rawValue)
    case .secondsFromStart(let value), .share(billionths: let value):
      try write(billionths: value)
    case .address(let value): try write(address: value)
    case .word(let word): try write(word: word)
    case .evidence(let evidence): try write(word: evidence.name)
    case .text(let text): try write(text: text)
    case .comm(let comm): try write(comm: comm)
    }
  }
}
