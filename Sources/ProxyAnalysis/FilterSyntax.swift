import Glibc
public import TraceCore

/// Numbers as the kernel's own lists write them: `0,2-3`.
public struct NumberList: Sendable, Hashable, CustomStringConvertible {
  private let ranges: [ClosedRange<Int32>]

  /// - Returns: `nil` for what is no such list: an empty item, a sign, a range that runs backwards, a number that no CPU and
  ///   no task has.
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

  func contains(_ number: Int32) -> Bool { ranges.contains { $0.contains(number) } }

  public var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}

/// A time as reports and `trace-cmd report` print it: seconds with at most nine decimals, or steps of a clock that counts no
/// nanoseconds. Held as integers: a floating-point second has too few digits for a clock that runs since 1970.
public struct PrintedTime: Sendable, Hashable, Comparable {
  private let whole: UInt64
  /// Nanoseconds behind the point.
  private let fraction: UInt64
  private let decimals: Int

  /// - Returns: `nil` for what is no such number.
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

  public static func < (a: PrintedTime, b: PrintedTime) -> Bool { (a.whole, a.fraction) < (b.whole, b.fraction) }

  /// The earliest instant that is printed so; `nil` where the clock has no such instant.
  public func earliest(on clock: TraceClock) -> Timestamp? {
    guard let exact = exact(on: clock) else { return nil }
    return Timestamp(isRounded(on: clock) ? exact - min(exact, 500) : exact)
  }

  /// The latest instant that is printed so; `nil` where the clock has no such instant.
  public func latest(on clock: TraceClock) -> Timestamp? {
    guard let exact = exact(on: clock) else { return nil }
    return Timestamp(isRounded(on: clock) ? exact + min(.max - exact, 499) : exact)
  }

  /// Times are printed rounded to microseconds (``TraceClock/format(_:)``). A window that is bounded by the printed time of an
  /// event must hold this event, whichever way it was rounded; who gives more decimals means them exactly.
  private func isRounded(on clock: TraceClock) -> Bool { clock.unit == .nanoseconds && decimals <= 6 }

  private func exact(on clock: TraceClock) -> UInt64? {
    guard clock.unit == .nanoseconds else { return decimals == 0 ? whole : nil }
    let (seconds, isTooLong) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isTooLate) = seconds.addingReportingOverflow(fraction)
    return isTooLong || isTooLate ? nil : sum
  }
}

/// A shell pattern for names: `*`, `?`, `[a-z]`, `[!a-z]`; `\` takes the next character as it is.
public struct CommPattern: Sendable, Hashable {
  public let text: String

  /// - Returns: `nil` for an empty pattern.
  public init?(_ text: String) {
    guard !text.isEmpty else { return nil }
    self.text = text
  }

  /// Compares bytes, since names need not be UTF-8: `?` is one byte.
  func matches(_ comm: Comm) -> Bool {
    let name = comm.bytes.map { CChar(bitPattern: $0) } + [0]
    return fnmatch(text, name, 0) == 0
  }

  /// The same for text of any length.
  public func matches(text name: String) -> Bool { fnmatch(text, name, 0) == 0 }
}

/// A number of decimal digits alone: no sign, no space.
private func plainNumber<Number: FixedWidthInteger>(_ digits: Substring) -> Number? {
  guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
  return Number(digits)
}
