import ProxyAnalysis
package import ProxyCompare
import ProxyModel

/// Figures of a comparison as text for people.
package enum FigureText {
  /// Durations in milliseconds, shares in per cent; `–` where not known.
  /// - Parameter isTime: whether clock steps are nanoseconds.
  package static func value(_ value: Double?, _ unit: FigureRow.Unit, isTime: Bool) -> String {
    guard let value else { return "–" }
    switch unit {
    case .duration: return isTime ? NumberText.fixed(value / 1e6, 3) : NumberText.fixed(value, 0)
    case .count: return NumberText.fixed(value, 0)
    case .share: return NumberText.fixed(value * 100, 1) + " %"
    case .perSecond, .ratio: return NumberText.fixed(value, 2)
    }
  }

  /// The figure's name; that of a class of waiting in the words of the report.
  package static func name(_ figure: FigureRow) -> String {
    guard figure.group == Comparison.classGroup else { return figure.name }
    return WaitClass.allCases.first { $0.name == figure.name }?.plainName(isProxying: true) ?? figure.name
  }

  /// The unit after a figure's name; empty where the cells have it, or where there is none.
  package static func unit(_ unit: FigureRow.Unit, isTime: Bool) -> String {
    unit == .duration ? (isTime ? " ms" : " steps") : ""
  }

  /// `+12.3 %`, `0.0 %`, `×12.3` from ten times on; empty where there is no base.
  package static func relative(_ change: Change?) -> String {
    guard let share = change?.relative else { return "" }
    if share >= 9 { return "×" + NumberText.fixed(share + 1, 1) }
    let percent = NumberText.fixed(share * 100, 1)
    return (percent.hasPrefix("-") || Double(percent) == 0 ? "" : "+") + percent + " %"
  }

  /// A value with its unit.
  package static func withUnit(_ value: Double?, _ unit: FigureRow.Unit, isTime: Bool) -> String {
    Self.value(value, unit, isTime: isTime) + (value == nil ? "" : Self.unit(unit, isTime: isTime))
  }

  /// The interval of a change in per cent of the base; empty where there is none.
  package static func interval(_ change: Change?) -> String {
    guard let interval = change?.relativeInterval else { return "" }
    func percent(_ value: Double) -> String {
      let text = NumberText.fixed(value * 100, 0)
      return (value > 0 && Double(text) != 0 ? "+" : "") + text
    }
    return "\(percent(interval.lowerBound)) … \(percent(interval.upperBound)) %"
  }

  /// What the p-values of a comparison are; nothing where it has none.
  package static func tests(_ comparison: Comparison) -> [String] {
    let changes = (comparison.figures + comparison.tasks + comparison.locks).flatMap(\.changes)
    let tests = changes.compactMap { change -> PermutationTest? in
      if case .permutation(let test) = change?.test { test } else { nil }
    }
    guard !tests.isEmpty else { return [] }
    let drawn = tests.first { !$0.isExact }.map { test in
      "; ~ where \(NumberText.fixed(test.permutations, 0)) were drawn, from a fixed seed"
    }
    let level = significant(Comparison.errorShare / Double(max(comparison.judged, 1)))
    return [
      "p: permutation test, where a side has few samples: of all permutations the part with a difference as great"
        + "\(drawn ?? ""); up to \(level) (0.05 / \(comparison.judged) figures) is more than chance"
    ]
  }

  /// `p 0.0012`, exact; `p ~0.0012` where permutations were drawn; empty for other tests.
  package static func probability(_ change: Change?) -> String {
    guard case .permutation(let test) = change?.test else { return "" }
    return "p " + (test.isExact ? "" : "~") + significant(test.p)
  }

  /// Two significant digits: `0.0012`, `1.1e-5`.
  static func significant(_ value: Double) -> String {
    guard value > 0, value < 1 else { return NumberText.fixed(value, 2) }
    var (digits, exponent) = (value, 0)
    while digits < 0.995, exponent < 300 { (digits, exponent) = (digits * 10, exponent + 1) }
    if exponent <= 4 { return NumberText.fixed(value, exponent + 1) }
    return NumberText.fixed(digits, 1) + "e-\(exponent)"
  }
}
