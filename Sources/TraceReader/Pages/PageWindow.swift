/// Memory for a CPU's pages, allocated once and grown where a chunk is larger than any before. Frees itself.
struct PageWindow: ~Copyable {
  private(set) var bytes: UnsafeMutableRawBufferPointer

  init() { bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0) }

  deinit { bytes.deallocate() }

  /// Makes room, keeping the first bytes.
  mutating func reserve(_ count: Int, keeping kept: Int) {
    guard count > bytes.count else { return }
    let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    if kept > 0 { grown.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<kept])) }
    bytes.deallocate()
    bytes = grown
  }

  /// Moves some bytes to the front.
  func moveToFront(_ range: Range<Int>) {
    guard !range.isEmpty, let base = bytes.baseAddress else { return }
    base.copyMemory(from: base + range.lowerBound, byteCount: range.count)
  }
}
