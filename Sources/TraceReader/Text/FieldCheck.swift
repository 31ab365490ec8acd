import TraceCore

/// Whether the fields of an event's line can be read, for a scan that keeps nothing of them.
final class FieldCheck {
  private var parser: TextParser
  private let memory = BatchMemory.allocate(1)
  private let packer: UnsafeMutablePointer<EventPacker>

  init(_ map: EventMap) {
    parser = TextParser(map, .standard, ownRoles: [], ownMarks: [])
    packer = .placed(EventPacker(memory))
  }

  deinit {
    packer.discard()
    memory.deallocate()
  }

  /// - Parameter line: An event's.
  func areRead(_ line: TextSource.Line) -> Bool {
    packer.pointee.begin(memory)
    let before = parser.bad.count
    _ = parser.read(line, into: packer)
    return parser.bad.count == before
  }
}
