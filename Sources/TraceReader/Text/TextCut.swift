import TraceCore

/// Lines by which people say that they have cut out others: dots, `[...]`, `<snip>`, `-- 8< --`, `.... 332 ms`, grep's `--`,
/// stars; and those that say without a CPU that events were lost.
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
    if line.position == end { return isRuler(line.bytes[start..<end]) }
    if isDots(line.bytes[line.position..<end]) { return true }
    if saysLoss(line) { return decoration > 0 }
    // A wrapped line may begin with a column of flags.
    if line.has("..") || line.has("\u{2026}") { return !line.bytes[line.position..<end].contains(UInt8(ascii: ":")) }
    if line.has("8<") || line.has(">8") { return decoration > 0 }
    // Prose and wrapped lines may begin with one of the words, but not in brackets.
    guard decoration > 0 else { return false }
    return words.contains { begins(line, $0) } || hasCount(line, end)
  }

  /// Whether a comment says it: `# ...`, `# [ snip ]`. The kernel's heads have neither.
  /// - Parameter scanner: behind the comment's sign.
  static func isCutComment(_ scanner: TextScanner) -> Bool {
    var line = scanner
    line.skipBlanks()
    guard line.has("..") || line.has("\u{2026}") || line.has("[") || line.has("<") else { return false }
    return isCut(line)
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

  /// grep's `--`, and stars. Lines of hyphens, equals signs and tildes are borders and fences.
  private static func isRuler(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    if line.allSatisfy({ $0 == UInt8(ascii: "-") }) { return line.count == 2 }
    return line.count >= 3 && line.allSatisfy { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: " ") }
  }

  /// Dots above each other, one a line.
  private static func isDots(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    line.count == 1 && (line.first == UInt8(ascii: ".") || line.first == UInt8(ascii: ":"))
  }

  /// `[LOST 5 EVENTS]` of an unknown CPU, whoever wrote it.
  private static func saysLoss(_ line: TextScanner) -> Bool {
    contains(line, "event") && (contains(line, "lost") || contains(line, "dropped"))
  }

  private static func contains(_ line: TextScanner, _ word: StaticString) -> Bool {
    var line = line
    while !line.isAtEnd {
      if begins(line, word) { return true }
      line.position += 1
    }
    return false
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
