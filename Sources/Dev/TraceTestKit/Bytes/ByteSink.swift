/// Bytes being written, integers unaligned and in one order.
struct ByteSink {
  let order: ByteOrder
  private(set) var bytes: [UInt8]

  init(_ order: ByteOrder, _ bytes: [UInt8] = []) {
    self.order = order
    self.bytes = bytes
  }

  var count: Int { bytes.count }

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: ordered(value)) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func put(cString text: String) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
  }

  /// A kernel `long` of 4 or 8 bytes; the upper half of a wider value is dropped.
  mutating func put(long value: UInt64, size: Int) {
    if size == 4 { put(UInt32(truncatingIfNeeded: value)) } else { put(value) }
  }

  mutating func put(zeros count: Int) { bytes.append(contentsOf: repeatElement(0, count: count)) }

  mutating func pad(toMultipleOf alignment: Int) { put(zeros: (alignment - count % alignment) % alignment) }

  /// Replaces an integer that was written before what it counts was known.
  mutating func overwrite<T: FixedWidthInteger>(at offset: Int, with value: T) {
    withUnsafeBytes(of: ordered(value)) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
  }

  private func ordered<T: FixedWidthInteger>(_ value: T) -> T {
    order == .little ? value.littleEndian : value.bigEndian
  }
}
