/// Numbers as text: rounded for people, and exact for tables.
enum NumberText {
  // MARK: Times and shares

  /// Nanoseconds as milliseconds with three decimals, rounded: `12.346`.
  static func milliseconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 3, decimals: 3) }

  /// Nanoseconds as seconds with six decimals, rounded: `1.234568`.
  static func seconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 3, decimals: 6) }

  /// Nanoseconds as seconds with all nine decimals.
  static func exactSeconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 0, decimals: 9) }

  /// A part of a whole as per cent with one decimal; empty for a whole of 0. A part greater than 0 is never shown as 0.0, and
  /// a part smaller than the whole never as 100.0.
  static func percent(_ part: Int64, of whole: Int64) -> String {
    guard whole > 0 else { return "" }
    // A damaged file can make a part larger than its whole, by any factor.
    let permille = Int64(min(max(Double(part) * 1000 / Double(whole), -1e15), 1e15).rounded())
    if permille == 0, part > 0 { return "<0.1" }
    if permille == 1000, part < whole { return ">99.9" }
    return fixed(permille, dropping: 0, decimals: 1)
  }

  // MARK: Decimals

  /// A number with so many decimals, rounded; limited to what 64 bits hold. `–` for what is no finite number.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "–" }
    let scaled = Int64(min(max((value * Double(power(decimals))).rounded(), -9e18), 9e18))
    return fixed(isNegative: scaled < 0, scaled.magnitude, decimals)
  }

  /// A number with up to six decimals and without zeros at the end.
  static func exact(_ value: Double) -> String {
    var text = fixed(value, 6)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// A probability for data, with six significant digits: `0.00231`, `1.08254e-05`.
  static func probability(_ value: Double) -> String {
    guard value > 0, value < 1 else { return exact(value) }
    var (digits, exponent) = (value, 0)
    while digits < 0.9999995, exponent < 400 { (digits, exponent) = (digits * 10, exponent + 1) }
    return exponent <= 1 ? exact(value) : fixed(digits, 5) + "e-" + zeroPadded(exponent, 2)
  }

  /// `value / 10^(dropped + decimals)` with so many decimals, rounded half away from zero.
  private static func fixed(_ value: Int64, dropping dropped: Int, decimals: Int) -> String {
    let divisor = power(dropped)
    return fixed(isNegative: value < 0, (value.magnitude + divisor / 2) / divisor, decimals)
  }

  /// `magnitude / 10^decimals` with all its decimals; zero has no sign.
  private static func fixed(isNegative: Bool, _ magnitude: UInt64, _ decimals: Int) -> String {
    let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: power(decimals))
    let sign = isNegative && magnitude > 0 ? "-" : ""
    return sign + String(whole) + (decimals == 0 ? "" : "." + zeroPadded(fraction, decimals))
  }

  private static func power(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

  // MARK: Counts

  /// A number with leading zeros up to a width.
  static func zeroPadded(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// CPU numbers as the kernel's own lists write them: `0-3,8`.
  static func list(_ numbers: [Int32]) -> String {
    var ranges: [ClosedRange<Int32>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, number <= last.upperBound { continue }
      if let last = ranges.last, number == last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(
      separator: ",")
  }

  /// `1 event`, `2 events`.
  /// - Parameter plural: the noun for every other count than 1; `nil` where an `s` makes it.
  static func counted(_ count: UInt64, _ noun: String, plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }
}
