/// Numbers as ASCII digits, written where the caller has room for them.
///
/// Eight digits are made at once, side by side in a word; other modules inline that. Functions write whole words: what lies behind
/// the digits is overwritten, as far as ``limit``.
@usableFromInline package enum Digits {
  /// Room that any number of 64 bits needs, in any of these forms.
  @inlinable package static var limit: Int { 32 }

  /// In decimal.
  /// - Returns: the number of bytes.
  package static func decimal(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int { write(number, place) }

  @inline(__always)
  private static func write(_ number: UInt64, _ place: UnsafeMutablePointer<UInt8>) -> Int {
    if number < 10 {
      place[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)
      return 1
    }
    if number < 100_000_000 { return first(number, to: place) }
    let (upper, lower) = number.quotientAndRemainder(dividingBy: 100_000_000)
    if upper < 100_000_000 {
      let count = first(upper, to: place)
      put(eight(lower), place + count)
      return count + 8
    }
    let (top, middle) = upper.quotientAndRemainder(dividingBy: 100_000_000)
    let count = first(top, to: place)
    put(eight(middle), place + count)
    put(eight(lower), place + count + 8)
    return count + 16
  }

  /// In decimal, with a sign where it is negative.
  package static func decimal(_ number: Int64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let sign = number < 0 ? 1 : 0
    place[0] = UInt8(ascii: "-")
    return sign + write(number.magnitude, place + sign)
  }

  /// Billionths with all nine decimals: `-1.500000001`. Zero has no sign.
  package static func billionths(_ number: Int64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    var count = number < 0 ? 1 : 0
    place[0] = UInt8(ascii: "-")
    let (whole, fraction) = number.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    count += decimal(whole, to: place + count)
    let (upper, last) = fraction.quotientAndRemainder(dividingBy: 10)
    place[count] = UInt8(ascii: ".")
    put(eight(upper), place + count + 1)
    place[count + 9] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: last)
    return count + 10
  }

  /// `0x` and hexadecimal digits without leading zeros.
  package static func address(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    place[0] = UInt8(ascii: "0")
    place[1] = UInt8(ascii: "x")
    let count = max(1, (67 - number.leadingZeroBitCount) / 4)
    // Without its leading zeros, the number stands at the top.
    let rest = number << UInt64(64 - 4 * count)
    put(hexadecimal(rest >> 32), place + 2)
    put(hexadecimal(rest & 0xffff_ffff), place + 10)
    return count + 2
  }

  /// Eight digits of a number below 100,000,000, with leading zeros.
  @inlinable @inline(__always)
  package static func putEight(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) { put(eight(number), place) }

  // MARK: Words of eight digits, the first one in the low byte

  @inlinable @inline(__always)
  static func put(_ word: UInt64, _ place: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(place).storeBytes(of: word.littleEndian, as: UInt64.self)
  }

  /// The digits of a number of less than eight and more than no digits, without leading zeros.
  @inline(__always)
  private static func first(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let word = digits(number)
    let zeros = word.trailingZeroBitCount / 8
    put((word | zeroes) >> UInt64(zeros * 8), place)
    return 8 - zeros
  }

  @inlinable static var zeroes: UInt64 { 0x3030_3030_3030_3030 }

  /// A number below 100,000,000 as eight digits.
  @inlinable @inline(__always)
  static func eight(_ number: UInt64) -> UInt64 { digits(number) | zeroes }

  /// The values of its digits. Halves, then pairs, then digits are told apart in all places at once; a division by 100 or 10 is a
  /// multiplication that is exact for numbers as small as these.
  @inlinable @inline(__always)
  static func digits(_ number: UInt64) -> UInt64 {
    let upper = number / 10_000
    let halves = upper | (number &- upper &* 10_000) << 32
    let hundreds = ((halves &* 10_486) >> 20) & 0x0000_007f_0000_007f
    let pairs = hundreds | (halves &- hundreds &* 100) << 16
    let tens = ((pairs &* 103) >> 10) & 0x000f_000f_000f_000f
    return tens | (pairs &- tens &* 10) << 8
  }

  /// Eight hexadecimal digits of a number of 32 bits.
  @inline(__always)
  private static func hexadecimal(_ number: UInt64) -> UInt64 {
    var word = (number | number << 16) & 0x0000_ffff_0000_ffff
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff
    word = ((word | word << 4) & 0x0f0f_0f0f_0f0f_0f0f).byteSwapped
    // Digits above nine are letters.
    let letters = ((word &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
    return word &+ zeroes &+ letters &* 39
  }
}
