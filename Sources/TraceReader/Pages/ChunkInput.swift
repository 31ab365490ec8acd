/// Reads compressed chunks of a file for one thread, several at a time: one is a few kilobytes.
struct ChunkInput: ~Copyable {
  private let file: FileView
  private var memory = PageWindow()
  /// What the memory holds.
  private var offset: UInt64 = 0
  private var count = 0

  private static let leastCount = 16 << 10

  init(_ file: FileView) { self.file = file }

  /// Bytes of the file, as far as it has them; valid until the next call.
  mutating func bytes(at place: UInt64, count wanted: Int) -> UnsafeRawBufferPointer {
    if place < offset || place &- offset > UInt64(count) || wanted > count - Int(place &- offset) {
      let size = max(wanted, Self.leastCount)
      memory.reserve(size, keeping: 0)
      offset = place
      count = file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<size]), at: place)
    }
    let start = Int(place - offset)
    return UnsafeRawBufferPointer(rebasing: memory.bytes[start..<min(start + wanted, count)])
  }
}
