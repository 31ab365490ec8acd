import Glibc
public import TraceCore

/// Numbers as the kernel's own lists write them: `0,2-3`.
public struct NumberList: Sendable, Hashable, CustomStringConvertible {
  private let ranges: [ClosedRange<Int32>]

  /// Reads a list: numbers and ranges of 0 to 2^31 − 1, separated by commas.
  /// - Returns: `nil` for any other text: an empty item, a sign, a blank, a range that runs backwards.
  public init?(_ text: String) {
    var ranges: [ClosedRange<Int32>] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard let first: Int32 = plainNumber(ends[0]), let last: Int32 = plainNumber(ends[ends.count - 1]), first <= last
      else { return nil }
      ranges.append(first...last)
    }
    self.ranges = ranges
  }

  /// The list of some numbers.
  public init(_ numbers: [Int32]) {
    var ranges: [ClosedRange<Int32>] = []
    for number in Set(numbers).sorted() {
      if let last = ranges.last, number == last.upperBound &+ 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    self.ranges = ranges
  }

  /// Whether a number is in the list.
  public func contains(_ number: Int32) -> Bool { ranges.contains { $0.contains(number) } }

  /// The list in the same syntax.
  public var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}

/// A time as reports and `trace-cmd report` print it: seconds with at most nine decimals, or steps of a clock that counts no
/// nanoseconds. Two integers hold it: a `Double` has too few digits for the seconds of a clock that began in 1970.
public struct PrintedTime: Sendable, Hashable, Comparable {
  private let whole: UInt64
  /// The decimals, in nanoseconds.
  private let fraction: UInt64
  private let decimals: Int

  /// Reads a time.
  /// - Returns: `nil` for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole: UInt64 = plainNumber(parts[0]) else { return nil }
    self.whole = whole
    guard parts.count == 2 else {
      (fraction, decimals) = (0, 0)
      return
    }
    let digits = parts[1]
    guard digits.utf8.count <= 9, let value: UInt64 = plainNumber(digits) else { return nil }
    decimals = digits.utf8.count
    fraction = (decimals..<9).reduce(value) { value, _ in value * 10 }
  }

  /// The earlier time, whatever the number of decimals.
  public static func < (a: PrintedTime, b: PrintedTime) -> Bool { (a.whole, a.fraction) < (b.whole, b.fraction) }

  /// The earliest instant that reports print like this; `nil` where the clock has no such instant.
  public func earliest(on clock: TraceClock) -> Timestamp? {
    guard let exact = exact(on: clock) else { return nil }
    return Timestamp(isRounded(on: clock) ? exact - min(exact, 500) : exact)
  }

  /// The latest instant that reports print like this; `nil` where the clock has no such instant.
  public func latest(on clock: TraceClock) -> Timestamp? {
    guard let exact = exact(on: clock) else { return nil }
    return Timestamp(isRounded(on: clock) ? exact + min(.max - exact, 499) : exact)
  }

  /// Whether the time may have been rounded. ``TraceClock/format(_:)`` rounds to microseconds, and a window that ends at the
  /// printed time of an event must contain the event, whichever way it was rounded. A time with more decimals is exact.
  private func isRounded(on clock: TraceClock) -> Bool { clock.unit == .nanoseconds && decimals <= 6 }

  private func exact(on clock: TraceClock) -> UInt64? {
    guard clock.unit == .nanoseconds else { return decimals == 0 ? whole : nil }
    let (seconds, isTooLong) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isTooLate) = seconds.addingReportingOverflow(fraction)
    return isTooLong || isTooLate ? nil : sum
  }
}

/// A shell pattern for names (fnmatch(3)): `*`, `?`, `[a-z]`, `[!a-z]`; `\` takes the next character as it is.
public struct CommPattern: Sendable, Hashable {
  /// The pattern as it was written.
  public let text: String

  /// A pattern; `nil` for an empty text.
  public init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    self.text = text
  }

  /// Whether a name matches. Bytes are compared, since names need not be UTF-8: `?` is one byte.
  func matches(_ comm: Comm) -> Bool {
    let name = comm.bytes.map { CChar(bitPattern: $0) } + [0]
    return fnmatch(text, name, 0) == 0
  }

  /// Whether a text of any length matches.
  public func matches(text name: String) -> Bool { fnmatch(text, name, 0) == 0 }
}

/// A number in decimal digits, without a sign or a blank.
private func plainNumber<Number: FixedWidthInteger>(_ digits: Substring) -> Number? {
  guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
  return Number(digits)
}
