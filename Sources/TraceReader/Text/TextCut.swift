import TraceCore

/// Lines by which people say that they have cut out others: dots, `[...]`, `<snip>`, `-- 8< --`, `.... 332 ms`, grep's `--`.
enum TextCut {
  /// Longer lines are prose.
  private static let longest = 80

  /// Words that say it, in small letters.
  private static let words: [StaticString] = [
    "snip", "cut ", "cut>", "cut]", "skip", "omit", "elid", "trunc", "trimm", "deleted", "removed", "more lines",
  ]

  /// Whether a line that is no event says that lines were cut out here.
  /// - Parameter scanner: at the line's beginning.
  static func isCut(_ scanner: TextScanner) -> Bool {
    var line = scanner
    line.skipBlanks()
    let start = line.position
    // A frame of a stack, and an event that is cut off.
    if line.has("=>") || line.has("<...>-") { return false }
    var end = line.end
    while end > start, line.bytes[end - 1] <= 0x20 { end -= 1 }
    guard end > start, end - start <= longest else { return false }
    // What stands around the words and dots.
    var decoration = 0
    while line.position < end, isDecoration(line.byte()) {
      line.position += 1
      decoration += 1
    }
    if line.position == end { return decoration == 2 && line.bytes[start] == UInt8(ascii: "-") }
    // A wrapped line may begin with a column of flags.
    if line.has("..") || line.has("\u{2026}") { return !line.bytes[line.position..<end].contains(UInt8(ascii: ":")) }
    if line.has("8<") || line.has(">8") { return decoration > 0 }
    // Prose and wrapped lines may begin with one of the words, but not in brackets.
    guard decoration > 0 else { return false }
    return words.contains { begins(line, $0) } || hasCount(line, end)
  }

  private static func isDecoration(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "<"), UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "-"),
      UInt8(ascii: "="),
      UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: " "):
      true
    default: false
    }
  }

  private static func begins(_ line: TextScanner, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard line.position + count <= line.end else { return false }
    for index in 0..<count where line.bytes[line.position + index] | 0x20 != word.utf8Start[index] | 0x20 {
      return false
    }
    return true
  }

  /// `[120 lines omitted]`, `<34 lines>`.
  private static func hasCount(_ line: TextScanner, _ end: Int) -> Bool {
    var line = line
    guard line.decimal() != nil else { return false }
    line.skipBlanks()
    return line.has("line") || line.has("event")
  }
}
