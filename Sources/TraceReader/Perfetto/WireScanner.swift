/// The fields of a protobuf message, one after the other, without decoding them (protobuf.dev, *Encoding*).
///
/// swift-protobuf decodes messages; this finds them in a file that is too large to be one message, and reads events that no message
/// describes.
struct WireScanner {
  enum Value {
    case number(UInt64)
    case bytes(Range<Int>)
  }

  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private let end: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The next field; `nil` at the end, and where the rest is no message.
  mutating func next() -> (field: Int, value: Value)? {
    guard position < end, let tag = varint(), let field = Int(exactly: tag >> 3), field > 0 else { return nil }
    switch tag & 7 {
    case 0: return varint().map { (field, .number($0)) }
    case 1: return fixed(8).map { (field, .number($0)) }
    case 5: return fixed(4).map { (field, .number($0)) }
    case 2:
      guard let count = varint(), count <= UInt64(end - position) else { return nil }
      defer { position += Int(count) }
      return (field, .bytes(position..<position + Int(count)))
    default: return nil
    }
  }

  /// - Returns: `nil` where it is cut off or longer than 64 bits.
  mutating func varint() -> UInt64? {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while position < end, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  private mutating func fixed(_ count: Int) -> UInt64? {
    guard end - position >= count else { return nil }
    defer { position += count }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
  }
}
