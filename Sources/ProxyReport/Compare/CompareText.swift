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
    lines += section("Mean waits by task", comparison.tasks) + section("Mean waits by lock", comparison.locks)
    lines += unmatchedLines
    let admission = AdmissionText(comparison).lines
    if !admission.isEmpty {
      lines += ["", style.paint("What admission of blocked donors changes", .heading)]
      lines += admission.flatMap { style.wrap($0, indent: 2) }
    }
    lines += ["", style.paint("As the kernel's selftest prints it", .heading)] + selftest
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
    return lines
  }

  // MARK: ComparedSide

  private func section(_ title: String, _ rows: [FigureRow]) -> [String] {
    rows.isEmpty ? [] : ["", style.paint(title, .heading)] + table(rows)
  }

  /// A table of figures, each group under its name.
  private func table(_ figures: [FigureRow]) -> [String] {
    var rows: [(label: String, figure: FigureRow?)] = []
    for (index, figure) in figures.enumerated() {
      if index == 0 || figures[index - 1].group != figure.group {
        rows.append((TextLayout.clipped(TextEscape.terminal(figure.group), 20), nil))
      }
      rows.append(("  " + figure.name + FigureText.unit(figure.unit, isTime: isTime), figure))
    }
    func cells(_ text: (FigureRow) -> String) -> [String] { rows.map { $0.figure.map(text) ?? "" } }
    var columns = [TextColumn(title: "", isFlushRight: false, cells: rows.map(\.label))]
    for (index, side) in sides.enumerated() {
      columns.append(
        TextColumn(
          title: TextLayout.clipped(TextEscape.terminal(side.label), sides.count > 3 ? 9 : 15), isFlushRight: true,
          cells: cells { FigureText.value($0.values[index], $0.unit, isTime: isTime) }))
      guard index > 0 else { continue }
      columns.append(
        TextColumn(title: "change", isFlushRight: true, cells: cells { FigureText.relative($0.changes[index - 1]) })
      )
      if sides.count == 2 {
        columns.append(
          TextColumn(title: "95 %", isFlushRight: false, cells: cells { interval($0, $0.changes[index - 1]) }))
      }
      columns.append(TextColumn(title: "", isFlushRight: false, cells: cells { outcome($0.changes[index - 1]) }))
    }
    return TextLayout.lines(columns, style)
  }

  /// The interval of a change in per cent of the base.
  private func interval(_ row: FigureRow, _ change: Change?) -> String {
    guard let interval = change?.interval, let base = row.values[0], base != 0 else { return "" }
    func percent(_ value: Double) -> String {
      let text = NumberText.fixed(value / base * 100, 0)
      return (value > 0 && Double(text) != 0 ? "+" : "") + text
    }
    return "\(percent(interval.lowerBound)) … \(percent(interval.upperBound)) %"
  }

  private func outcome(_ change: Change?) -> String {
    switch change?.outcome {
    case .better: "better"
    case .worse: "worse"
    case .noDifference: sides.count == 2 ? "no difference shown" : "="
    case .tooFew: sides.count == 2 ? "too few samples" : "few"
    case nil: ""
    }
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

  // MARK: The selftest's lines

  /// `mutex_wait_avg_ns=…` and `mutex_wait_delta_ns=… (…%)`, at the beginning of lines.
  private var selftest: [String] {
    guard isTime else { return ["not available: the trace clock does not count nanoseconds"] }
    var lines: [String] = []
    for group in ["mutex hold", "mutex wait"] {
      let name = group.replacing(" ", with: "_")
      let rows = comparison.figures.filter { $0.group == group }
      guard let mean = rows.first(where: { $0.name == "mean" }), let count = rows.first(where: { $0.name == "samples" })
      else { continue }
      for (index, side) in sides.enumerated() {
        let value = mean.values[index].map { NumberText.fixed($0, 0) } ?? "none"
        let samples = NumberText.fixed(count.values[index] ?? 0, 0)
        // The kernel's test times its own hold from end to end; a capture shows it from its first waiter on.
        let part = group == "mutex hold" ? " (contended part)" : ""
        lines.append("\(name)_avg_ns=\(value) samples=\(samples)\(part) [\(TextEscape.terminal(side.label))]")
      }
      for (index, change) in mean.changes.enumerated() {
        guard let change else { continue }
        let share = change.relative.map { " (\(NumberText.fixed($0 * 100, 2))%)" } ?? ""
        let label = sides.count > 2 ? " [\(TextEscape.terminal(sides[index + 1].label))]" : ""
        lines.append("\(name)_delta_ns=\(NumberText.fixed(change.absolute, 0))\(share)\(label)")
      }
    }
    for side in sides {
      guard let count = side.blockedEnqueues else { continue }
      lines.append("nr_blocked_enqueues=\(count) [\(TextEscape.terminal(side.label))]")
    }
    return lines
  }
}
