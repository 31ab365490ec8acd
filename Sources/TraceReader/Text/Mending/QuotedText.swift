import TraceCore

/// A line that somebody has put in quotes: an element of a list, code of a mail, a record of a log in JSON.
enum QuotedText {
  /// The keys under which logs have their lines: `journalctl -o json`, docker, and others.
  private static let keys = ["\"MESSAGE\"", "\"log\"", "\"message\"", "\"msg\"", "\"line\"", "\"text\""]

  /// - Parameter start: Behind quotation marks.
  /// - Returns: What is quoted, without escapes; `nil` where nothing is.
  static func inner(_ line: UnsafeRawBufferPointer, from start: Int) -> [UInt8]? {
    var (first, end) = (start, line.count)
    while first < end, line[first] <= 0x20 { first += 1 }
    while end > first, line[end - 1] <= 0x20 { end -= 1 }
    guard end - first > 2 else { return nil }
    switch line[first] {
    case UInt8(ascii: "{"): return message(UnsafeRawBufferPointer(rebasing: line[first..<end]))
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
      if line[end - 1] == UInt8(ascii: ",") { end -= 1 }
      guard end - first > 2, line[end - 1] == line[first] else { return nil }
      let inner = Array(line[(first + 1)..<(end - 1)])
      return line[first] == UInt8(ascii: "\"") ? unescaped(inner) : inner
    default: return nil
    }
  }

  /// The line that a record has.
  private static func message(_ record: UnsafeRawBufferPointer) -> [UInt8]? {
    for key in keys {
      guard let place = record.firstPlace(of: key) else { continue }
      var scanner = TextScanner(record, from: place + key.utf8.count)
      scanner.skipBlanks()
      guard scanner.skip(UInt8(ascii: ":")) else { continue }
      scanner.skipBlanks()
      guard scanner.skip(UInt8(ascii: "\"")) else { continue }
      let start = scanner.position
      while !scanner.isAtEnd, scanner.byte() != UInt8(ascii: "\"") {
        scanner.position += scanner.byte() == UInt8(ascii: "\\") ? 2 : 1
      }
      return unescaped(Array(record[start..<min(scanner.position, record.count)]))
    }
    return nil
  }

  private static func unescaped(_ text: [UInt8]) -> [UInt8] {
    var (text, decoder) = (text, TextDecoder(.string))
    let count = text.withUnsafeMutableBytes { decoder.decode($0, count: $0.count) }
    text.removeSubrange(count...)
    while text.last == 0x0a { text.removeLast() }
    return text
  }
}
