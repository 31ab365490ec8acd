import TraceCore

/// Numbers joined to one word, written where there is room for them: `61>60>59`.
struct JoinedNumbers {
  /// What a number takes at most, with what stands before it.
  static var roomForOne: Int { Digits.limit + 1 }

  private let separator: UInt8
  private let start: UnsafeMutablePointer<UInt8>
  private var end: UnsafeMutablePointer<UInt8>

  /// - Parameter separator: ASCII.
  init(_ separator: Unicode.Scalar, at start: UnsafeMutablePointer<UInt8>) {
    self.separator = UInt8(truncatingIfNeeded: separator.value)
    (self.start, end) = (start, start)
  }

  /// Number of bytes.
  var count: Int { end - start }

  @inline(__always)
  mutating func add(_ pid: Pid) {
    separate()
    end += Digits.decimal(Int64(pid), to: end)
  }

  @inline(__always)
  mutating func add(_ lock: LockAddress) {
    separate()
    end += Digits.address(lock.rawValue, to: end)
  }

  @inline(__always)
  private mutating func separate() {
    if end == start { return }
    end[0] = separator
    end += 1
  }

  /// - Parameters:
  ///   - count: of the numbers that `add` adds.
  ///   - add: adds them.
  static func word(_ separator: Unicode.Scalar, count: Int, _ add: (inout JoinedNumbers) -> Void) -> String {
    if count == 0 { return "" }
    return String(unsafeUninitializedCapacity: count * roomForOne) { memory in
      guard let start = memory.baseAddress else { return 0 }
      var numbers = JoinedNumbers(separator, at: start)
      add(&numbers)
      return numbers.count
    }
  }
}
