import TraceCore

/// Turns raw records into events by a flat table of ``DecodePlan``s.
///
/// Not copyable, so that it is passed by address: otherwise every event would copy it.
struct RecordDecoder: ~Copyable {
  /// What the decoder had to skip. Only counted, since it may be every record.
  struct Tally {
    /// Records of an event that the file does not describe.
    private(set) var unknownEvents: UInt64 = 0
    /// Records that are too short for their fields.
    private(set) var shortRecords: UInt64 = 0
    /// File offset of the page that records are read from.
    var page: UInt64 = 0
    private(set) var firstUnknown: UInt64?
    private(set) var firstShort: UInt64?

    mutating func noteUnknown() {
      unknownEvents &+= 1
      firstUnknown = firstUnknown ?? page
    }

    mutating func noteShort() {
      shortRecords &+= 1
      firstShort = firstShort ?? page
    }
  }

  /// By event id: 0 = the file does not describe it, 1 = it has no role, else 2 + an index of ``plans``.
  private var slots: [UInt16] = []
  private var plans: [DecodePlan] = []
  private var letters = StateLetters.recent
  /// For the most frequent records.
  private(set) var quick = QuickPlans([:], .recent)
  /// Of each of `plans`; owned here alone, never changed and freed once.
  private var places: [FieldPlaces] = []
  private var builder: BodyBuilder
  private var stack: [UInt64]?
  /// Of the kernel, in bytes; known where stacks are kept.
  private var longSize = 8

  /// Makes plans for all events that have a role. Those that cannot be decoded lose it.
  init(
    _ formats: inout FormatCatalogue, _ marks: MarkPattern = .standard, longSize: Int, isBigEndian: Bool,
    _ diagnostics: inout DiagnosticLog
  ) {
    builder = BodyBuilder(marks: marks, ownMarks: [])
    slots = [UInt16](repeating: 0, count: (formats.events.map { Int($0.id) }.max() ?? -1) + 1)
    for event in formats.events { slots[Int(event.id)] = 1 }
    // All formats at once, on this thread: the parser lets only one in.
    guard let parser = FormatParser(isBigEndian: isBigEndian, longSize: longSize) else { return }
    for format in formats.used {
      let parsed = parser.parse(format)
      if let problem = parsed?.contradiction(longSize: longSize) {
        diagnostics.record(
          .impossibleFormat, offset: format.offset, "\(format.info.system):\(format.info.name) \(problem)")
        formats.reject(format.info.id)
      } else if let problem = add(format, parsed, &diagnostics) {
        diagnostics.record(
          .formatRejected, offset: format.offset, "\(format.info.system):\(format.info.name) \(problem)")
        formats.reject(format.info.id)
      }
    }
    for plan in plans {
      if let kind = plan.role?.details.mark { builder.ownMarks.insert(MarkKinds(kind)) }
    }
    var quickPlans: [UInt16: QuickPlan] = [:]
    if !isBigEndian {
      for event in formats.events where slots[Int(event.id)] >= 2 {
        quickPlans[event.id] = QuickPlan(plans[Int(slots[Int(event.id)]) - 2])
      }
    }
    quick = QuickPlans(quickPlans, letters)
  }

  deinit { for place in places { place.deallocate() } }

  /// - Returns: Why the event cannot be decoded, as a clause.
  private mutating func add(
    _ format: FormatCatalogue.Format, _ parsed: ParsedFormat?, _ diagnostics: inout DiagnosticLog
  ) -> String? {
    guard let role = format.entry.role, let parsed else { return "cannot be parsed" }
    guard CommonFields.match(parsed.common) else { return "does not begin as events do" }
    var fields = FieldResolver(parsed, minimumSize: CommonFields.size)
    let place = FieldPlaces.allocate()
    fields.resolve(format.entry, into: place)
    guard fields.missing.isEmpty else {
      place.deallocate()
      return "has no usable " + fields.missing.joined(separator: ", ")
    }
    if role == .switched {
      if let own = FormatText.printFormat(format.text).flatMap({ StateLetters(printFormat: $0) }) {
        letters = own
      } else {
        diagnostics.record(
          .formatRejected, offset: format.offset,
          "the letters of sched_switch's prev_state are not in its print format; those of recent kernels are used")
      }
    }
    slots[Int(format.info.id)] = UInt16(plans.count + 2)
    plans.append(DecodePlan(role, place, minimumSize: fields.minimumSize))
    places.append(place)
    return nil
  }

  /// Keeps kernel stacks from now on: the one of the record that was decoded last.
  mutating func keepStacks(_ format: FormatCatalogue.Format, longSize: Int, isBigEndian: Bool) {
    guard let parsed = FormatParser(isBigEndian: isBigEndian, longSize: longSize)?.parse(format),
      CommonFields.match(parsed.common), let frames = parsed.field("caller"), frames.offset >= CommonFields.size,
      slots[Int(format.info.id)] == 1
    else { return }
    self.longSize = longSize
    slots[Int(format.info.id)] = UInt16(plans.count + 2)
    plans.append(DecodePlan(stackFrom: frames.offset))
    places.append(FieldPlaces.allocate())
  }

  /// The frames of the stack that was decoded last, innermost first; `nil` where none has been since the last call.
  mutating func takeStack() -> [UInt64]? {
    defer { stack = nil }
    return stack
  }

  /// As trace-cmd reads it (lib/trace-cmd/trace-ftrace.c, `trace_stack_handler()`): up to the record's end, or a frame of ones.
  private mutating func keepStack(_ record: Record, from start: Int) {
    var (frames, place): ([UInt64], Int) = ([], start)
    while place + longSize <= record.count, frames.count < KernelStack.mostFrames {
      let address =
        longSize == 4 ? UInt64(record.integer(UInt32.self, at: place)) : record.integer(UInt64.self, at: place)
      if address == 0 || address == (longSize == 4 ? UInt64(UInt32.max) : .max) { break }
      frames.append(address)
      place += longSize
    }
    stack = frames
  }

  /// What is known about a record besides its bytes, and where its event goes.
  struct Target {
    var time: UInt64
    var cpu: CPU
    /// With room for an event.
    var packer: UnsafeMutablePointer<EventPacker>
  }

  /// Decodes one record.
  ///
  /// Mutating, like the functions it calls, although nothing changes: a borrowed noncopyable value would be passed as a
  /// bitwise copy.
  @inline(__always)
  mutating func decode(_ record: Record, _ tally: inout Tally, to target: Target) {
    let common = CommonFields.load(record)
    var event = PackedEvent(
      .other, timestamp: Timestamp(target.time), cpu: target.cpu, pid: common?.pid ?? 0, eventID: common?.type ?? 0,
      flags: common?.flags ?? 0)
    let id = Int(event.eventID)
    let slot = common != nil && id < slots.count ? Int(slots[id]) : 0
    if slot < 2 {
      if common == nil { tally.noteShort() } else if slot == 0 { tally.noteUnknown() }
    } else if record.count < plans[slot &- 2].minimumSize {
      tally.noteShort()
    } else if !fill(&event, slot &- 2, record, target.packer) {
      // That was the one bounds check of a record: every field of the plan ends within its minimum size.
      return addRare(event, slot &- 2, record, target.packer)
    }
    target.packer.pointee.add(event)
  }

  /// Fills in the fields of an event that has a packed form.
  /// - Returns: `false` for all other events.
  @inline(__always)
  private mutating func fill(
    _ event: inout PackedEvent, _ index: Int, _ record: Record, _ packer: UnsafeMutablePointer<EventPacker>
  ) -> Bool {
    switch plans[index].packedKind {
    case .switched:
      event.kind = .switched
      let state = PackedEvent.bits(letters.state(plans[index].first.load(record)))
      event.setSwitch(plans[index].task.number(record, packer), state, plans[index].next.number(record, packer))
    case .waking:
      event.kind = .waking
      event.setWake(plans[index].task.number(record, packer), target: target(index, record))
    case .wakeup:
      event.kind = .wakeup
      event.setWake(plans[index].task.number(record, packer), target: target(index, record))
    case .contentionBegan:
      event.kind = .contentionBegan
      let flags = plans[index].second.load(record, orElse: plans[index].constant)
      event.setLock(lock(index, record), UInt32(truncatingIfNeeded: flags))
      if CommonFields.disablesMigration(record) { event.setMigrationDisabled() }
    case .contentionEnded:
      event.kind = .contentionEnded
      let result = plans[index].second.load(record, orElse: plans[index].constant)
      event.setLock(lock(index, record), UInt32(truncatingIfNeeded: result))
    case .contendedRelease:
      event.kind = .contendedRelease
      event.setLock(lock(index, record))
    case .boxed, .other: return false
    }
    return true
  }

  @inline(never)
  private mutating func addRare(
    _ event: PackedEvent, _ index: Int, _ record: Record, _ packer: UnsafeMutablePointer<EventPacker>
  ) {
    guard let role = plans[index].role else {
      keepStack(record, from: plans[index].minimumSize)
      return packer.pointee.add(event)
    }
    let fields = BinaryFields(record: record, places: places[index], current: event.pid)
    // The plan has all fields that the role needs.
    packer.pointee.addBoxed(event.event(builder.body(role, fields) ?? .other))
  }

  @inline(__always)
  private mutating func target(_ index: Int, _ record: Record) -> CPU {
    CPU(truncatingIfNeeded: plans[index].first.load(record, orElse: plans[index].constant))
  }

  @inline(__always)
  private mutating func lock(_ index: Int, _ record: Record) -> LockAddress {
    LockAddress(plans[index].first.load(record))
  }
}

/// What every record begins with (include/linux/trace_events.h, `struct trace_entry`): 8 bytes on every kernel since
/// 3.9.
///
///     field:unsigned short common_type;	offset:0;	size:2;	signed:0;
///     field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
///     field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
///     field:int common_pid;	offset:4;	size:4;	signed:1;
///
/// Kernels with old real-time patches have more fields after these, which are not needed.
struct CommonFields {
  /// How long a record is at least.
  static let size = 8

  /// Whether a format begins with these fields. An event whose format does not loses its role.
  static func match(_ fields: [ParsedField]) -> Bool {
    func stands(_ name: String, at offset: Int, _ size: Int) -> Bool {
      fields.contains { $0.name == name && $0.offset == offset && $0.size == size }
    }
    return stands("common_type", at: 0, 2) && stands("common_flags", at: 2, 1)
      && stands("common_preempt_count", at: 3, 1) && stands("common_pid", at: 4, 4)
  }

  /// Whether the task that wrote a record, of at least ``size`` bytes, may not be moved to another CPU: the upper half of
  /// `common_preempt_count`. Kernels before 5.13 have the preemption count there, which no lock event brings to 16.
  @inline(__always)
  static func disablesMigration(_ record: Record) -> Bool { record.integer(UInt8.self, at: 3) >= 0x10 }

  /// - Returns: `nil` where the record is too short.
  @inline(__always)
  static func load(_ record: Record) -> (type: UInt16, flags: UInt8, pid: Pid)? {
    guard record.count >= size else { return nil }
    // Shifts of the word would depend on the byte order; three loads of one cache line do not.
    return (
      record.integer(UInt16.self, at: 0), record.integer(UInt8.self, at: 2), record.integer(Int32.self, at: 4)
    )
  }
}
