import ProxyAnalysis

/// Colours of a terminal, or none.
struct TextStyle {
  enum Ink: String {
    case heading = "1"
    case faint = "2"
    case damage = "31"
    case warning = "33"
  }

  var isColoured: Bool

  func paint(_ text: String, _ ink: Ink) -> String { isColoured ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text }
}

/// Lines and aligned columns.
enum TextLayout {
  /// No line of ours is wider, but for single words that are.
  static let width = 100

  /// A space that no line break takes the place of; ``wrap(words:indent:hanging:)`` turns it into an ordinary one.
  static let glue = "\u{a0}"

  /// A small table, two columns indented. Columns leave, those whose turn is first, until it is narrow enough.
  static func table(_ table: SummaryTable, _ phrases: FragmentText, _ style: TextStyle) -> [String] {
    var columns = table.columns.enumerated().map { index, column in
      TextColumn(
        title: title(column, phrases), isFlushRight: column.kind != .text, leaves: column.leaves,
        cells: table.rows.map { index < $0.count ? phrases.cell($0[index]) : "" })
    }
    while lineWidth(columns) > width, let turn = columns.compactMap(\.leaves).min() {
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
    var line = ""
    for column in columns {
      let text = cell(column)
      let space = String(repeating: " ", count: max(0, column.width - TextEscape.width(text)))
      line += "  " + (column.isFlushRight ? space + text : text + space)
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  private static func lineWidth(_ columns: [TextColumn]) -> Int { columns.reduce(0) { $0 + $1.width + 2 } }

  private static func title(_ column: SummaryTable.Column, _ phrases: FragmentText) -> String {
    column.kind == .duration ? "\(column.title) \(phrases.durationUnit)" : column.title
  }

  /// A text cut to so many columns.
  static func clipped(_ text: String, _ limit: Int) -> String {
    guard TextEscape.width(text) > limit else { return text }
    var short = text
    while TextEscape.width(short) >= limit { short.removeLast() }
    return short + "…"
  }

  /// Bars under each other: label, per cent, and a bar as long as the part is of the whole.
  static func bars(_ bars: [Bar], _ phrases: FragmentText, _ style: TextStyle) -> [String] {
    let full = 40
    let columns = [
      TextColumn(title: "", isFlushRight: false, cells: bars.map(\.label)),
      TextColumn(
        title: phrases.durationUnit, isFlushRight: true, cells: bars.map { phrases.cell(.duration($0.part)) }),
      TextColumn(title: "%", isFlushRight: true, cells: bars.map { HumanNumbers.percent($0.part, of: $0.whole) }),
      TextColumn(
        title: "", isFlushRight: false,
        cells: bars.map { bar in
          guard bar.whole > 0, bar.part > 0 else { return "" }
          let length = min(1, Double(bar.part) / Double(bar.whole)) * Double(full)
          return String(repeating: "#", count: max(1, Int(length.rounded())))
        }),
    ]
    return lines(columns, style)
  }

  /// Breaks a line at spaces so that it fits; what follows the first is indented.
  static func wrap(_ text: String, indent: Int = 0, hanging: Int = 2) -> [String] {
    wrap(words: text.split(separator: " ").map(String.init), indent: indent, hanging: hanging)
  }

  /// The same with words that may have spaces in them.
  static func wrap(words: [String], indent: Int = 0, hanging: Int = 2) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isFresh = true
    for word in words {
      if !isFresh, TextEscape.width(line) + 1 + TextEscape.width(word) > width {
        lines.append(line)
        line = String(repeating: " ", count: indent + hanging)
        isFresh = true
      }
      line += (isFresh ? "" : " ") + String(word.map { String($0) == glue ? " " : $0 })
      isFresh = false
    }
    return lines + [line]
  }
}

/// A column of text, ready to be aligned.
struct TextColumn {
  var title: String
  var isFlushRight: Bool
  /// See ``SummaryTable/Column/leaves``.
  var leaves: Int?
  var cells: [String]

  let width: Int

  init(title: String, isFlushRight: Bool, leaves: Int? = nil, cells: [String]) {
    self.title = title
    self.isFlushRight = isFlushRight
    self.leaves = leaves
    self.cells = cells
    width = cells.reduce(TextEscape.width(title)) { max($0, TextEscape.width($1)) }
  }
}
