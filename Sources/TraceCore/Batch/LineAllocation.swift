extension UnsafeMutablePointer where Pointee: ~Copyable {
  /// Memory on cache lines that nothing else lies on, to be freed by `deallocate()`.
  ///
  /// For what is changed for every event: with a thread that reads ahead of the one that analyses, a line that both change,
  /// or that one changes and the other reads, costs each of them more than the event itself. Processors fetch lines in pairs,
  /// so the unit is two of them.
  package static func allocateLines(capacity: Int) -> UnsafeMutablePointer<Pointee> {
    let unit = 128
    let size = capacity * MemoryLayout<Pointee>.stride
    return UnsafeMutableRawPointer.allocate(byteCount: (size + unit - 1) / unit * unit, alignment: unit)
      .bindMemory(to: Pointee.self, capacity: capacity)
  }

  /// A value on lines of its own, where it stays: what is taken out of a class or an optional for each event and put back is
  /// moved twice. To be freed by `discard()`.
  package static func placed(_ value: consuming Pointee) -> UnsafeMutablePointer<Pointee> {
    let pointer = allocateLines(capacity: 1)
    pointer.initialize(to: value)
    return pointer
  }

  /// Ends and frees what `placed(_:)` has made.
  package func discard() {
    deinitialize(count: 1)
    deallocate()
  }
}
