/// Numbers as people read them.
enum HumanNumbers {
  /// Nanoseconds as milliseconds with three decimals, rounded: `12.346`.
  static func milliseconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 3, decimals: 3) }

  /// Nanoseconds as seconds with six decimals, rounded: `1.234568`.
  static func seconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 3, decimals: 6) }

  /// Nanoseconds as seconds with all nine decimals.
  static func exactSeconds(_ nanoseconds: Int64) -> String { fixed(nanoseconds, dropping: 0, decimals: 9) }

  /// A part of a whole as per cent with one decimal. What is there is never shown as 0.0, nor what is missing as 100.0.
  static func percent(_ part: Int64, of whole: Int64) -> String {
    guard whole > 0 else { return "" }
    // A damaged file can make a part larger than its whole, by any factor.
    let permille = Int64(min(max(Double(part) * 1000 / Double(whole), -1e15), 1e15).rounded())
    if permille == 0, part > 0 { return "<0.1" }
    if permille == 1000, part < whole { return ">99.9" }
    return fixed(permille, dropping: 0, decimals: 1)
  }

  /// `value / 10^dropped`, rounded half away from zero, with its last `decimals` digits behind the point.
  private static func fixed(_ value: Int64, dropping dropped: Int, decimals: Int) -> String {
    let divisor = power(dropped)
    let rounded = (value.magnitude + divisor / 2) / divisor
    let fraction = String(rounded % power(decimals))
    let sign = value < 0 && rounded > 0 ? "-" : ""
    return "\(sign)\(rounded / power(decimals))." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  private static func power(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

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
  static func counted(_ count: UInt64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
