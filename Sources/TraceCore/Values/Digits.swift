/// Numbers as ASCII digits, written where the caller has room for them.
package enum Digits {
  /// Room that any number of 64 bits needs, in any of these forms.
  package static let limit = 32

  /// `00` to `99`, one after the other.
  private static let pairs: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839\
    40414243444546474849505152535455565758596061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """

  /// In decimal.
  /// - Returns: the number of bytes.
  package static func decimal(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    let count = decimalCount(number)
    put(number, place, count)
    return count
  }

  /// In decimal, with a sign where it is negative.
  package static func decimal(_ number: Int64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    guard number < 0 else { return decimal(UInt64(number), to: place) }
    place[0] = UInt8(ascii: "-")
    return 1 + decimal(number.magnitude, to: place + 1)
  }

  /// Billionths with all nine decimals: `-1.500000001`. Zero has no sign.
  package static func billionths(_ number: Int64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    var count = 0
    if number < 0 {
      place[0] = UInt8(ascii: "-")
      count = 1
    }
    let (whole, fraction) = number.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    count += decimal(whole, to: place + count)
    place[count] = UInt8(ascii: ".")
    put(fraction, place + count + 1, 9)
    return count + 10
  }

  /// `0x` and hexadecimal digits without leading zeros.
  package static func address(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int {
    place[0] = UInt8(ascii: "0")
    place[1] = UInt8(ascii: "x")
    let count = max(1, (67 - number.leadingZeroBitCount) / 4)
    var rest = number
    for digit in stride(from: count + 1, through: 2, by: -1) {
      let value = UInt8(truncatingIfNeeded: rest & 15)
      place[digit] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
      rest >>= 4
    }
    return count + 2
  }

  /// So many digits, with leading zeros.
  @inline(__always)
  private static func put(_ number: UInt64, _ place: UnsafeMutablePointer<UInt8>, _ count: Int) {
    let pairs = pairs.utf8Start
    var (rest, end) = (number, count)
    while end >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      place[end - 2] = pairs[Int(pair) * 2]
      place[end - 1] = pairs[Int(pair) * 2 + 1]
      (rest, end) = (quotient, end - 2)
    }
    if end == 1 { place[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
  }

  @inline(__always)
  private static func decimalCount(_ number: UInt64) -> Int {
    var (count, limit) = (1, UInt64(10))
    while count < 19, number >= limit {
      count += 1
      limit &*= 10
    }
    return count == 19 && number >= 10_000_000_000_000_000_000 ? 20 : count
  }
}
