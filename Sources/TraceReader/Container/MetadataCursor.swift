import TraceCore

/// Reads a capture's metadata front to back, from the file or from a decompressed section.
///
/// Every read is checked. One beyond the end throws `damaged` and names what was to be read.
struct MetadataCursor {
  private static let windowSize: UInt64 = 64 << 10

  /// `nil`: all bytes are in the window.
  private let file: FileView?
  private var window: [UInt8]
  private var windowStart: UInt64
  /// Where the next read begins, in the file or in the decompressed section.
  private(set) var position: UInt64
  /// Where reading must stop.
  let end: UInt64
  let isBigEndian: Bool
  /// Where the bytes' section begins in the file, if they were decompressed.
  private let sectionOffset: UInt64
  private let path: String

  /// Part of a file, as far as the file has it.
  init(_ file: FileView, from start: UInt64, to end: UInt64, isBigEndian: Bool, path: String) {
    self.file = file
    window = []
    windowStart = start
    position = start
    self.end = min(end, file.size)
    self.isBigEndian = isBigEndian
    sectionOffset = 0
    self.path = path
  }

  /// Bytes that were decompressed from a section.
  init(_ bytes: [UInt8], sectionOffset: UInt64, isBigEndian: Bool, path: String) {
    file = nil
    window = bytes
    windowStart = 0
    position = 0
    end = UInt64(bytes.count)
    self.isBigEndian = isBigEndian
    self.sectionOffset = sectionOffset
    self.path = path
  }

  var remaining: UInt64 { end > position ? end - position : 0 }

  /// The position as an offset in the file.
  var fileOffset: UInt64 { file == nil ? sectionOffset : position }

  mutating func u8(_ what: String) throws(TraceError) -> UInt8 { UInt8(truncatingIfNeeded: try integer(1, what)) }
  mutating func u16(_ what: String) throws(TraceError) -> UInt16 { UInt16(truncatingIfNeeded: try integer(2, what)) }
  mutating func u32(_ what: String) throws(TraceError) -> UInt32 { UInt32(truncatingIfNeeded: try integer(4, what)) }
  mutating func u64(_ what: String) throws(TraceError) -> UInt64 { try integer(8, what) }

  /// An integer of 1 to 8 bytes in the file's byte order.
  private mutating func integer(_ size: Int, _ what: String) throws(TraceError) -> UInt64 {
    let start = try require(UInt64(size), what)
    var value: UInt64 = 0
    for index in 0..<size {
      let byte = UInt64(window[start + (isBigEndian ? index : size - 1 - index)])
      value = value << 8 | byte
    }
    position += UInt64(size)
    return value
  }

  mutating func bytes(_ count: UInt64, _ what: String) throws(TraceError) -> [UInt8] {
    let start = try require(count, what)
    position += count
    return Array(window[start..<start + Int(count)])
  }

  /// Bytes up to a NUL, which is read but not returned. Decoded as UTF-8; what is none becomes U+FFFD.
  mutating func string(limit: UInt64 = 4096, _ what: String) throws(TraceError) -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try u8(what)
      if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
      guard bytes.count < limit else { throw shortage(what) }
      bytes.append(byte)
    }
  }

  mutating func skip(_ count: UInt64, _ what: String) throws(TraceError) {
    guard count <= remaining else { throw shortage(what) }
    position += count
  }

  private func shortage(_ what: String) -> TraceError {
    TraceError(
      .damaged, path: path, "ends within \(what)", offset: fileOffset,
      advice: "the file is cut short or damaged: copy it again, or record again")
  }

  /// Brings the next bytes into the window.
  /// - Returns: Where in the window they begin.
  private mutating func require(_ count: UInt64, _ what: String) throws(TraceError) -> Int {
    // Before anything is allocated: a length that the file does not hold is refused.
    guard count <= remaining else { throw shortage(what) }
    if position < windowStart || position + count > windowStart + UInt64(window.count) {
      guard let file else { throw shortage(what) }
      window = file.bytes(at: position, count: max(count, min(Self.windowSize, remaining)))
      windowStart = position
      // Fewer only if the file shrank or the disk failed.
      guard UInt64(window.count) >= count else { throw shortage(what) }
    }
    return Int(position - windowStart)
  }
}
