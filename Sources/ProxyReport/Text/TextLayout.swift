import ProxyAnalysis
import ProxyModel

/// Lines, bars and aligned columns.
enum TextLayout {
  /// A piece of a block.
  static func lines(_ content: SummaryBlock.Content, _ fragments: FragmentText, _ style: TextStyle) -> [String] {
    switch content {
    case .table(let table): TextLayout.table(table, fragments, style)
    case .bars(let bars): TextLayout.bars(bars, fragments, style)
    case .line(let line): style.wrap(fragments.wrappable(line), indent: 2)
    }
  }

  // MARK: Tables

  /// A small table, indented by two columns. Where it is too wide, columns are left out in the order of
  /// ``SummaryTable/Column/leaves``.
  static func table(_ table: SummaryTable, _ fragments: FragmentText, _ style: TextStyle) -> [String] {
    var columns = table.columns.enumerated().map { index, column in
      TextColumn(
        title: title(column, fragments), isFlushRight: column.kind != .text, leaves: column.leaves,
        cells: table.rows.map { index < $0.count ? fragments.cell($0[index]) : "" })
    }
    while columns.reduce(0, { $0 + $1.width + 2 }) > style.width,
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

  /// More bars than these stand in two columns.
  private static let barsOfAColumn = 5
  /// A bar that is shorter says nothing.
  private static let shortestBar = 8

  /// Label, duration, per cent, and a bar as long as the part is of the whole; many of them in two columns, if these fit.
  static func bars(_ bars: [Bar], _ fragments: FragmentText, _ style: TextStyle) -> [String] {
    // All of them, so that both columns are alike.
    let label = bars.map { TextEscape.width($0.label) }.max() ?? 0
    let figure = bars.map { fragments.cell(.duration($0.part)).count }.max() ?? 0
    let share = bars.map { NumberText.percent($0.part, of: $0.whole).count }.max() ?? 0
    let plain = label + figure + share + 6
    let halves = bars.count > barsOfAColumn && 2 * plain + 4 <= style.width ? 2 : 1
    let rows = (bars.count + halves - 1) / halves
    let width = (style.width - 2 * halves) / halves
    let room = min(40, width - plain - 2)
    func text(_ bar: Bar) -> String {
      let percent = NumberText.percent(bar.part, of: bar.whole)
      let line =
        flushLeft(bar.label, label) + "  " + flushRight(fragments.cell(.duration(bar.part)), figure) + "  "
        + flushRight(percent, share) + " %"
      return room < shortestBar ? line : line + "  " + TextLayout.bar(bar.part, of: bar.whole, columns: room)
    }
    return (0..<rows).map { row in
      var line = "  " + text(bars[row])
      if row + rows < bars.count { line = flushLeft(line, width + 2) + "  " + text(bars[row + rows]) }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// The classes of waiting time that are not empty, in plain words, the greatest first.
  static func bars(_ times: ClassTimes, _ context: ReportContext, _ style: TextStyle) -> [String] {
    let isProxying = context.timeline.verdict.answer == .on
    let parts = WaitClass.allCases.filter { times[$0] != 0 }.map {
      Bar($0.plainName(isProxying: isProxying), part: times[$0], whole: times.total)
    }
    // Equal ones stay in the order of the classes.
    let ranked = parts.enumerated().sorted { ($1.element.part, $0.offset) < ($0.element.part, $1.offset) }
    return bars(ranked.map(\.element), FragmentText(context), style)
  }

  /// A bar of at most so many columns; at least one where the part is greater than 0.
  static func bar(_ part: Int64, of whole: Int64, columns: Int = 40) -> String {
    guard part > 0 else { return "" }
    let share = whole > 0 ? min(1, Double(part) / Double(whole)) : 0
    return String(repeating: "#", count: max(1, Int((share * Double(columns)).rounded())))
  }

  // MARK: Cells

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
