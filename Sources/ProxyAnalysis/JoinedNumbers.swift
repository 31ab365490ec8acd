import TraceCore

/// Numbers joined to one word.
enum JoinedNumbers {
  /// Pids: `61>60>59`.
  static func pids<Tasks: Collection>(
    _ tasks: Tasks, _ separator: Unicode.Scalar, _ pid: (Tasks.Element) -> Pid
  ) -> String {
    join(tasks, separator) { Digits.decimal(Int64(pid($0)), to: $1) }
  }

  /// Addresses: `0xa0>0xb0`.
  static func addresses(_ locks: [LockAddress], _ separator: Unicode.Scalar) -> String {
    join(locks, separator) { Digits.address($0.rawValue, to: $1) }
  }

  /// - Parameter separator: ASCII.
  private static func join<Numbers: Collection>(
    _ numbers: Numbers, _ separator: Unicode.Scalar, _ put: (Numbers.Element, UnsafeMutablePointer<UInt8>) -> Int
  ) -> String {
    if numbers.isEmpty { return "" }
    return String(unsafeUninitializedCapacity: numbers.count * (Digits.limit + 1)) { memory in
      guard let base = memory.baseAddress else { return 0 }
      var count = 0
      for number in numbers {
        if count > 0 {
          base[count] = UInt8(truncatingIfNeeded: separator.value)
          count += 1
        }
        // There is room for as many numbers of the greatest length.
        count += put(number, base + count)
      }
      return count
    }
  }
}
