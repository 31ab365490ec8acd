/// How a format writes the rows of a table: which bytes stand around and between values, and how text is escaped.
package struct RowSyntax: Sendable {
  /// What stands before the first row, and before any other one.
  package var first: [UInt8]
  package var next: [UInt8]
  /// What stands before the value of each column.
  package var before: [[UInt8]]
  /// What stands behind a row's last value.
  package var end: [UInt8]
  /// A value that is not known: at most eight bytes.
  package var unknown: [UInt8]
  /// What stands around words and addresses; `nil` for nothing.
  package var quote: UInt8?
  /// Whether a byte of text stands for itself, wherever it is. Text of such bytes alone is written as words are.
  package var isPlain: @Sendable (UInt8) -> Bool
  /// Any other text, with what stands around it.
  package var text: @Sendable (String) -> [UInt8]

  /// A syntax by all of its parts.
  package init(
    first: [UInt8] = [], next: [UInt8] = [], before: [[UInt8]], end: [UInt8], unknown: [UInt8], quote: UInt8?,
    isPlain: @escaping @Sendable (UInt8) -> Bool, text: @escaping @Sendable (String) -> [UInt8]
  ) {
    precondition(unknown.count <= 8, "more than a word")
    (self.first, self.next, self.before, self.end) = (first, next, before, end)
    (self.unknown, self.quote, self.isPlain, self.text) = (unknown, quote, isPlain, text)
  }
}
