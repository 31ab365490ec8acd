/// Bytes being read from front to back, integers unaligned and in one order. Every read is checked.
struct ByteSource {
  let bytes: [UInt8]
  let order: ByteOrder
  var position: Int

  init(_ bytes: [UInt8], _ order: ByteOrder, at position: Int = 0) {
    self.bytes = bytes
    self.order = order
    self.position = position
  }

  mutating func take<T: FixedWidthInteger>(_: T.Type) throws(KitError) -> T {
    let range = try takeRange(MemoryLayout<T>.size)
    let value = bytes[range].withUnsafeBytes { $0.loadUnaligned(as: T.self) }
    return order == .little ? T(littleEndian: value) : T(bigEndian: value)
  }

  /// A 64-bit count or offset, which must lie within what a file can have.
  mutating func takeOffset() throws(KitError) -> Int {
    let start = position
    guard let value = Int(exactly: try take(UInt64.self)) else { throw KitError("an absurd offset", offset: start) }
    return value
  }

  mutating func takeCString() throws(KitError) -> String {
    guard position <= bytes.count, let end = bytes[position...].firstIndex(of: 0) else {
      throw KitError("a string without an end", offset: position)
    }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  /// The range of the next `count` bytes, which are skipped.
  mutating func takeRange(_ count: Int) throws(KitError) -> Range<Int> {
    guard count >= 0, position <= bytes.count, count <= bytes.count - position else {
      throw KitError("\(count) bytes are wanted where the file has fewer", offset: position)
    }
    defer { position += count }
    return position..<position + count
  }

  mutating func expect(_ tag: String) throws(KitError) {
    let start = position
    guard bytes[try takeRange(tag.utf8.count)].elementsEqual(tag.utf8) else {
      throw KitError("\"\(tag)\" is missing", offset: start)
    }
  }
}
