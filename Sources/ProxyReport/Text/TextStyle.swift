/// Colours of a terminal, or none, and its width.
struct TextStyle {
  /// What a colour is for; the raw value is its ANSI code (ECMA-48, SGR).
  enum Ink: String {
    case heading = "1"
    case faint = "2"
    case damage = "31"
    case warning = "33"
  }

  var isColoured: Bool
  /// Columns of a line.
  var width = TextWidth.narrow

  func paint(_ text: String, _ ink: Ink) -> String { isColoured ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text }

  /// A text as lines of the report.
  /// - Parameter indent: columns; lines after the first have two more.
  func wrap(_ text: String, indent: Int = 0) -> [String] {
    breaker.lines(text, head: String(repeating: " ", count: indent), hanging: indent + 2)
  }

  /// The same for words that may contain spaces.
  func wrap(words: [String], indent: Int = 0) -> [String] {
    breaker.lines(words: words, head: String(repeating: " ", count: indent), hanging: indent + 2)
  }

  private var breaker: LineBreaker { LineBreaker(width: width, cutsLongWords: false) }
}
