import TraceCore

/// Turns raw records into events by a flat table of ``DecodePlan``s.
struct RecordDecoder {
  /// What the decoder had to pass over; counted, since it may be every record.
  struct Tally {
    /// Records of an event that the file does not describe.
    var unknownEvents: UInt64 = 0
    /// Records that are too short for their fields.
    var shortRecords: UInt64 = 0
  }

  private struct Entry {
    var plan: DecodePlan
    var minimumSize: Int
  }

  /// By event id: 0 = the file does not describe it, 1 = it has no role, else 2 + an index of ``plans``.
  private var slots: [UInt16] = []
  private var plans: [Entry] = []
  private var letters = StateLetters.recent
  private var common = CommonFields.usual
  private let isBigEndian: Bool

  /// Makes plans for all events that have a role; those that cannot be decoded lose it.
  init(
    _ formats: inout FormatCatalogue, longSize: Int, isBigEndian: Bool, _ diagnostics: inout DiagnosticLog
  ) {
    self.isBigEndian = isBigEndian
    slots = [UInt16](repeating: 0, count: (formats.events.map { Int($0.id) }.max() ?? -1) + 1)
    for event in formats.events { slots[Int(event.id)] = 1 }
    guard let parser = FormatParser(isBigEndian: isBigEndian, longSize: longSize) else { return }
    if let sample = formats.sample, let parsed = parser.parse(sample), let fields = CommonFields(parsed.common) {
      common = fields
    }
    for format in formats.used {
      guard let role = format.info.role else { continue }
      if let problem = add(format, role, parser.parse(format), &diagnostics) {
        diagnostics.record(
          .formatRejected, offset: format.offset, "\(format.info.system):\(format.info.name) \(problem)")
        formats.reject(format.info.id)
      }
    }
  }

  /// - Returns: Why the event cannot be decoded, as a clause.
  private mutating func add(
    _ format: FormatCatalogue.Format, _ role: EventRole, _ parsed: ParsedFormat?, _ diagnostics: inout DiagnosticLog
  ) -> String? {
    guard let parsed else { return "cannot be parsed" }
    guard CommonFields(parsed.common) == common else { return "begins otherwise than other events" }
    var fields = FieldResolver(parsed, minimumSize: common.end)
    guard let plan = DecodePlan(role, &fields) else {
      return "has no usable " + (fields.missing.isEmpty ? "fields" : fields.missing.joined(separator: ", "))
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
    plans.append(Entry(plan: plan, minimumSize: fields.minimumSize))
    return nil
  }

  /// Decodes one record.
  /// - Parameter bytes: The payload, from `common_type` on.
  @inline(__always)
  func decode(
    _ bytes: UnsafeRawBufferPointer, time: UInt64, cpu: CPU, _ tally: inout Tally
  ) -> SchedEvent {
    guard bytes.count >= common.end, let record = Record(bytes, isBigEndian: isBigEndian) else {
      tally.shortRecords &+= 1
      return SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: 0, body: .other)
    }
    let id = UInt16(truncatingIfNeeded: common.type.load(record))
    let pid = common.pid.load32(record)
    var event = SchedEvent(
      timestamp: Timestamp(time), cpu: cpu, pid: pid, eventID: id,
      context: EventContext(rawValue: UInt8(truncatingIfNeeded: common.flags.load(record))), body: .other)
    let slot = Int(id) < slots.count ? Int(slots[Int(id)]) : 0
    guard slot >= 2 else {
      if slot == 0 { tally.unknownEvents &+= 1 }
      return event
    }
    // The one bounds check of a record: every field of the plan ends within its minimum size.
    guard bytes.count >= plans[slot - 2].minimumSize else {
      tally.shortRecords &+= 1
      return event
    }
    event.body = body(plans[slot - 2].plan, record, pid)
    return event
  }

  @inline(__always)
  private func body(_ plan: DecodePlan, _ record: Record, _ current: Pid) -> EventBody {
    switch plan {
    case .switched(let previous, let state, let next):
      .switched(
        SwitchRecord(
          previous: previous.load(record), previousState: letters.state(state.load(record)), next: next.load(record)))
    case .waking(let fields): .waking(fields.load(record))
    case .wakeup(let fields): .wakeup(fields.load(record))
    case .wakeupNew(let fields): .wakeupNew(fields.load(record))
    case .migrated(let task, let from, let to):
      .migrated(task: task.load(record), from: from.load32(record), to: to.load32(record))
    case .contentionBegan(let lock, let flags):
      .contentionBegan(
        lock: LockAddress(lock.load(record)),
        flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags.load(record))))
    case .contentionEnded(let lock, let result):
      .contentionEnded(lock: LockAddress(lock.load(record)), result: result.load32(record))
    case .contendedRelease(let lock): .contendedRelease(lock: LockAddress(lock.load(record)))
    case .probedSwitch(let fields): .probedSwitch(fields.load(record, current: current))
    default: rareBody(plan, record, current)
    }
  }

  @inline(never)
  private func rareBody(_ plan: DecodePlan, _ record: Record, _ current: Pid) -> EventBody {
    switch plan {
    case .forked(let parent, let child, let comm):
      .forked(parent: parent.load32(record), child: child.load32(record), childComm: comm.load(record))
    case .executed(let pid, let oldPid): .executed(pid: pid.load32(record), oldPid: oldPid.load32(record))
    case .exited(let task): .exited(task.load(record))
    case .renamed(let pid, let comm): .renamed(pid: pid?.load32(record) ?? current, comm: comm.load(record))
    case .inheritedPriority(let pid, let comm, let from, let to):
      .inheritedPriority(
        pid: pid.load32(record), comm: comm.load(record), from: Priority(from.load32(record)),
        to: Priority(to.load32(record)))
    case .probedWait(let lock, let flags, let owner):
      .probedWait(
        WaitProbe(
          lock: LockAddress(lock.load(record)),
          flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags?.load(record) ?? 0)),
          owner: owner.load(record)))
    case .probedSetNext(let pid, let priority):
      .probedSetNext(pid: pid.load32(record), priority: Priority(priority.load32(record)))
    default: .other
    }
  }
}

/// What every record begins with (include/linux/trace_events.h, `struct trace_entry`).
struct CommonFields: Equatable {
  var type: IntegerField
  var flags: IntegerField
  var pid: IntegerField

  /// - Returns: `nil` where one is missing.
  init?(_ fields: [ParsedField]) {
    func find(_ name: String) -> IntegerField? { fields.first { $0.name == name }.flatMap(IntegerField.init) }
    guard let type = find("common_type"), let flags = find("common_flags"), let pid = find("common_pid") else {
      return nil
    }
    (self.type, self.flags, self.pid) = (type, flags, pid)
  }

  private init(type: IntegerField, flags: IntegerField, pid: IntegerField) {
    (self.type, self.flags, self.pid) = (type, flags, pid)
  }

  /// As all kernels have had it since 3.9; for captures whose formats are lost.
  static let usual = CommonFields(
    type: IntegerField(offset: 0, form: .u16), flags: IntegerField(offset: 2, form: .u8),
    pid: IntegerField(offset: 4, form: .s32))

  /// How long a record is at least.
  var end: Int { max(type.end, flags.end, pid.end) }
}
