import CZstd

/// A Parquet reader for what the writer makes of it, written from the format's documents alone (parquet.thrift, Encodings.md).
/// It checks as it reads: whatever contradicts itself is an error.
struct ParquetFile {
  enum Value: Hashable {
    case null
    case integer(Int64)
    case boolean(Bool)
    case text([UInt8])
  }

  struct Problem: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }

  struct Chunk {
    var values: [Value]
    var nulls: Int64
    var min, max: [UInt8]?
    var encodings: [Int64]
  }

  private(set) var names: [String] = []
  /// Physical type and, if any, the converted type.
  private(set) var types: [(physical: Int64, converted: Int64?)] = []
  /// By row group, then by column.
  private(set) var groups: [[Chunk]] = []
  private(set) var metadata: [String: String] = [:]
  private(set) var rowCount: Int64

  init(_ bytes: [UInt8]) throws {
    let magic = Array("PAR1".utf8)
    guard bytes.count > 12, bytes.starts(with: magic), bytes.suffix(4).elementsEqual(magic) else {
      throw Problem("no magic bytes")
    }
    let length = Int(Self.littleEndian(bytes[(bytes.count - 8)..<(bytes.count - 4)]))
    let begin = bytes.count - 8 - length
    var reader = ThriftReader(bytes[begin..<(bytes.count - 8)])
    let footer = try reader.structure()
    guard reader.isAtEnd else { throw Problem("bytes behind the footer") }
    let schema = try footer[2].list.map { try $0.fields }
    guard try schema[0][5]?.integer == Int64(schema.count - 1) else { throw Problem("the root counts other columns") }
    for column in schema.dropFirst() {
      guard try column[3]?.integer == 1 else { throw Problem("a column is not optional") }
      names.append(try column[4].text)
      types.append((try column[1].integer, try column[6]?.integer))
    }
    guard try footer[7].list.count == names.count else { throw Problem("an order is missing") }
    for pair in try footer[5].list { metadata[try pair.fields[1].text] = try pair.fields[2].text }
    rowCount = try footer[3].integer
    var (sum, place) = (Int64(0), 4)
    for group in try footer[4].list {
      let fields = try group.fields
      let rows = try fields[3].integer
      sum += rows
      var chunks: [Chunk] = []
      for (number, column) in try fields[1].list.enumerated() {
        let details = try column.fields[3].fields
        guard try details[3].list.map({ try $0.text }) == [names[number]] else {
          throw Problem("a chunk has another name")
        }
        let size = Int(try details[7].integer)
        let dictionary = try details[11]?.integer
        guard try dictionary ?? details[9].integer == Int64(place) else { throw Problem("a chunk lies elsewhere") }
        chunks.append(
          try Self.chunk(
            bytes[place..<(place + size)], rows: Int(rows), dataPage: Int(details[9].integer), details,
            physical: types[number].physical))
        place += size
      }
      groups.append(chunks)
    }
    guard sum == rowCount else { throw Problem("the groups have other rows") }
    guard place == begin else { throw Problem("bytes between the last chunk and the footer") }
  }

  /// All values of a column.
  func column(_ name: String) throws -> [Value] {
    guard let place = names.firstIndex(of: name) else { throw Problem("no column \(name)") }
    return groups.flatMap { $0[place].values }
  }

  // MARK: Pages

  private static func chunk(
    _ bytes: ArraySlice<UInt8>, rows: Int, dataPage: Int, _ details: [Int: ThriftValue], physical: Int64
  ) throws -> Chunk {
    guard try details[4].integer == 6, try details[5].integer == Int64(rows) else {
      throw Problem("no zstd, or other rows")
    }
    var (place, entries, uncompressed) = (bytes.startIndex, [Value]?.none, 0)
    func page() throws -> (header: [Int: ThriftValue], content: [UInt8]) {
      var reader = ThriftReader(bytes[place...])
      let header = try reader.structure()
      let (size, packed) = (Int(try header[2].integer), Int(try header[3].integer))
      let content = try decompressed(bytes[reader.place..<(reader.place + packed)], to: size)
      uncompressed += reader.place - place + size
      place = reader.place + packed
      return (header, content)
    }
    if place != dataPage {
      let (header, content) = try page()
      guard try header[1].integer == 2 else { throw Problem("no dictionary page") }
      entries = try plain(content[...], physical, count: Int(header[7].fields[1].integer))
    }
    guard place == dataPage else { throw Problem("the page of data lies elsewhere") }
    let (header, content) = try page()
    let data = try header[5].fields
    guard try header[1].integer == 0, try data[1].integer == Int64(rows), try data[3].integer == 3 else {
      throw Problem("no page of data for all rows")
    }
    guard place == bytes.endIndex, try details[6].integer == Int64(uncompressed) else { throw Problem("other sizes") }
    let levelSize = Int(littleEndian(content[0..<4]))
    let levels = try hybrid(content[4..<(4 + levelSize)], width: 1, count: rows)
    let count = levels.count { $0 == 1 }
    let body = content[(4 + levelSize)...]
    var present = try values(body, encoding: data[2].integer, physical, entries, count: count).makeIterator()
    let values = levels.map { $0 == 1 ? present.next() ?? .null : .null }
    let statistics = try details[12].fields
    guard try statistics[3].integer == Int64(rows - count) else { throw Problem("other nulls") }
    return Chunk(
      values: values, nulls: Int64(rows - count), min: try statistics[6]?.bytes, max: try statistics[5]?.bytes,
      encodings: try details[2].list.map { try $0.integer })
  }

  private static func values(
    _ body: ArraySlice<UInt8>, encoding: Int64, _ physical: Int64, _ entries: [Value]?, count: Int
  ) throws -> [Value] {
    switch encoding {
    case 0: return try plain(body, physical, count: count)
    case 5: return try deltas(body, count: count).map(Value.integer)
    case 8:
      guard let entries, let width = body.first else { throw Problem("no dictionary") }
      return try hybrid(body.dropFirst(), width: Int(width), count: count).map {
        guard $0 < UInt64(entries.count) else { throw Problem("a place beyond the dictionary") }
        return entries[Int($0)]
      }
    default: throw Problem("encoding \(encoding)")
    }
  }

  private static func plain(_ bytes: ArraySlice<UInt8>, _ physical: Int64, count: Int) throws -> [Value] {
    var rest = bytes
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard rest.count >= count else { throw Problem("too few bytes") }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    let values: [Value]
    switch physical {
    case 0:
      let packed = try take((count + 7) / 8)
      values = (0..<count).map { .boolean(packed[packed.startIndex + $0 / 8] >> UInt8($0 % 8) & 1 == 1) }
    case 2: values = try (0..<count).map { _ in .integer(Int64(bitPattern: littleEndian(try take(8)))) }
    case 6: values = try (0..<count).map { _ in .text(Array(try take(Int(littleEndian(try take(4)))))) }
    default: throw Problem("type \(physical)")
    }
    guard rest.isEmpty else { throw Problem("bytes behind the values") }
    return values
  }

  // MARK: Encodings

  private static func hybrid(_ bytes: ArraySlice<UInt8>, width: Int, count: Int) throws -> [UInt64] {
    var (values, rest) = ([UInt64](), bytes)
    while values.count < count {
      let header = try varint(&rest)
      if header & 1 == 1 {
        let groups = Int(header >> 1)
        values += unpacked(rest.prefix(groups * width), width: width, count: groups * 8)
        rest = rest.dropFirst(groups * width)
      } else {
        values += Array(repeating: littleEndian(rest.prefix((width + 7) / 8)), count: Int(header >> 1))
        rest = rest.dropFirst((width + 7) / 8)
      }
    }
    // Only what fills the last eight may be too much.
    guard values.count < count + 8, rest.isEmpty else { throw Problem("too many values") }
    return Array(values.prefix(count))
  }

  private static func deltas(_ bytes: ArraySlice<UInt8>, count: Int) throws -> [Int64] {
    var rest = bytes
    let (block, parts, total) = (Int(try varint(&rest)), Int(try varint(&rest)), Int(try varint(&rest)))
    guard block % 128 == 0, block / parts % 32 == 0, total == count else { throw Problem("a block of \(block)") }
    var values = [unzigzag(try varint(&rest))]
    while values.count < count {
      let least = unzigzag(try varint(&rest))
      let widths = rest.prefix(parts)
      rest = rest.dropFirst(parts)
      for width in widths where values.count < count {
        let size = block / parts * Int(width) / 8
        for excess in unpacked(rest.prefix(size), width: Int(width), count: block / parts) where values.count < count {
          values.append(values[values.count - 1] &+ least &+ Int64(bitPattern: excess))
        }
        rest = rest.dropFirst(size)
      }
    }
    guard rest.isEmpty else { throw Problem("bytes behind the differences") }
    return values
  }

  /// Bit by bit.
  private static func unpacked(_ bytes: ArraySlice<UInt8>, width: Int, count: Int) -> [UInt64] {
    (0..<count).map { number in
      (0..<width).reduce(0) { value, bit in
        let place = number * width + bit
        return value | UInt64(bytes[bytes.startIndex + place / 8] >> UInt8(place % 8) & 1) << UInt64(bit)
      }
    }
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) throws -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while let byte = bytes.popFirst() {
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Problem("a number is cut off")
  }

  private static func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(value & 1) }

  static func littleEndian(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func decompressed(_ bytes: ArraySlice<UInt8>, to size: Int) throws -> [UInt8] {
    let result = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      count = bytes.withUnsafeBytes { ZSTD_decompress(target.baseAddress, size, $0.baseAddress, $0.count) }
      if ZSTD_isError(count) != 0 { count = 0 }
    }
    guard result.count == size else { throw Problem("a page of another size") }
    return result
  }
}
