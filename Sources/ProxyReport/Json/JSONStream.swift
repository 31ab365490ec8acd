import Dispatch
import ProxyAnalysis
import TraceCore

/// Writes one JSON document value by value, with commas, line breaks and escapes. It keeps nothing but the nesting.
struct JSONStream {
  private struct Level {
    var isEmpty = true
    /// Everything inside is on one line.
    var isInline: Bool
    var end: UInt8
  }

  private let sink: ByteSink
  private var levels: [Level] = []
  private var isAfterKey = false

  init(_ sink: ByteSink) { self.sink = sink }

  mutating func object(inline: Bool = false, _ body: (inout JSONStream) throws(OutputError) -> Void) throws(OutputError)
  {
    try open("{", end: UInt8(ascii: "}"), inline: inline)
    try body(&self)
    try close()
  }

  mutating func array(inline: Bool = false, _ body: (inout JSONStream) throws(OutputError) -> Void) throws(OutputError)
  {
    try open("[", end: UInt8(ascii: "]"), inline: inline)
    try body(&self)
    try close()
  }

  /// The name of the next value.
  mutating func key(_ name: String) throws(OutputError) {
    try separate()
    try quote(name)
    try sink.write(": " as StaticString)
    isAfterKey = true
  }

  mutating func string(_ text: String) throws(OutputError) {
    try separate()
    try quote(text)
  }

  mutating func number(_ value: Int64) throws(OutputError) {
    try separate()
    try sink.write(value)
  }

  mutating func number(_ value: UInt64) throws(OutputError) {
    try separate()
    try sink.write(value)
  }

  /// A number in JSON's syntax, or one of its words.
  mutating func literal(_ text: String) throws(OutputError) {
    try separate()
    try sink.write(text)
  }

  mutating func null() throws(OutputError) { try literal("null") }

  // MARK: Members

  mutating func member(_ name: String, _ text: String?) throws(OutputError) {
    try key(name)
    if let text { try string(text) } else { try null() }
  }

  mutating func member(_ name: String, _ value: Int64) throws(OutputError) {
    try key(name)
    try number(value)
  }

  mutating func member(_ name: String, _ value: UInt64?) throws(OutputError) {
    try key(name)
    if let value { try number(value) } else { try null() }
  }

  /// A number in JSON's syntax; `nil` for what is not known.
  mutating func member(_ name: String, literal: String?) throws(OutputError) {
    try key(name)
    try self.literal(literal ?? "null")
  }

  mutating func member(_ name: String, _ texts: [String]) throws(OutputError) {
    try key(name)
    try array { json throws(OutputError) in
      for text in texts { try json.string(text) }
    }
  }

  // MARK: Pieces

  /// Values of an array, one or more a piece, which several threads make side by side. They are written in order.
  mutating func pieces(
    _ count: Int, jobs: Int, _ make: @Sendable (_ piece: Int, inout JSONStream) throws(OutputError) -> Void
  ) throws(OutputError) {
    guard jobs > 1, count > 1 else {
      for piece in 0..<count { try make(piece, &self) }
      return
    }
    let queue = PieceQueue(count: count, jobs: jobs, sink)
    let first = levels
    levels[levels.count - 1].isEmpty = false
    let others = levels
    DispatchQueue.concurrentPerform(iterations: min(jobs, count)) { _ in
      while let piece = queue.next() {
        let memory = ByteSink()
        var json = JSONStream(memory)
        json.levels = piece == 0 ? first : others
        let made = Result { () throws(OutputError) in try make(piece, &json) }
        queue.write(piece) { sink throws(OutputError) in
          try made.get()
          try sink.write(memory.bytes)
        }
      }
    }
    if let failure = queue.failure { throw failure }
  }

  // MARK: Rows

  /// Rows of a table as objects, each on a line of its own; in an array.
  mutating func rows(of table: Table, jobs: Int) throws(OutputError) {
    if table.rowCount == 0 { return }
    let line = Array("\n".utf8) + Array(String(repeating: "  ", count: levels.count).utf8)
    let keys = table.columns.enumerated().map { place, column in
      Array("\(place == 0 ? "{" : ", ")\"\(column.name)\": ".utf8)
    }
    let syntax = RowSyntax(
      first: line, next: [UInt8(ascii: ",")] + line, before: keys, end: [UInt8(ascii: "}")],
      unknown: Array("null".utf8), quote: UInt8(ascii: "\""), isPlain: Self.isPlain, text: Self.quoted)
    try RowWriter(jobs: jobs).write(table, syntax, to: sink)
    levels[levels.count - 1].isEmpty = false
  }

  private mutating func open(_ begin: StaticString, end: UInt8, inline: Bool) throws(OutputError) {
    try separate()
    try sink.write(begin)
    levels.append(Level(isInline: inline || levels.last?.isInline == true, end: end))
  }

  private mutating func close() throws(OutputError) {
    let level = levels.removeLast()
    if !level.isEmpty, !level.isInline { try breakLine() }
    try sink.write(level.end)
    if levels.isEmpty { try sink.write("\n" as StaticString) }
  }

  /// Writes what comes before a value or a key.
  private mutating func separate() throws(OutputError) {
    if isAfterKey {
      isAfterKey = false
      return
    }
    guard let level = levels.last else { return }
    if !level.isEmpty { try sink.write(level.isInline ? ", " : "," as StaticString) }
    if !level.isInline { try breakLine() }
    levels[levels.count - 1].isEmpty = false
  }

  private func breakLine() throws(OutputError) {
    try sink.write("\n" as StaticString)
    for _ in levels { try sink.write("  " as StaticString) }
  }

  private func quote(_ text: String) throws(OutputError) {
    try sink.write(UInt8(ascii: "\""))
    // Most strings are plain.
    if try sink.write(text, ifAll: Self.isPlain) { return try sink.write(UInt8(ascii: "\"")) }
    try sink.write(Array(Self.quoted(text).dropFirst()))
  }

  /// Any text with its quotes.
  private static func quoted(_ text: String) -> [UInt8] {
    var bytes = [UInt8(ascii: "\"")]
    for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
    return bytes + [UInt8(ascii: "\"")]
  }

  /// Whether a byte is ASCII that needs no escape.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar {
    case "\"": bytes += "\\\"".utf8
    case "\\": bytes += "\\\\".utf8
    case "\n": bytes += "\\n".utf8
    case "\r": bytes += "\\r".utf8
    case "\t": bytes += "\\t".utf8
    // JSON needs escapes for U+0000 to U+001F only; the others are as bad for a terminal that shows the document.
    case _ where TextEscape.isUnsafe(scalar):
      for unit in UTF16.encode(scalar)! {
        let digits = String(unit, radix: 16)
        bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
      }
    default: bytes += UTF8.encode(scalar)!
    }
  }
}
