import TraceCore

/// Makes events of lines. It knows nothing but the lines that it was given.
struct TextParser {
  /// Numbered as these lines have shown them.
  private(set) var events: TextEvents
  /// Those that these lines have shown.
  var names = TextNames()
  private(set) var foreign = TextTally()
  private(set) var bad = TextTally()
  private let marks: MarkPattern
  private let ownRoles: Set<EventRole>
  private var parser = TextLine()

  /// - Parameter ownRoles: Roles that events of the user's map have in the text.
  init(_ map: EventMap, _ marks: MarkPattern, ownRoles: Set<EventRole>) {
    events = TextEvents(map)
    self.marks = marks
    self.ownRoles = ownRoles
  }

  /// Reads a line.
  /// - Parameter packer: With room for an event; gets what the line says, if it is one.
  @inline(__always)
  mutating func read(_ line: TextSource.Line, into packer: UnsafeMutablePointer<EventPacker>) -> TextLine.Kind {
    var scanner = TextScanner(line.bytes)
    let kind = parser.read(&scanner)
    switch kind {
    case .event: pack(scanner, line, packer)
    case .foreign: foreign.note(line.offset)
    case .loss, .remark: break
    }
    return kind
  }

  /// Of the event that was read last.
  var time: UInt64 { parser.head.time }
  var cpu: CPU { parser.head.cpu }

  /// The number that an event has in the text.
  mutating func number(ofEvent name: [UInt8]) -> UInt16 {
    let index = name.withUnsafeBytes { events.index(of: $0) }
    return events.id(index)
  }

  /// Adds what another one has passed over.
  mutating func addTallies(of other: TextParser) {
    foreign.add(other.foreign)
    bad.add(other.bad)
  }

  @inline(__always)
  private mutating func pack(
    _ scanner: TextScanner, _ line: TextSource.Line, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    let index = events.index(of: parser.name)
    let pid = parser.head.pid
    if names.isNew(pid) { names.add(pid, parser.head.name(line.bytes)) }
    let event = PackedEvent(
      .other, timestamp: Timestamp(parser.head.time), cpu: parser.head.cpu, pid: pid, eventID: events.id(index),
      context: parser.head.context)
    // A role that events of the user's map have here is theirs alone.
    guard let role = events.role(index), ownRoles.isEmpty || !ownRoles.contains(role) || events.isOwn(index) else {
      return packer.pointee.add(event)
    }
    if line.isTooLong { return addBad(event, line, packer) }
    var fields = TextBody(scanner)
    if events.isOwn(index) { return addRare(event, role, index, fields, line, packer) }
    switch role {
    case .switched:
      guard let record = fields.switched() else { return addBad(event, line, packer) }
      packer.pointee.add(event, record)
    case .waking, .wakeup:
      guard let record = fields.woken() else { return addBad(event, line, packer) }
      packer.pointee.add(event, role == .waking ? .waking : .wakeup, record)
    default: addRare(event, role, index, fields, line, packer)
    }
  }

  private mutating func addBad(
    _ event: PackedEvent, _ line: TextSource.Line, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    bad.note(line.offset)
    packer.pointee.add(event)
  }

  @inline(never)
  private mutating func addRare(
    _ event: PackedEvent, _ role: EventRole, _ index: Int, _ fields: TextBody, _ line: TextSource.Line,
    _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    guard let body = body(role, index, fields, event.pid) else { return addBad(event, line, packer) }
    packer.pointee.add(event.event(body))
  }

  /// What is neither a switch nor a wakeup, unless its fields are looked for by name.
  private func body(_ role: EventRole, _ index: Int, _ fields: TextBody, _ current: Pid) -> EventBody? {
    var fields = fields
    if events.isOwn(index) { return TextFields(events.sources(index), fields, current).body(role) }
    switch role {
    case .wakeupNew: return fields.woken().map { .wakeupNew($0) }
    case .migrated: return fields.migrated()
    case .forked: return fields.forked()
    case .executed: return fields.executed()
    case .exited: return fields.task().map { .exited($0) }
    case .renamed: return fields.renamed(current)
    case .inheritedPriority: return fields.inheritedPriority()
    case .contentionBegan: return fields.contentionBegan()
    case .contentionEnded: return fields.contentionEnded()
    case .contendedRelease: return fields.contendedRelease()
    case .schedExtCounter: return fields.schedExt(.counter)
    case .schedExtExit: return fields.schedExt(.exit)
    case .message: return message(fields)
    default: return TextFields(events.sources(index), fields, current).body(role)
    }
  }

  /// Free text need not be a mark.
  private func message(_ fields: TextBody) -> EventBody {
    var fields = TextScanner(fields.rest)
    _ = fields.skip("bpf_string=")
    let text = UnsafeRawBufferPointer(rebasing: fields.bytes[fields.position...])
    guard let mark = marks.mark(in: text) else { return .other }
    return .mark(mark)
  }
}

/// Something that is counted, and where in the text it was first.
struct TextTally {
  private(set) var count: UInt64 = 0
  private(set) var offset: UInt64 = .max

  mutating func note(_ place: UInt64) {
    if count == 0 { offset = place }
    count &+= 1
  }

  mutating func add(_ other: TextTally) {
    count &+= other.count
    offset = min(offset, other.offset)
  }
}

/// Which pids have a name in the text, each told once.
struct TextNames {
  private static let pidLimit: Pid = 1 << 22
  private var seen: [UInt64] = []
  private(set) var new: [(pid: Pid, comm: Comm)] = []

  @inline(__always)
  func isNew(_ pid: Pid) -> Bool {
    let word = Int(pid >> 6)
    return word < 0 || word >= seen.count || seen[word] & 1 << UInt64(pid & 63) == 0
  }

  @inline(never)
  mutating func add(_ pid: Pid, _ comm: Comm) {
    if comm.isEmpty || pid <= 0 || pid >= Self.pidLimit { return }
    let word = Int(pid >> 6)
    if word >= seen.count { seen += Array(repeating: 0, count: word + 64 - seen.count) }
    seen[word] |= 1 << UInt64(pid & 63)
    new.append((pid, comm))
  }

  /// Moves what is new since the last call to names of a batch.
  /// - Parameter place: Of the event that was read last.
  mutating func moveNew(to names: inout [TaskName], at place: Int) {
    for (pid, comm) in new { names.append(TaskName(place: place, pid: pid, comm: comm)) }
    new.removeAll(keepingCapacity: true)
  }

  /// What is new since the last call.
  mutating func takeNew() -> [(pid: Pid, comm: Comm)] {
    defer { new.removeAll(keepingCapacity: true) }
    return new
  }
}
