/// Colours of a terminal, or none.
struct TextStyle {
  /// What a colour is for; the raw value is its ANSI code (ECMA-48, SGR).
  enum Ink: String {
    case heading = "1"
    case faint = "2"
    case damage = "31"
    case warning = "33"
  }

  var isColoured: Bool

  func paint(_ text: String, _ ink: Ink) -> String { isColoured ? "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m" : text }
}
