/// Numbers of a fixed width in bits, one behind the other, the lowest bit first.
struct BitPacker {
  private(set) var bytes: [UInt8] = []
  private var pending: UInt64 = 0
  private var pendingBits = 0

  /// - Parameter width: 0–64; the value has no bits above it.
  mutating func append(_ value: UInt64, width: Int) {
    pending |= value << UInt64(pendingBits)
    if pendingBits + width < 64 {
      pendingBits += width
      return
    }
    bytes.appendLittleEndian(pending, count: 8)
    let taken = 64 - pendingBits
    pending = taken < 64 ? value >> UInt64(taken) : 0
    pendingBits = width - taken
  }

  /// Fills the last byte with zeros.
  mutating func finish() -> [UInt8] {
    bytes.appendLittleEndian(pending, count: (pendingBits + 7) / 8)
    return bytes
  }

  /// How many bits the largest of some numbers takes.
  static func width(of largest: UInt64) -> Int { 64 - largest.leadingZeroBitCount }
}

/// Parquet's hybrid of run lengths and bit packing: for definition levels and for places in a dictionary
/// (parquet-format, Encodings.md, RLE = 3).
enum HybridEncoding {
  /// - Parameter width: bits of the largest value; at least 1.
  static func encode<Value: FixedWidthInteger & UnsignedInteger>(_ values: [Value], width: Int) -> [UInt8] {
    var out: [UInt8] = []
    var (literal, place) = (0, 0)
    // Packed values come in eights, so a run of equal ones can begin behind a multiple of eight only.
    while place < values.count {
      let run = runLength(values, place)
      guard run >= 8 || place + run == values.count else {
        place = min(place + 8, values.count)
        continue
      }
      pack(values[literal..<place], width, &out)
      out.appendVarint(UInt64(run) << 1)
      out.appendLittleEndian(UInt64(values[place]), count: (width + 7) / 8)
      place += run
      literal = place
    }
    pack(values[literal...], width, &out)
    return out
  }

  private static func runLength<Value: Equatable>(_ values: [Value], _ begin: Int) -> Int {
    var end = begin + 1
    while end < values.count, values[end] == values[begin] { end += 1 }
    return end - begin
  }

  private static func pack<Value: FixedWidthInteger & UnsignedInteger>(
    _ values: ArraySlice<Value>, _ width: Int, _ out: inout [UInt8]
  ) {
    if values.isEmpty { return }
    let groups = (values.count + 7) / 8
    out.appendVarint(UInt64(groups) << 1 | 1)
    var packer = BitPacker()
    for value in values { packer.append(UInt64(value), width: width) }
    for _ in values.count..<groups * 8 { packer.append(0, width: width) }
    out += packer.finish()
  }
}

/// Differences between neighbours, bit-packed in blocks: for ids, instants and durations
/// (parquet-format, Encodings.md, DELTA_BINARY_PACKED = 5).
enum DeltaEncoding {
  private static let (blockSize, miniblocks) = (128, 4)
  private static let miniblockSize = blockSize / miniblocks

  /// - Parameter values: At least one.
  static func encode(_ values: [Int64]) -> [UInt8] {
    var out: [UInt8] = []
    out.appendVarint(UInt64(blockSize))
    out.appendVarint(UInt64(miniblocks))
    out.appendVarint(UInt64(values.count))
    out.appendVarint(ThriftCompact.zigzag(values[0]))
    // Differences wrap around, as the format wants it, and the reader's sums do too.
    let differences = zip(values, values.dropFirst()).map { $1 &- $0 }
    for begin in stride(from: 0, to: differences.count, by: blockSize) {
      append(differences[begin..<min(begin + blockSize, differences.count)], &out)
    }
    return out
  }

  private static func append(_ block: ArraySlice<Int64>, _ out: inout [UInt8]) {
    let least = block.min() ?? 0
    let excess = block.map { UInt64(bitPattern: $0 &- least) }
    out.appendVarint(ThriftCompact.zigzag(least))
    let parts = stride(from: 0, to: blockSize, by: miniblockSize).map { begin in
      excess[min(begin, excess.count)..<min(begin + miniblockSize, excess.count)]
    }
    let widths = parts.map { BitPacker.width(of: $0.max() ?? 0) }
    out += widths.map(UInt8.init)
    for (part, width) in zip(parts, widths) where !part.isEmpty {
      var packer = BitPacker()
      for value in part { packer.append(value, width: width) }
      for _ in part.count..<miniblockSize { packer.append(0, width: width) }
      out += packer.finish()
    }
  }
}
