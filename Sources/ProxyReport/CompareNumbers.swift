import ProxyCompare

/// Figures of a comparison as text: for people, and exactly.
enum CompareNumbers {
  /// Durations in milliseconds, shares in per cent; `–` where not known.
  static func human(_ value: Double?, _ unit: FigureRow.Unit, isTime: Bool) -> String {
    guard let value else { return "–" }
    switch unit {
    case .duration: return isTime ? fixed(value / 1e6, 3) : fixed(value, 0)
    case .count: return fixed(value, 0)
    case .share: return fixed(value * 100, 1) + " %"
    case .perSecond: return fixed(value, 2)
    }
  }

  /// A unit behind a figure's name; empty where the cells have it, or there is none.
  static func unit(_ unit: FigureRow.Unit, isTime: Bool) -> String {
    unit == .duration ? (isTime ? " ms" : " steps") : ""
  }

  /// `+12.3 %`, `0.0 %`, `×12.3` from ten times on; empty where there is no base.
  static func relative(_ change: Change?) -> String {
    guard let share = change?.relative else { return "" }
    if share >= 9 { return "×" + fixed(share + 1, 1) }
    let percent = fixed(share * 100, 1)
    return (percent.hasPrefix("-") || Double(percent) == 0 ? "" : "+") + percent + " %"
  }

  /// With as many decimals, rounded; within what 64 bits hold.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "–" }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int64(min(max((value * scale).rounded(), -9e18), 9e18))
    let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
    let digits = String(fraction)
    let rest = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - digits.count) + digits
    return (scaled < 0 ? "-" : "") + "\(whole)" + rest
  }

  /// All there is, for tables: up to six decimals, none that are zero.
  static func exact(_ value: Double) -> String {
    var text = fixed(value, 6)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}
