import ProxyAnalysis

/// Lines, bars and aligned columns.
enum TextLayout {
  // MARK: Tables

  /// A small table, indented by two columns. Where it is too wide, columns are left out in the order of
  /// ``SummaryTable/Column/leaves``.
  static func table(_ table: SummaryTable, _ fragments: FragmentText, _ style: TextStyle) -> [String] {
    var columns = table.columns.enumerated().map { index, column in
      TextColumn(
        title: title(column, fragments), isFlushRight: column.kind != .text, leaves: column.leaves,
        cells: table.rows.map { index < $0.count ? fragments.cell($0[index]) : "" })
    }
    while columns.reduce(0, { $0 + $1.width + 2 }) > LineBreaker.report.width,
      let turn = columns.compactMap(\.leaves).min()
    {
      columns.removeAll { $0.leaves == turn }
    }
    return lines(columns, style)
  }

  /// Lines of aligned columns under their titles.
  static func lines(_ columns: [TextColumn], _ style: TextStyle) -> [String] {
    let count = columns.map(\.cells.count).max() ?? 0
    let head = style.paint(line(columns) { $0.title }, .faint)
    return [head] + (0..<count).map { row in line(columns) { row < $0.cells.count ? $0.cells[row] : "" } }
  }

  private static func line(_ columns: [TextColumn], _ cell: (TextColumn) -> String) -> String {
    columns.map { AlignedCell(text: cell($0), width: $0.width, isFlushRight: $0.isFlushRight) }.line(indent: "  ")
  }

  private static func title(_ column: SummaryTable.Column, _ fragments: FragmentText) -> String {
    column.kind == .duration ? "\(column.title) \(fragments.durationUnit)" : column.title
  }

  // MARK: Bars

  /// Bars under each other: label, duration, per cent, and a bar as long as the part is of the whole.
  static func bars(_ bars: [Bar], _ fragments: FragmentText, _ style: TextStyle) -> [String] {
    let columns = [
      TextColumn(title: "", isFlushRight: false, cells: bars.map(\.label)),
      TextColumn(
        title: fragments.durationUnit, isFlushRight: true, cells: bars.map { fragments.cell(.duration($0.part)) }),
      TextColumn(title: "%", isFlushRight: true, cells: bars.map { NumberText.percent($0.part, of: $0.whole) }),
      TextColumn(title: "", isFlushRight: false, cells: bars.map { bar($0.part, of: $0.whole) }),
    ]
    return lines(columns, style)
  }

  /// A bar of at most 40 columns; at least one where the part is greater than 0.
  static func bar(_ part: Int64, of whole: Int64) -> String {
    guard part > 0 else { return "" }
    let share = whole > 0 ? min(1, Double(part) / Double(whole)) : 0
    return String(repeating: "#", count: max(1, Int((share * 40).rounded())))
  }

  // MARK: Lines

  /// A text as lines of the report.
  /// - Parameter indent: columns; lines after the first have two more.
  static func wrap(_ text: String, indent: Int = 0) -> [String] {
    LineBreaker.report.lines(text, head: String(repeating: " ", count: indent), hanging: indent + 2)
  }

  /// The same for words that may contain spaces.
  static func wrap(words: [String], indent: Int = 0) -> [String] {
    LineBreaker.report.lines(words: words, head: String(repeating: " ", count: indent), hanging: indent + 2)
  }

  /// A text cut to so many columns.
  static func clipped(_ text: String, _ limit: Int) -> String {
    guard TextEscape.width(text) > limit else { return text }
    var short = text
    while TextEscape.width(short) >= limit { short.removeLast() }
    return short + "…"
  }

  /// A text with blanks after it up to a width.
  static func flushLeft(_ text: String, _ width: Int) -> String { text + blanks(text, width) }

  /// A text with blanks before it up to a width.
  static func flushRight(_ text: String, _ width: Int) -> String { blanks(text, width) + text }

  private static func blanks(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - TextEscape.width(text)))
  }
}
