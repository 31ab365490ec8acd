/// A column of text, ready to be aligned.
struct TextColumn {
  /// Its heading.
  var title: String
  var isFlushRight: Bool
  /// See ``SummaryTable/Column/leaves``.
  var leaves: Int?
  var cells: [String]

  /// Columns of a terminal that the title and the widest cell need.
  let width: Int

  init(title: String, isFlushRight: Bool, leaves: Int? = nil, cells: [String]) {
    self.title = title
    self.isFlushRight = isFlushRight
    self.leaves = leaves
    self.cells = cells
    width = cells.reduce(TextEscape.width(title)) { max($0, TextEscape.width($1)) }
  }
}

/// A cell of a line whose cells are aligned with those of other lines.
struct AlignedCell {
  var text: String
  /// Columns of a terminal.
  var width: Int
  var isFlushRight: Bool
}

extension [AlignedCell] {
  /// The cells beside each other, two blanks apart, without blanks at the end.
  func line(indent: String = "") -> String {
    var line = indent
    for (index, cell) in enumerated() {
      if index > 0 { line += "  " }
      line +=
        cell.isFlushRight ? TextLayout.flushRight(cell.text, cell.width) : TextLayout.flushLeft(cell.text, cell.width)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
