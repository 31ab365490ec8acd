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

  /// Billionths as a number with nine decimals.
  mutating func number(billionths: Int64) throws(OutputError) {
    try separate()
    try sink.write(billionths: billionths)
  }

  /// An address: `"0x…"`.
  mutating func string(address: UInt64) throws(OutputError) {
    try separate()
    try sink.write(UInt8(ascii: "\""))
    try sink.write(address: address)
    try sink.write(UInt8(ascii: "\""))
  }

  mutating func string(_ comm: Comm) throws(OutputError) {
    try separate()
    try sink.write(UInt8(ascii: "\""))
    if try !sink.write(comm, ifAll: Self.isPlain) { try quoteInner(comm.text) }
    try sink.write(UInt8(ascii: "\""))
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

  // MARK: Rows

  /// What stands before each value of a row: names of columns, which are words of the program.
  struct RowKeys {
    fileprivate let prefixes: [[UInt8]]

    init(_ names: [String]) {
      prefixes = names.enumerated().map { place, name in Array("\(place == 0 ? "{" : ", ")\"\(name)\": ".utf8) }
    }
  }

  /// An object on one line: a row of a table.
  mutating func row(_ keys: RowKeys, _ cells: [Cell]) throws(OutputError) {
    try separate()
    if cells.isEmpty { try sink.write(UInt8(ascii: "{")) }
    for place in cells.indices {
      try sink.write(keys.prefixes[place])
      isAfterKey = true
      try write(cells[place])
    }
    try sink.write(UInt8(ascii: "}"))
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
    if try !sink.write(text, ifAll: Self.isPlain) { try quoteInner(text) }
    try sink.write(UInt8(ascii: "\""))
  }

  private func quoteInner(_ text: String) throws(OutputError) {
    for scalar in text.unicodeScalars { try write(scalar) }
  }

  /// Whether a byte is ASCII that needs no escape.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private func write(_ scalar: Unicode.Scalar) throws(OutputError) {
    switch scalar {
    case "\"": try sink.write("\\\"" as StaticString)
    case "\\": try sink.write("\\\\" as StaticString)
    case "\n": try sink.write("\\n" as StaticString)
    case "\r": try sink.write("\\r" as StaticString)
    case "\t": try sink.write("\\t" as StaticString)
    // JSON needs escapes for U+0000 to U+001F only; the others are as bad for a terminal that shows the document.
    case _ where TextEscape.isUnsafe(scalar):
      for unit in UTF16.encode(scalar)! {
        let digits = String(unit, radix: 16)
        try sink.write("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
      }
    default: try sink.write(String(Character(scalar)))
    }
  }
}
