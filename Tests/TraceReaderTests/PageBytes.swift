@testable import TraceReader

/// Writes a ring-buffer page by hand, entry by entry, right or wrong.
struct PageBytes {
  let format: PageFormat
  private(set) var bytes: [UInt8] = []

  init(_ format: PageFormat, timestamp: UInt64 = 1000) {
    self.format = format
    put(timestamp)
    putLong(0)
  }

  /// Everything that can be a kernel.
  static let formats = [false, true].flatMap { isBigEndian in
    [4, 8].map { PageFormat(longSize: $0, isBigEndian: isBigEndian) }
  }

  mutating func put<N: FixedWidthInteger>(_ value: N) {
    withUnsafeBytes(of: format.isBigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }

  mutating func putLong(_ value: UInt64) {
    if format.longSize == 8 { put(value) } else { put(UInt32(truncatingIfNeeded: value)) }
  }

  /// An entry's first word.
  mutating func putHead(_ type: UInt32, delta: UInt32) {
    put(format.isBigEndian ? type << 27 | delta : delta << 5 | type)
  }

  /// A record of whole words.
  mutating func putRecord(words: Int, delta: UInt32 = 1, fill: UInt8 = 0xaa) {
    putHead(UInt32(words), delta: delta)
    bytes += [UInt8](repeating: fill, count: words * 4)
  }

  mutating func putExtended(_ type: UInt32, _ value: UInt64) {
    putHead(type, delta: UInt32(value & 0x7ff_ffff))
    put(UInt32(truncatingIfNeeded: value >> 27))
  }

  /// Sets the length to what was put so far, with flags above it, and fills the page up.
  mutating func commit(flags: UInt64 = 0, lost: UInt64? = nil, size: Int = 4096, length: Int? = nil) {
    let data = UInt64(length ?? bytes.count - format.headSize)
    if let lost { putLong(lost) }
    var head = PageBytes(format)
    head.bytes = []
    head.putLong(data | flags)
    bytes.replaceSubrange(8..<format.headSize, with: head.bytes)
    bytes += [UInt8](repeating: 0, count: max(0, size - bytes.count))
  }

  /// What a cursor makes of the page: (start, count, time) of each record, and how it ends.
  func walk() -> (records: [[Int]], end: PageCursor.Step)? {
    bytes.withUnsafeBytes { raw in
      guard let head = PageHead(raw.bytes, format) else { return nil }
      var cursor = PageCursor(head, format)
      var records: [[Int]] = []
      while true {
        let step = cursor.next(in: raw.bytes, isBigEndian: format.isBigEndian)
        guard case .record(let start, let count) = step else { return (records, step) }
        records.append([start, count, Int(cursor.timestamp)])
      }
    }
  }

  func head() -> PageHead? { bytes.withUnsafeBytes { PageHead($0.bytes, format) } }
}
