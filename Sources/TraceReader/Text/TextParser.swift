import TraceCore

/// Makes events from lines. It depends on nothing but the lines that it was given.
struct TextParser {
  /// Numbered as these lines have shown them.
  private(set) var events: TextEvents
  /// Those that these lines have shown.
  var names = TextNames()
  /// Lines that are no events.
  private(set) var foreign = TextTally()
  /// Pieces of events whose other pieces are missing.
  private(set) var torn = TextTally()
  /// Events whose fields could not be read.
  private(set) var bad = TextTally()
  /// Events of locks whose address is not printed.
  private(set) var nameless = TextTally()
  /// Where the marks in these lines came from.
  private(set) var origins = MarkOrigins()
  private let builder: BodyBuilder
  private let ownRoles: Set<EventRole>
  private var parser = TextLine()

  /// - Parameters:
  ///   - ownRoles: Roles that events of the user's map have in the text.
  ///   - ownMarks: Callbacks that have an event of their own in the text, as far as that is known.
  init(_ map: EventMap, _ marks: MarkPattern, ownRoles: Set<EventRole>, ownMarks: MarkKinds) {
    events = TextEvents(map)
    builder = BodyBuilder(marks: marks, ownMarks: ownMarks)
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
    case .foreign: if TornLine(line.bytes) == nil { foreign.note(line.offset) } else { torn.note(line.offset) }
    case .torn: torn.note(line.offset)
    case .loss, .remark, .cut: break
    }
    return kind
  }

  /// Whether the event that was read last has a name.
  var hasName: Bool { !parser.name.isEmpty }
  /// Whether the kernel's stack below the event that was read last is that of a `contention_begin`, here or before.
  var mayHaveStack: Bool {
    let name = parser.name.split(separator: UInt8(ascii: ":")).last ?? parser.name[...]
    return name.elementsEqual("kernel_stack".utf8) || name.elementsEqual("contention_begin".utf8)
  }
  /// Of the event that was read last.
  var time: UInt64 { parser.head.time }
  var cpu: CPU { parser.head.cpu }

  /// The number that an event has in the text.
  mutating func number(ofEvent name: [UInt8]) -> UInt16 {
    let index = name.withUnsafeBytes { events.index(of: $0) }
    return events.id(index)
  }

  /// Adds the lines that another parser has skipped.
  mutating func addTallies(of other: TextParser) {
    foreign.add(other.foreign)
    torn.add(other.torn)
    bad.add(other.bad)
    nameless.add(other.nameless)
  }

  /// Adds what a part of the text has shown of marks.
  mutating func add(_ other: MarkOrigins) { origins.add(other) }

  @inline(__always)
  private mutating func pack(
    _ scanner: TextScanner, _ line: TextSource.Line, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    let index = events.index(of: parser.name)
    let (id, role, isOwn) = events.facts(index)
    let pid = parser.head.pid
    if names.isNew(pid) { names.add(pid, parser.head.name(line.bytes)) }
    let event = PackedEvent(
      .other, timestamp: Timestamp(parser.head.time), cpu: parser.head.cpu, pid: pid, eventID: id,
      context: parser.head.context)
    // A role that events of the user's map have here is theirs alone.
    guard let role, ownRoles.isEmpty || !ownRoles.contains(role) || isOwn else {
      return packer.pointee.add(event)
    }
    if line.isTooLong || isOwn { return addRare(event, role, index, scanner, line, packer) }
    var printed = PrintedLine(scanner)
    switch role {
    case .switched:
      guard let record = printed.switched() else { return addBad(event, scanner, line, packer) }
      packer.pointee.add(event, record)
    case .waking, .wakeup:
      guard let record = printed.woken() else { return addBad(event, scanner, line, packer) }
      packer.pointee.add(event, role == .waking ? .waking : .wakeup, record)
    case .contentionBegan:
      guard let (lock, flags) = printed.contentionBegan() else { return addBadLock(event, scanner, line, packer) }
      var event = event
      if parser.head.disablesMigration { event.setMigrationDisabled() }
      packer.pointee.add(event, .contentionBegan, lock, flags.rawValue)
    case .contentionEnded:
      guard let (lock, result) = printed.contentionEnded() else { return addBadLock(event, scanner, line, packer) }
      packer.pointee.add(event, .contentionEnded, lock, UInt32(bitPattern: result))
    case .contendedRelease:
      guard let lock = printed.lock() else { return addBadLock(event, scanner, line, packer) }
      packer.pointee.add(event, .contendedRelease, lock)
    default: addRare(event, role, index, scanner, line, packer)
    }
  }

  @inline(never)
  private mutating func addBad(
    _ event: PackedEvent, _ scanner: TextScanner, _ line: TextSource.Line, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    if !Self.isProbe(scanner) { bad.note(line.offset) }
    packer.pointee.add(event)
  }

  /// `(__probestub_sched_switch+0x4/0x10) preempt=0 …`: a probe that has the event's name, in a group of its own that a text does not
  /// print (kernel/trace/trace_probe.c).
  private static func isProbe(_ scanner: TextScanner) -> Bool {
    var scanner = scanner
    guard scanner.skip(UInt8(ascii: "(")) else { return false }
    let place = scanner.word()
    return place.last == UInt8(ascii: ")") && place.firstPlace(of: "+0x") ?? 0 > 0 && place.contains(UInt8(ascii: "/"))
  }

  /// `(____ptrval____)`, `(null)`: what the kernel prints before its hashes have a key, or where it cannot (lib/vsprintf.c). Such
  /// locks cannot be told apart.
  @inline(never)
  private mutating func addBadLock(
    _ event: PackedEvent, _ scanner: TextScanner, _ line: TextSource.Line, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    var scanner = scanner
    _ = scanner.skip("lock_addr=")
    guard scanner.byte() == UInt8(ascii: "("), !Self.isProbe(scanner) else {
      return addBad(event, scanner, line, packer)
    }
    nameless.note(line.offset)
    packer.pointee.add(event)
  }

  /// An event that ``pack(_:_:_:)`` does not pack itself, or whose fields are written as `key=value`.
  @inline(never)
  private mutating func addRare(
    _ event: PackedEvent, _ role: EventRole, _ index: Int, _ scanner: TextScanner, _ line: TextSource.Line,
    _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    origins.events.formUnion(events.mark(index))
    let body = line.isTooLong ? nil : body(role, index, scanner, event.pid)
    if role == .message, case .mark(let mark) = body { origins.messages.insert(MarkKinds(mark.kind)) }
    guard let body else {
      // What has keys may be a probe.
      if !events.hasKeys(index) { return addBad(event, scanner, line, packer) }
      bad.note(line.offset)
      return packer.pointee.add(event)
    }
    packer.pointee.add(event.event(body))
  }

  private func body(_ role: EventRole, _ index: Int, _ scanner: TextScanner, _ current: Pid) -> EventBody? {
    if events.hasKeys(index) {
      return builder.body(role, KeyValueFields(events.sources(index), scanner, current))
    }
    var line = PrintedLine(scanner)
    var fields = PrintedFields(current: current)
    return line.read(role, into: &fields) ? builder.body(role, fields) : nil
  }
}

/// Where the marks of a text came from: a callback with events of its own is not searched for in messages, but only the
/// whole text shows which callbacks have such events.
struct MarkOrigins: Sendable {
  /// Callbacks of which marks were found in messages.
  var messages: MarkKinds = []
  /// Callbacks with an event of their own.
  var events: MarkKinds = []

  /// Whether marks were taken from messages that are not to be searched.
  var areMixed: Bool { !messages.isDisjoint(with: events) }

  mutating func add(_ other: MarkOrigins) {
    messages.formUnion(other.messages)
    events.formUnion(other.events)
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

/// Which pids have a name in the text. Only the first name of each counts.
struct TextNames {
  private var seen: [UInt64] = []
  private(set) var new: [(pid: Pid, comm: Comm)] = []

  @inline(__always)
  func isNew(_ pid: Pid) -> Bool {
    let word = Int(pid >> 6)
    return word < 0 || word >= seen.count || seen[word] & 1 << UInt64(pid & 63) == 0
  }

  @inline(never)
  mutating func add(_ pid: Pid, _ comm: Comm) {
    if comm.isEmpty || pid <= 0 || pid >= KernelLimits.pidCount { return }
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
