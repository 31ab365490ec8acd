/// Columns of a line of text.
public enum TextWidth {
  /// Where the output is no terminal, and at least.
  public static let narrow = 80
  /// At most; longer lines are hard to read.
  public static let wide = 200
}

/// Breaks text into lines at spaces.
struct LineBreaker {
  /// Columns of a line.
  var width: Int
  /// Whether a word that does not fit into a line is cut. Otherwise its line is wider than ``width``.
  var cutsLongWords: Bool

  /// For `explain`.
  static let story = LineBreaker(width: 80, cutsLongWords: true)

  /// Between words that belong on one line; it is written as an ordinary space.
  static let noBreakSpace = "\u{a0}"

  /// The lines of a text.
  /// - Parameters:
  ///   - head: what the first line begins with, before the text.
  ///   - hanging: columns by which the other lines are indented.
  func lines(_ text: String, head: String = "", hanging: Int) -> [String] {
    lines(words: text.split(separator: " ").map(String.init), head: head, hanging: hanging)
  }

  /// The same for words that may contain spaces.
  func lines(words: [String], head: String = "", hanging: Int) -> [String] {
    var lines: [String] = []
    var line = head
    var isFirstWord = true
    for word in words {
      let word = cutsLongWords ? TextLayout.clipped(word, width - hanging) : word
      if !isFirstWord, TextEscape.width(line) + 1 + TextEscape.width(word) > width {
        lines.append(line)
        line = String(repeating: " ", count: hanging)
        isFirstWord = true
      }
      line += (isFirstWord ? "" : " ") + String(word.map { String($0) == Self.noBreakSpace ? " " : $0 })
      isFirstWord = false
    }
    return lines + [line]
  }
}
