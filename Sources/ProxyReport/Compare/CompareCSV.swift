import ProxyAnalysis
public import ProxyCompare
import TraceCore

/// A comparison as a CSV table: a row for each figure and each side but the base.
///
/// Durations are in steps of the trace clock, which are nanoseconds unless the clock counts something else; an empty cell is
/// not known.
public struct CompareCSV {
  private let writer: CSVWriter

  /// - Parameter writer: how cells are written.
  public init(_ writer: CSVWriter = CSVWriter()) { self.writer = writer }

  private static let columns = [
    "scope", "name", "figure", "unit", "base_label", "new_label", "base", "new", "delta", "delta_share", "low_95",
    "high_95", "verdict", "test", "p", "permutations",
  ]

  /// Writes a comparison.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ comparison: Comparison, to sink: ByteSink) throws(OutputError) {
    try writer.write(header: Self.columns, to: sink)
    let scopes = [("capture", comparison.figures), ("task", comparison.tasks), ("lock", comparison.locks)]
    let unmatched = comparison.unmatched.map { ($0.kind, [$0.figure]) }
    for (scope, figures) in scopes + unmatched {
      for figure in figures {
        for side in comparison.sides.indices.dropFirst() {
          try writer.write(row: Self.row(scope, figure, side, comparison), to: sink)
        }
      }
    }
  }

  /// The row of a figure for a side other than the base.
  private static func row(_ scope: String, _ figure: FigureRow, _ side: Int, _ comparison: Comparison) -> [Cell] {
    let change = figure.changes[side - 1]
    let numbers = [
      figure.values[0], figure.values[side], change?.absolute, change?.relative, change?.interval?.lowerBound,
      change?.interval?.upperBound,
    ]
    return [
      .word(scope), .text(figure.group), .word(figure.name.replacing(" ", with: "_")),
      .word(comparison.unitName(figure.unit)), .text(comparison.sides[0].label), .text(comparison.sides[side].label),
    ] + numbers.map { $0.map { .word(NumberText.exact($0)) } ?? .empty } + [.word(change?.outcome?.rawValue ?? "")]
      + test(change?.test)
  }
}

extension CompareCSV {
  /// How a verdict was found; `p` and the number of permutations for a permutation test alone.
  private static func test(_ test: ChangeTest?) -> [Cell] {
    switch test {
    case .bootstrap: [.word("bootstrap"), .empty, .empty]
    case .permutation(let test):
      [.word(test.name), .word(NumberText.probability(test.p)), .word(NumberText.exact(test.permutations))]
    case nil: [.word(""), .empty, .empty]
    }
  }
}

extension Comparison {
  /// A unit's name in data.
  func unitName(_ unit: FigureRow.Unit) -> String {
    guard unit == .duration else { return unit.rawValue }
    return sides.allSatisfy(\.countsNanoseconds) ? "ns" : "clock steps"
  }
}
