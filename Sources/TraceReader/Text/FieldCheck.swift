import TraceCore

/// What a line of a text is by itself, and whether the fields of its event can be read: for who keeps nothing of it.
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

  /// - Returns: What the line is, and, of an event, whether its fields are read.
  func read(_ line: TextSource.Line) -> (kind: TextLine.Kind, hasFields: Bool) {
    packer.pointee.begin(memory)
    let before = parser.bad.count
    let kind = parser.read(line, into: packer)
    return (kind, parser.bad.count == before)
  }

  /// Whether the event that was read last has a name.
  var hasName: Bool { parser.hasName }

  /// The task to which the event that was read last switches; `nil` where it is no switch.
  var nextTask: Pid? { if case .switched(let change)? = event?.body { change.next.pid } else { nil } }

  /// The event that was read last.
  var event: SchedEvent? { packer.pointee.finished.first }
}
