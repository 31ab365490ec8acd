extension UnsafeMutablePointer where Pointee: ~Copyable {
  /// Memory on cache lines of its own, to be freed by `deallocate()`.
  ///
  /// For values that change with every event. If the reading and the analysing thread share a cache line and one of
  /// them writes to it, each pays more for that than for the event. Processors fetch lines in pairs, so the unit is two
  /// lines.
  package static func allocateLines(capacity: Int) -> UnsafeMutablePointer<Pointee> {
    let unit = 128
    let size = capacity * MemoryLayout<Pointee>.stride
    return UnsafeMutableRawPointer.allocate(byteCount: (size + unit - 1) / unit * unit, alignment: unit)
      .bindMemory(to: Pointee.self, capacity: capacity)
  }

  /// A value at a fixed address, on cache lines of its own, to be freed by `discard()`. A noncopyable value in a class
  /// or an optional would be moved out and back for each event.
  package static func placed(_ value: consuming Pointee) -> UnsafeMutablePointer<Pointee> {
    let pointer = allocateLines(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }

  /// Deinitialises and frees what `placed(_:)` has made.
  package func discard() {
    deinitialize(count: 1)
    deallocate()
  }
}
