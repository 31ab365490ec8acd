import Compression
import ProxyReport

/// Writes one Parquet file (parquet-format 2.10), row by row: flat columns that may be null, a page of data for each column of a
/// row group, zstd.
///
/// Memory is one row group's. What it writes depends on the values alone, so the same rows give the same bytes.
struct ParquetWriter: ~Copyable {
  struct Column: Sendable, Hashable {
    var name: String
    var type: ParquetType
  }

  /// So many rows a group: enough for a dictionary to pay, and for an engine to share the work out; a few megabytes of memory.
  static let rowsPerGroup = 1 << 16

  private static let magic: StaticString = "PAR1"

  private let columns: [Column]
  private let rowsPerGroup: Int
  private let sink: ByteSink
  private let zstd = Zstd()
  private var buffers: [ColumnBuffer]
  /// Rows that wait in ``buffers``.
  private var pending = 0
  private var offset = 4
  private var groups: [RowGroup] = []

  /// A row group that has been written.
  private struct RowGroup {
    var rows: Int
    var chunks: [(chunk: Footer, offset: Int)]
  }

  /// What the file's footer needs of a chunk, without its pages.
  private struct Footer {
    var encodings: [ColumnChunk.Encoding]
    var valueCount, uncompressedSize, compressedSize, dataOffset: Int
    var hasDictionary: Bool
    var statistics: ColumnChunk.Statistics
  }

  init(_ columns: [Column], to sink: ByteSink, rowsPerGroup: Int = rowsPerGroup) throws(OutputError) {
    self.columns = columns
    self.rowsPerGroup = rowsPerGroup
    self.sink = sink
    buffers = columns.map { ColumnBuffer($0.type) }
    try sink.write(Self.magic)
  }

  /// Appends a row.
  /// - Parameter fill: appends one value to each of the buffers, which stand in the columns' order.
  mutating func appendRow(_ fill: (inout [ColumnBuffer]) -> Void) throws(OutputError) {
    fill(&buffers)
    pending += 1
    if pending == rowsPerGroup { try flush() }
  }

  private mutating func flush() throws(OutputError) {
    if pending == 0 { return }
    var group = RowGroup(rows: pending, chunks: [])
    for index in buffers.indices {
      let chunk = buffers[index].flush(zstd)
      precondition(chunk.valueCount == pending, "a column has another number of values than its row group")
      let footer = Footer(
        encodings: chunk.encodings, valueCount: chunk.valueCount, uncompressedSize: chunk.uncompressedSize,
        compressedSize: chunk.pages.count, dataOffset: chunk.dataOffset, hasDictionary: chunk.hasDictionary,
        statistics: chunk.statistics)
      group.chunks.append((footer, offset))
      try sink.write(chunk.pages)
      offset += chunk.pages.count
    }
    groups.append(group)
    pending = 0
  }

  /// Writes what waits, and the footer.
  /// - Parameter metadata: pairs of name and text for the file as a whole, in this order.
  consuming func finish(_ metadata: [(String, String)], createdBy: String) throws(OutputError) {
    try flush()
    let footer = ThriftCompact.structure { file in
      // The version of the format since which there are encodings by differences.
      file.i32(1, 2)
      describeSchema(&file)
      file.i64(3, groups.reduce(0) { $0 + $1.rows })
      file.structures(4, Array(groups.enumerated())) { describe($1.element, number: $1.offset, &$0) }
      file.structures(5, metadata) { pair, entry in
        pair.text(1, entry.0)
        pair.text(2, entry.1)
      }
      file.text(6, createdBy)
      // Without it readers may not use the bounds: the order of every column is its type's own.
      file.structures(7, columns) { order, _ in order.structure(1) { _ in } }
    }
    try sink.write(footer)
    var end: [UInt8] = []
    end.appendLittleEndian(UInt64(footer.count), count: 4)
    try sink.write(end)
    try sink.write(Self.magic)
  }

  private borrowing func describeSchema(_ file: inout ThriftCompact) {
    let root: Column? = nil
    let count = columns.count
    file.structures(2, [root] + columns.map(Optional.some)) { element, column in
      guard let column else {
        element.text(4, "schema")
        element.i32(5, count)
        return
      }
      element.i32(1, column.type.physical)
      // OPTIONAL
      element.i32(3, 1)
      element.text(4, column.name)
      switch column.type {
      case .integer, .boolean: break
      case .text:
        element.i32(6, 0)
        element.structure(10) { $0.structure(1) { _ in } }
      case .billionths:
        element.i32(6, 5)
        element.i32(7, ParquetType.scale)
        element.i32(8, ParquetType.precision)
        element.structure(10) { logical in
          logical.structure(5) { decimal in
            decimal.i32(1, ParquetType.scale)
            decimal.i32(2, ParquetType.precision)
          }
        }
      }
    }
  }

  private borrowing func describe(_ group: RowGroup, number: Int, _ thrift: inout ThriftCompact) {
    let columns = columns
    thrift.structures(1, Array(group.chunks.enumerated())) { element, entry in
      let (chunk, offset) = entry.element
      element.i64(2, offset)
      element.structure(3) { Self.describe(chunk, at: offset, columns[entry.offset], &$0) }
    }
    thrift.i64(2, group.chunks.reduce(0) { $0 + $1.chunk.uncompressedSize })
    thrift.i64(3, group.rows)
    thrift.i64(5, group.chunks.first?.offset ?? 4)
    thrift.i64(6, group.chunks.reduce(0) { $0 + $1.chunk.compressedSize })
  }

  /// `ColumnMetaData`.
  private static func describe(_ chunk: Footer, at offset: Int, _ column: Column, _ thrift: inout ThriftCompact) {
    thrift.i32(1, column.type.physical)
    thrift.i32List(2, chunk.encodings.map(\.rawValue))
    thrift.textList(3, [column.name])
    // ZSTD
    thrift.i32(4, 6)
    thrift.i64(5, chunk.valueCount)
    thrift.i64(6, chunk.uncompressedSize)
    thrift.i64(7, chunk.compressedSize)
    thrift.i64(9, offset + chunk.dataOffset)
    if chunk.hasDictionary { thrift.i64(11, offset) }
    thrift.structure(12) { statistics in
      statistics.i64(3, chunk.statistics.nulls)
      guard let bounds = chunk.statistics.bounds else { return }
      statistics.binary(5, bounds.max)
      statistics.binary(6, bounds.min)
    }
  }
}
