import TraceCore

/// A line of a page or of a terminal: entities, tags and no-break spaces that pages put into a trace, colours that `grep` does.
enum MarkupText {
  private static let entities: [(name: [UInt8], byte: UInt8)] = [
    ("lt;", "<"), ("gt;", ">"), ("amp;", "&"), ("quot;", "\""), ("apos;", "'"), ("nbsp;", " "), ("#39;", "'"),
    ("#x27;", "'"),
    ("#34;", "\""), ("#x3D;", "="), ("#x3d;", "="), ("#61;", "="), ("#160;", " "), ("#32;", " "), ("#62;", ">"),
    ("#60;", "<"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)[0]) }
  /// Tags that stand within preformatted text. `<idle>` is none.
  private static let tags = [
    "pre", "code", "span", "br", "p", "div", "td", "tr", "a", "b", "i", "font", "em", "strong", "tt",
  ]
  .map { Array($0.utf8) }

  /// - Returns: The line without them; `nil` where it has none.
  static func plain(_ line: UnsafeRawBufferPointer) -> [UInt8]? {
    guard line.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "<") || $0 == 0x1b || $0 == 0xc2 })
    else {
      return nil
    }
    var plain: [UInt8] = []
    var (place, isChanged) = (0, false)
    while place < line.count {
      let byte = line[place]
      if byte == UInt8(ascii: "&"), let entity = entities.first(where: { begins(line, place + 1, $0.name) }) {
        plain.append(entity.byte)
        place += 1 + entity.name.count
        isChanged = true
      } else if byte == 0xc2, place + 1 < line.count, line[place + 1] == 0xa0 {
        // U+00A0 in UTF-8.
        plain.append(UInt8(ascii: " "))
        place += 2
        isChanged = true
      } else if byte == 0x1b, let end = escapeEnd(line, place) {
        place = end
        isChanged = true
      } else if byte == UInt8(ascii: "<"), let end = tagEnd(line, place) {
        place = end
        isChanged = true
      } else {
        plain.append(byte)
        place += 1
      }
    }
    return isChanged ? plain : nil
  }

  /// Where `ESC [ 3 2 m` or the like ends that begins here (ECMA-48, control sequences).
  private static func escapeEnd(_ line: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    guard start + 2 < line.count, line[start + 1] == UInt8(ascii: "[") else { return nil }
    return line[(start + 2)...].prefix(16).firstIndex { (0x40...0x7e).contains($0) }.map { $0 + 1 }
  }

  /// Where a tag ends that begins here.
  private static func tagEnd(_ line: UnsafeRawBufferPointer, _ start: Int) -> Int? {
    var name = start + 1
    if name < line.count, line[name] == UInt8(ascii: "/") { name += 1 }
    guard let tag = tags.first(where: { begins(line, name, $0) && !isWord(line, name + $0.count) }) else { return nil }
    return line[(name + tag.count)...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 }
  }

  private static func isWord(_ line: UnsafeRawBufferPointer, _ place: Int) -> Bool {
    guard place < line.count else { return true }
    return line[place] != UInt8(ascii: ">") && line[place] != UInt8(ascii: " ") && line[place] != UInt8(ascii: "/")
  }

  private static func begins(_ line: UnsafeRawBufferPointer, _ place: Int, _ text: [UInt8]) -> Bool {
    place + text.count <= line.count && line[place..<place + text.count].elementsEqual(text)
  }
}
