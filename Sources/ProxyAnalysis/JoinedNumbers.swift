import TraceCore

/// Numbers joined to one word: `61>60>59`.
enum JoinedNumbers {
  /// - Parameters:
  ///   - separator: ASCII.
  ///   - put: writes a number where there is room for any, and says how many bytes it took.
  static func word<Numbers: Collection>(
    _ numbers: Numbers, _ separator: Unicode.Scalar, _ put: (Numbers.Element, UnsafeMutablePointer<UInt8>) -> Int
  ) -> String {
    if numbers.isEmpty { return "" }
    return String(unsafeUninitializedCapacity: numbers.count * (Digits.limit + 1)) { memory in
      // There is room for as many numbers of the greatest length.
      memory.baseAddress.map { write(numbers, separator, to: $0, put) } ?? 0
    }
  }

  /// The same, where there is room for as many numbers of the greatest length.
  /// - Returns: the number of bytes.
  @inline(__always)
  static func write<Numbers: Collection>(
    _ numbers: Numbers, _ separator: Unicode.Scalar, to place: UnsafeMutablePointer<UInt8>,
    _ put: (Numbers.Element, UnsafeMutablePointer<UInt8>) -> Int
  ) -> Int {
    var count = 0
    for number in numbers {
      if count > 0 {
        place[count] = UInt8(truncatingIfNeeded: separator.value)
        count += 1
      }
      count += put(number, place + count)
    }
    return count
  }
}
