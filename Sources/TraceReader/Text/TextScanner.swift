import Glibc
import TraceCore

/// Reads some bytes of a line, front to back. Beyond their end it reads zeros.
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

  /// Whether a text is at an offset from the position.
  @inline(__always)
  func has(_ text: StaticString, at offset: Int = 0) -> Bool {
    let (start, count) = (position &+ offset, text.utf8CodeUnitCount)
    guard start >= 0, start &+ count <= end else { return false }
    return Self.equal(bytes, start, UnsafeRawPointer(text.utf8Start), count)
  }

  /// Compares in words that may overlap: those of a literal are constants, and there is no loop.
  @inline(__always)
  private static func equal(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ text: UnsafeRawPointer, _ count: Int
  ) -> Bool {
    guard let base = bytes.baseAddress else { return count == 0 }
    let here = base + start
    func same<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Bool {
      here.loadUnaligned(fromByteOffset: offset, as: type) == text.loadUnaligned(fromByteOffset: offset, as: type)
    }
    if count > 16 { return memcmp(here, text, count) == 0 }
    if count >= 8 { return same(UInt64.self, at: 0) && same(UInt64.self, at: count &- 8) }
    if count >= 4 { return same(UInt32.self, at: 0) && same(UInt32.self, at: count &- 4) }
    if count >= 2 { return same(UInt16.self, at: 0) && same(UInt16.self, at: count &- 2) }
    return count == 0 || same(UInt8.self, at: 0)
  }

  /// Skips a text if it comes next.
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
    // Columns are filled with blanks; a tab is rare.
    while position &+ 8 <= end, let base = bytes.baseAddress {
      let others =
        base.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian ^ 0x2020_2020_2020_2020
      position &+= others.trailingZeroBitCount >> 3
      if others != 0 {
        if byte() != UInt8(ascii: "\t") { return }
        position &+= 1
      }
    }
    while position < end, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
      position &+= 1
    }
  }

  /// Goes to the next occurrence of a byte, or to the end.
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

  /// The next eight bytes, the first in the low byte, with zeros beyond the end; `nil` at the end, and where there are
  /// fewer than eight bytes in all.
  @inline(__always)
  private func eight() -> UInt64? {
    guard position >= 0, position < end, end >= 8, let base = bytes.baseAddress else { return nil }
    let missing = max(0, position &+ 8 &- end)
    let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position &- missing, as: UInt64.self))
    return word &>> UInt64(8 &* missing)
  }

  /// Decimal digits; `nil` where there are none or more than 64 bits hold.
  @inline(__always)
  mutating func decimal() -> UInt64? {
    let start = position
    var value: UInt64 = 0
    // As many digits as there are in eight bytes at once, without a branch for each of them.
    if let word = eight() {
      let count = Self.leadingDigits(word)
      if count == 0 { return nil }
      value = Self.value(word, digits: count)
      position &+= count
      if count < 8 { return value }
    }
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

  /// How many of eight bytes are decimal digits before one is none.
  @inline(__always)
  static func leadingDigits(_ word: UInt64) -> Int {
    let digits = word ^ 0x3030_3030_3030_3030
    // A byte above 9 sets its own top bit. Its carry goes upwards, to bytes that no longer matter.
    let others = (digits &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
    return others.trailingZeroBitCount >> 3
  }

  /// The number that the first of eight bytes are the digits of, 1 to 8 of them: pairs, then pairs of pairs.
  @inline(__always)
  static func value(_ word: UInt64, digits count: Int) -> UInt64 {
    // The last digit goes to the top byte; zeros come in below.
    var value = (word & 0x0f0f_0f0f_0f0f_0f0f) &<< UInt64(64 &- 8 &* count)
    value = (value &* 10 &+ value >> 8) & 0x00ff_00ff_00ff_00ff
    value = (value &* 100 &+ value >> 16) & 0x0000_ffff_0000_ffff
    return (value &* 10000 &+ value >> 32) & 0xffff_ffff
  }

  /// Nine digits as a number, and the byte after them; `nil` where there are not nine.
  @inline(__always)
  func nineDigits() -> (value: UInt64, next: UInt8)? {
    guard position >= 0, position &+ 10 <= end, let base = bytes.baseAddress else { return nil }
    let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    let last = UInt64(bytes[position &+ 8] &- 0x30)
    guard Self.leadingDigits(word) == 8, last < 10 else { return nil }
    return (Self.value(word, digits: 8) &* 10 &+ last, bytes[position &+ 9])
  }

  /// Skips letters, underscores and all other bytes above a colon.
  @inline(__always)
  mutating func skipLetters() {
    while position &+ 8 <= end, let base = bytes.baseAddress {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      // The lowest byte that is smaller sets its own top bit; its borrow goes upwards.
      let small = (word &- 0x3b3b_3b3b_3b3b_3b3b) & ~word & 0x8080_8080_8080_8080
      if small != 0 {
        position &+= small.trailingZeroBitCount >> 3
        return
      }
      position &+= 8
    }
    while position < end, bytes[position] > UInt8(ascii: ":") { position &+= 1 }
  }

  /// The first place of a byte from `start` to `last`, which are within the line; `nil` where it is not there.
  @inline(__always)
  func firstPlace(of wanted: UInt8, from start: Int, through last: Int) -> Int? {
    var place = start
    while place <= last, place &+ 8 <= end, let base = bytes.baseAddress {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      let others = word ^ (UInt64(wanted) &* 0x0101_0101_0101_0101)
      // The lowest byte that is zero sets its own top bit; its borrow goes upwards.
      let zeros = (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
      if zeros != 0 {
        place &+= zeros.trailingZeroBitCount >> 3
        return place <= last ? place : nil
      }
      place &+= 8
    }
    while place <= last {
      if bytes[place] == wanted { return place }
      place &+= 1
    }
    return nil
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

  /// Decimal digits with a sign; `nil` where there are none or more than 32 bits hold.
  @inline(__always)
  mutating func signed() -> Int32? {
    // Mostly a few digits with something after them.
    if let word = eight() {
      let count = Self.leadingDigits(word)
      if count > 0, count < 8 {
        position &+= count
        return Int32(truncatingIfNeeded: Self.value(word, digits: count))
      }
    }
    return signedSlowly()
  }

  @inline(never)
  private mutating func signedSlowly() -> Int32? {
    let isNegative = skip(UInt8(ascii: "-"))
    guard let value = decimal(), value <= 1 << 31 else { return nil }
    return Int32(exactly: isNegative ? -Int64(value) : Int64(value))
  }

  /// Hexadecimal digits, with or without `0x`; at most 16 of them.
  mutating func hexadecimal() -> UInt64? {
    _ = skip("0x")
    let start = position
    var value: UInt64 = 0
    while position < end, let digit = bytes[position].hexadecimalValue {
      value = value << 4 | UInt64(digit)
      position &+= 1
    }
    return position > start && position &- start <= 16 ? value : nil
  }

  /// A number as kernels and trace-cmd print fields: decimal, or hexadecimal with `0x`; negative ones as 64 bits.
  mutating func number() -> UInt64? {
    if has("0x") { return hexadecimal() }
    let isNegative = skip(UInt8(ascii: "-"))
    guard let value = decimal() else { return nil }
    return isNegative ? 0 &- value : value
  }

  /// Some bytes as a name: the first 15 of them, which is all that a kernel's comm has.
  @inline(__always)
  func comm(_ start: Int, _ stop: Int) -> Comm {
    guard start >= 0, start < stop, stop <= end, let base = bytes.baseAddress else { return Comm() }
    let count = min(stop &- start, 15)
    if start &+ 16 <= end {
      // Two words, without the bytes after the name.
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
