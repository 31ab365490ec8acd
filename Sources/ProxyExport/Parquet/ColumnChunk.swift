import Compression

/// The physical and the logical type of a column.
enum ParquetType: Sendable, Hashable {
  case integer
  /// A decimal fraction with nine digits behind the point, held as an integer: seconds and shares, exactly.
  case billionths
  case boolean
  case text

  /// The number of the physical type (`Type` in parquet.thrift).
  var physical: Int {
    switch self {
    case .boolean: 0
    case .integer, .billionths: 2
    case .text: 6
    }
  }

  /// Of a decimal: more do not fit into an INT64, whatever their value.
  static let (precision, scale) = (18, 9)
}

/// A column of one row group, encoded: its pages, and what the footer says of them.
struct ColumnChunk {
  /// `Encoding` in parquet.thrift.
  enum Encoding: Int {
    case plain = 0
    case runLength = 3
    case delta = 5
    case dictionary = 8
  }

  /// Pages with their headers, in order: the dictionary, if there is one, and the data.
  private(set) var pages: [UInt8] = []
  /// Where the page of data begins among them.
  private(set) var dataOffset = 0
  private(set) var hasDictionary = false
  private(set) var encodings: [Encoding] = [.runLength]
  private(set) var uncompressedSize = 0
  let valueCount: Int
  let statistics: Statistics

  struct Statistics {
    var nulls: Int
    /// The smallest and the greatest value, plainly encoded; `nil` where there is none, or where it is too long to be of use.
    var bounds: (min: [UInt8], max: [UInt8])?
  }

  /// How the values of a page of data are written.
  struct Body {
    var encoding: Encoding
    var bytes: [UInt8]
    /// Entries of the dictionary, plainly encoded one behind the other, and how many.
    var dictionary: (bytes: [UInt8], count: Int)?
  }

  /// Takes the body that is smallest once it is compressed.
  /// - Parameter levels: 1 for a value, 0 for null; one for each row.
  init(levels: [UInt8], bodies: [Body], statistics: Statistics, _ zstd: borrowing Zstd) {
    valueCount = levels.count
    self.statistics = statistics
    let levelBytes = HybridEncoding.encode(levels, width: 1)
    var prefix: [UInt8] = []
    prefix.appendLittleEndian(UInt64(levelBytes.count), count: 4)
    prefix += levelBytes
    for body in bodies {
      let candidate = Candidate(body, prefix: prefix, valueCount, zstd)
      guard pages.isEmpty || candidate.pages.count < pages.count else { continue }
      pages = candidate.pages
      dataOffset = candidate.dataOffset
      uncompressedSize = candidate.uncompressedSize
      hasDictionary = body.dictionary != nil
      encodings = [.runLength, body.encoding] + (hasDictionary ? [.plain] : [])
    }
  }

  /// A body as pages.
  private struct Candidate {
    var pages: [UInt8] = []
    var dataOffset = 0
    var uncompressedSize = 0

    init(_ body: Body, prefix: [UInt8], _ count: Int, _ zstd: borrowing Zstd) {
      if let dictionary = body.dictionary {
        add(dictionary.bytes, kind: 2, zstd) { page in
          page.structure(7) { head in
            head.i32(1, dictionary.count)
            head.i32(2, Encoding.plain.rawValue)
          }
        }
      }
      dataOffset = pages.count
      add(prefix + body.bytes, kind: 0, zstd) { page in
        page.structure(5) { head in
          head.i32(1, count)
          head.i32(2, body.encoding.rawValue)
          head.i32(3, Encoding.runLength.rawValue)
          head.i32(4, Encoding.runLength.rawValue)
        }
      }
    }

    /// - Parameter kind: `PageType` in parquet.thrift: 0 data, 2 dictionary.
    private mutating func add(
      _ content: [UInt8], kind: Int, _ zstd: borrowing Zstd, _ details: (inout ThriftCompact) -> Void
    ) {
      let compressed = zstd.compress(content)
      let header = ThriftCompact.structure { page in
        page.i32(1, kind)
        page.i32(2, content.count)
        page.i32(3, compressed.count)
        details(&page)
      }
      pages += header
      pages += compressed
      uncompressedSize += header.count + content.count
    }
  }
}
