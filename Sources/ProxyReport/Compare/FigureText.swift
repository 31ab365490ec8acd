import ProxyCompare

/// Figures of a comparison as text for people.
enum FigureText {
  /// Durations in milliseconds, shares in per cent; `–` where not known.
  /// - Parameter isTime: whether clock steps are nanoseconds.
  static func value(_ value: Double?, _ unit: FigureRow.Unit, isTime: Bool) -> String {
    guard let value else { return "–" }
    switch unit {
    case .duration: return isTime ? NumberText.fixed(value / 1e6, 3) : NumberText.fixed(value, 0)
    case .count: return NumberText.fixed(value, 0)
    case .share: return NumberText.fixed(value * 100, 1) + " %"
    case .perSecond, .ratio: return NumberText.fixed(value, 2)
    }
  }

  /// The unit after a figure's name; empty where the cells have it, or where there is none.
  static func unit(_ unit: FigureRow.Unit, isTime: Bool) -> String {
    unit == .duration ? (isTime ? " ms" : " steps") : ""
  }

  /// `+12.3 %`, `0.0 %`, `×12.3` from ten times on; empty where there is no base.
  static func relative(_ change: Change?) -> String {
    guard let share = change?.relative else { return "" }
    if share >= 9 { return "×" + NumberText.fixed(share + 1, 1) }
    let percent = NumberText.fixed(share * 100, 1)
    return (percent.hasPrefix("-") || Double(percent) == 0 ? "" : "+") + percent + " %"
  }
}
