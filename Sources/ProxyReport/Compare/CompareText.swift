import ProxyAnalysis
public import ProxyCompare
import ProxyModel
import TraceCore

/// A comparison as text: the sides, the figures with their changes, and the lines of the kernel's selftest.
public struct CompareText {
  private let style: TextStyle
  private let comparison: Comparison

  /// A renderer of one comparison.
  public init(_ comparison: Comparison, isColoured: Bool, width: Int = TextWidth.narrow) {
    self.comparison = comparison
    style = TextStyle(isColoured: isColoured, width: width)
  }

  private var sides: [ComparedSide] { comparison.sides }
  private var isTime: Bool { sides.allSatisfy(\.countsNanoseconds) }

  /// Writes the comparison.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(to sink: ByteSink) throws(OutputError) {
    var lines = heads
    lines += ["", style.paint("Captures", .heading)] + table(comparison.figures)
    lines += FigureText.tests(comparison).flatMap { style.wrap($0, indent: 2) }
    lines += section("Mean waits by task", comparison.tasks) + section("Mean waits by lock", comparison.locks)
    lines += unmatchedLines
    let admission = AdmissionText(comparison).lines
    if !admission.isEmpty {
      lines += ["", style.paint("What admission of blocked donors changes", .heading)]
      lines += admission.flatMap { style.wrap($0, indent: 2) }
    }
    lines += ["", style.paint("As the kernel's selftest prints it", .heading)] + SelftestText(comparison, style).lines
    for line in lines { try sink.write(line + "\n") }
  }

  // MARK: The sides

  private var heads: [String] {
    var lines: [String] = []
    for side in sides {
      let files = side.captures.map { TextEscape.terminal($0.capture.path) }.joined(separator: ", ")
      lines += style.wrap("\(TextEscape.terminal(side.label)): \(files)")
      for context in side.captures {
        let verdict = context.timeline.verdict
        let kernel = context.capture.kernelRelease.map { "Linux \(TextEscape.terminal($0)), " } ?? ""
        lines += style.wrap(
          "\(kernel)proxy execution \(verdict.answer.rawValue)\(verdict.evidence.note)", indent: 2)
      }
      let known = side.evidence.map { rows, counts in
        "\(rows) " + counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
      }
      if !known.isEmpty { lines += style.wrap("known by: \(known.joined(separator: "; "))", indent: 2) }
      if side.excludedWaits > 0 {
        lines += style.wrap(
          "\(NumberText.counted(UInt64(side.excludedWaits), "wait")) left out that the trace's ends cut or lost records touch",
          indent: 2)
      }
    }
    if let skipped = sides.map(\.skipped).max(), skipped > 0 {
      lines += style.wrap("without the first \(NumberText.counted(UInt64(skipped), "wait")) of each lock")
    }
    let clocks = sides.differentClocks.map { TextEscape.terminal($0) }
    if !clocks.isEmpty {
      lines += style.wrap("the captures' clocks differ (\(clocks.joined(separator: ", "))); all count nanoseconds")
    }
    return lines
  }

  // MARK: Figures

  private func section(_ title: String, _ rows: [FigureRow]) -> [String] {
    rows.isEmpty ? [] : ["", style.paint(title, .heading)] + table(rows)
  }

  /// A table of figures, each group under its name.
  private func table(_ figures: [FigureRow]) -> [String] {
    var rows: [(label: String, figure: FigureRow?)] = []
    for (index, figure) in figures.enumerated() {
      if index == 0 || figures[index - 1].group != figure.group {
        rows.append((TextLayout.clipped(TextEscape.terminal(figure.group), 24), nil))
      }
      rows.append(("  " + FigureText.name(figure) + FigureText.unit(figure.unit, isTime: isTime), figure))
    }
    func cells(_ text: (FigureRow) -> String) -> [String] { rows.map { $0.figure.map(text) ?? "" } }
    var columns = [TextColumn(title: "", isFlushRight: false, cells: rows.map(\.label))]
    for index in sides.indices {
      columns.append(
        TextColumn(
          title: titles[index], isFlushRight: true,
          cells: cells { FigureText.value($0.values[index], $0.unit, isTime: isTime) }))
      guard index > 0 else { continue }
      columns.append(
        TextColumn(title: "change", isFlushRight: true, cells: cells { FigureText.relative($0.changes[index - 1]) })
      )
      if sides.count == 2 {
        columns.append(
          TextColumn(
            title: "95 %", isFlushRight: false, cells: cells { FigureText.interval($0.changes[index - 1]) }))
      }
      columns.append(TextColumn(title: "", isFlushRight: false, cells: cells { outcome($0.changes[index - 1]) }))
    }
    return TextLayout.lines(columns, style)
  }

  private func outcome(_ change: Change?) -> String {
    guard let outcome = change?.outcome else { return "" }
    let probability = FigureText.probability(change)
    if sides.count == 2 {
      if probability.isEmpty { return outcome.rawValue }
      return (outcome == .noDifference ? "not shown" : outcome.rawValue) + ", \(probability)"
    }
    return switch outcome {
    case .better, .worse: outcome.rawValue
    case .noDifference: "="
    case .tooFew: "few"
    }
  }

  /// The sides' labels as titles of columns. Long ones are cut in front where their beginnings are equal.
  private var titles: [String] {
    let (names, limit) = (sides.map { TextEscape.terminal($0.label) }, sides.count > 3 ? 9 : 12)
    let short = names.map { TextLayout.clipped($0, limit) }
    if Set(short).count == Set(names).count { return short }
    let ends = names.map { name in
      TextEscape.width(name) <= limit ? name : String(TextLayout.clipped(String(name.reversed()), limit).reversed())
    }
    return Set(ends).count == Set(names).count ? ends : names
  }

  private var unmatchedLines: [String] {
    var lines: [String] = []
    for (kind, figure) in comparison.unmatched {
      let places = comparison.labels(with: figure).map { TextEscape.terminal($0) }.joined(separator: ", ")
      lines += style.wrap("\(kind) \(TextEscape.terminal(figure.group)): waits in \(places) alone", indent: 2)
    }
    for (side, count) in zip(sides, comparison.namelessLocks) where count > 0 {
      lines += style.wrap(
        "\(NumberText.counted(UInt64(count), "lock")) of \(TextEscape.terminal(side.label)) without a symbol: addresses "
          + "differ between boots, so nothing is matched by them (--match tells names)", indent: 2)
    }
    return lines.isEmpty ? [] : ["", style.paint("Not matched", .heading)] + lines
  }
}
