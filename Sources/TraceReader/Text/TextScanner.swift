import TraceCore

/// Walks a stretch of a line, byte by byte. Nothing is read beyond its end: there stand zeros.
struct TextScanner {
  let bytes: UnsafeRawBufferPointer
  var position: Int
  let end: Int

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, from position: Int = 0) {
    self.bytes = bytes
    self.position = position
    end = bytes.count
  }

  var isAtEnd: Bool { position >= end }

  @inline(__always)
  func byte(_ offset: Int = 0) -> UInt8 {
    let place = position &+ offset
    return place >= 0 && place < end ? bytes[place] : 0
  }

  /// Whether a text stands at an offset from here.
  @inline(__always)
  func has(_ text: StaticString, at offset: Int = 0) -> Bool {
    let (start, count) = (position &+ offset, text.utf8CodeUnitCount)
    guard start >= 0, start &+ count <= end else { return false }
    for index in 0..<count where bytes[start &+ index] != text.utf8Start[index] { return false }
    return true
  }

  /// Goes behind a text that comes next.
  @inline(__always)
  mutating func skip(_ text: StaticString) -> Bool {
    guard has(text) else { return false }
    position &+= text.utf8CodeUnitCount
    return true
  }

  @inline(__always)
  mutating func skip(_ wanted: UInt8) -> Bool {
    guard byte() == wanted, position < end else { return false }
    position &+= 1
    return true
  }

  @inline(__always)
  mutating func skipBlanks() {
    while position < end, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
      position &+= 1
    }
  }

  /// Goes on to the next of a byte, or to the end.
  @inline(__always)
  mutating func seek(_ wanted: UInt8) {
    while position < end, bytes[position] != wanted { position &+= 1 }
  }

  /// The next word: up to a blank or the end.
  @inline(__always)
  mutating func word() -> UnsafeRawBufferPointer {
    let start = position
    while position < end, bytes[position] > 0x20 { position &+= 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// Decimal digits; `nil` where there are none or more than 64 bits hold.
  @inline(__always)
  mutating func decimal() -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while position < end {
      let digit = bytes[position] &- 0x30
      guard digit < 10 else { break }
      value = value &* 10 &+ UInt64(digit)
      position &+= 1
    }
    // 19 digits always fit.
    guard position > start else { return nil }
    return position &- start <= 19 ? value : Self.exact(bytes[start..<position])
  }

  @inline(never)
  private static func exact(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit &- 0x30))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  /// The same with a sign, in 32 bits.
  @inline(__always)
  mutating func signed() -> Int32? {
    let isNegative = skip(UInt8(ascii: "-"))
    guard let value = decimal(), value <= 1 << 31 else { return nil }
    return Int32(exactly: isNegative ? -Int64(value) : Int64(value))
  }

  /// Hexadecimal digits, with or without `0x`; at most 16 of them.
  mutating func hexadecimal() -> UInt64? {
    _ = skip("0x")
    let start = position
    var value: UInt64 = 0
    while position < end, let digit = Self.hexDigit(bytes[position]) {
      value = value << 4 | UInt64(digit)
      position &+= 1
    }
    return position > start && position &- start <= 16 ? value : nil
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte &- 0x30
    case 0x61...0x66: byte &- 0x57
    case 0x41...0x46: byte &- 0x37
    default: nil
    }
  }

  /// A number as kernels and trace-cmd print fields: decimal, or hexadecimal with `0x`; negative ones as 64 bits.
  mutating func number() -> UInt64? {
    if has("0x") { return hexadecimal() }
    let isNegative = skip(UInt8(ascii: "-"))
    guard let value = decimal() else { return nil }
    return isNegative ? 0 &- value : value
  }

  /// A stretch as a name: its first 15 bytes, which is all that a kernel's comm has.
  @inline(__always)
  func comm(_ start: Int, _ stop: Int) -> Comm {
    guard start >= 0, start < stop, stop <= end, let base = bytes.baseAddress else { return Comm() }
    let count = min(stop &- start, 15)
    if start &+ 16 <= end {
      // Two words, of which what stands behind the name is cut off.
      let low = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      let high = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: start &+ 8, as: UInt64.self))
      if count < 8 { return Comm(littleEndianLow: low & (1 &<< UInt64(8 &* count) &- 1), high: 0) }
      return Comm(littleEndianLow: low, high: high & (1 &<< UInt64(8 &* count &- 64) &- 1))
    }
    var (low, high): (UInt64, UInt64) = (0, 0)
    for index in 0..<count {
      let byte = UInt64(bytes[start &+ index])
      if index < 8 { low |= byte << UInt64(8 &* index) } else { high |= byte << UInt64(8 &* index &- 64) }
    }
    return Comm(littleEndianLow: low, high: high)
  }
}
