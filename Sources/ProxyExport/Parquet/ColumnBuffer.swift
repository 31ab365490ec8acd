import Compression
import ProxyAnalysis

/// The values of a column that wait for their row group to be full. One of the three is in use, as the type says: in an enum's
/// case, each append would copy what is there.
struct ColumnBuffer {
  let type: ParquetType
  private var integers = IntegerBuffer()
  private var booleans = BooleanBuffer()
  private var texts = TextBuffer()

  init(_ type: ParquetType) { self.type = type }

  mutating func append(_ cell: Cell) {
    switch type {
    case .integer: integers.append(cell.integer)
    case .billionths: integers.append(cell.billionths)
    case .boolean: booleans.append(cell.boolean)
    case .text:
      switch cell {
      case .empty: texts.appendNull()
      case .comm(let comm): texts.append(comm)
      case .address(let address): texts.append(address: address)
      default: texts.append(cell.text ?? "")
      }
    }
  }

  mutating func flush(_ zstd: borrowing Zstd) -> ColumnChunk {
    switch type {
    case .integer, .billionths: integers.flush(zstd)
    case .boolean: booleans.flush(zstd)
    case .text: texts.flush(zstd)
    }
  }
}
