import Glibc
import TraceCore

/// A text whose lines are not in order of time over all CPUs, as of `cat per_cpu/cpu*/trace`.
struct TextOrder {
  /// Larger texts are not sorted, in bytes: their lines are kept in memory meanwhile.
  private static let largest: UInt64 = 64 << 20

  /// What sorts any text.
  static let command = """
    awk 'match($0, /[0-9]+\\.[0-9]+: /) { print substr($0, RSTART) "\\t" $0 }' FILE | LC_ALL=C sort -s -n | cut -f2-
    """

  private struct Block {
    var time: UInt64
    var start: Int
    var end: Int
  }

  /// The text's lines in order of time; those of equal times stay in theirs. A frame of a stack goes with its event, any
  /// other line that is no event with the next one.
  /// - Returns: `nil` where there is no room for it.
  /// - Parameter end: Where the capture ends in the text.
  static func sorted(_ source: inout TextSource, size: UInt64, end: UInt64, name: String) -> CaptureFile? {
    guard size <= largest else { return nil }
    source.rewind()
    var text: [UInt8] = []
    text.reserveCapacity(Int(size))
    var blocks: [Block] = []
    var (parser, start) = (TextLine(), 0)
    while let line = source.nextLine(), line.offset < end {
      guard text.count + line.bytes.count < Int(largest) else { return nil }
      text.append(contentsOf: line.bytes)
      text.append(0x0a)
      var scanner = TextScanner(line.bytes)
      guard parser.read(&scanner) == .event else {
        // Frames of a stack stay below their event.
        if let last = blocks.indices.last, blocks[last].end == start, StackFrame.isFrame(line.bytes) {
          blocks[last].end = text.count
          start = text.count
        }
        continue
      }
      blocks.append(Block(time: parser.head.time, start: start, end: text.count))
      start = text.count
    }
    blocks.append(Block(time: .max, start: start, end: text.count))
    let order = blocks.indices.sorted { (blocks[$0].time, $0) < (blocks[$1].time, $1) }
    var sorted: [UInt8] = []
    sorted.reserveCapacity(text.count)
    for place in order { sorted += text[blocks[place].start..<blocks[place].end] }
    return sorted.withUnsafeBytes { try? CaptureFile(bytes: $0, name: name) }
  }
}
