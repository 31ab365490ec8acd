import PerfettoProtos
import SwiftProtobuf
import TraceCore

/// Makes events of a CPU's bundles, in the order in which they were written.
struct PerfettoBundle {
  /// Numbered as they turn up, as those of a text.
  private(set) var events: TextEvents
  /// Events with a role whose fields are not all there.
  private(set) var bad: UInt64 = 0
  private let builder: BodyBuilder
  private let descriptors: [Int: PerfettoIndex.Descriptor]

  init(_ map: EventMap, _ marks: MarkPattern, _ descriptors: [Int: PerfettoIndex.Descriptor]) {
    events = TextEvents(map)
    builder = BodyBuilder(marks: marks, ownMarks: [])
    self.descriptors = descriptors
  }

  /// Decodes a bundle.
  /// - Parameter curr: Whom the CPU's last compact switch has switched to; `nil` where that is not known. Compact switches do not name
  ///   the task that leaves (`CompactSchedParser` in Perfetto's trace processor).
  mutating func decode(
    _ bundle: Perfetto_Protos_FtraceEventBundle, cpu: CPU, curr: inout TaskSnapshot?
  ) -> [SchedEvent] {
    var found = bundle.event.map { event($0, cpu) }
    let compact = compact(bundle.compactSched, cpu, &curr)
    guard !compact.isEmpty else { return found }
    found += compact
    // A stable order by time: of events of one time those that are whole come first.
    let order = found.indices.sorted { (found[$0].timestamp, $0) < (found[$1].timestamp, $1) }
    return order.map { found[$0] }
  }

  // MARK: Compact

  private mutating func compact(
    _ sched: Perfetto_Protos_FtraceEventBundle.CompactSched, _ cpu: CPU, _ curr: inout TaskSnapshot?
  ) -> [SchedEvent] {
    let names = sched.internTable.map { Comm($0) }
    func name(_ index: UInt32) -> Comm { Int(index) < names.count ? names[Int(index)] : .empty }
    let switches = min(
      sched.switchTimestamp.count, sched.switchPrevState.count, sched.switchNextPid.count, sched.switchNextPrio.count,
      sched.switchNextCommIndex.count)
    let wakings = min(
      sched.wakingTimestamp.count, sched.wakingPid.count, sched.wakingTargetCpu.count, sched.wakingPrio.count,
      sched.wakingCommIndex.count)
    if switches + wakings > 0 {
      if switches < sched.switchTimestamp.count || wakings < sched.wakingTimestamp.count { bad += 1 }
    }
    let switchID = switches > 0 ? id("sched:sched_switch") : 0
    let wakingID = wakings > 0 ? id("sched:sched_waking") : 0
    let hasFlags = sched.wakingCommonFlags.count >= wakings
    var found: [SchedEvent] = []
    var (nextSwitch, nextWaking) = (0, 0)
    var switchTime: UInt64 = switches > 0 ? sched.switchTimestamp[0] : .max
    var wakingTime: UInt64 = wakings > 0 ? sched.wakingTimestamp[0] : .max
    while nextSwitch < switches || nextWaking < wakings {
      if nextWaking < wakings, nextSwitch == switches || wakingTime <= switchTime {
        // Who wakes is who runs. Before the first switch that is not known, and a waking without a waker is none.
        if let waker = curr {
          let task = TaskSnapshot(
            pid: sched.wakingPid[nextWaking], priority: Priority(sched.wakingPrio[nextWaking]),
            comm: name(sched.wakingCommIndex[nextWaking]))
          found.append(
            SchedEvent(
              timestamp: Timestamp(wakingTime), cpu: cpu, pid: waker.pid, eventID: wakingID,
              context: hasFlags ? Self.context(sched.wakingCommonFlags[nextWaking]) : .unknown,
              body: .waking(WakeRecord(task: task, targetCPU: sched.wakingTargetCpu[nextWaking]))))
        }
        nextWaking += 1
        if nextWaking < wakings { wakingTime &+= sched.wakingTimestamp[nextWaking] }
      } else {
        let next = TaskSnapshot(
          pid: sched.switchNextPid[nextSwitch], priority: Priority(sched.switchNextPrio[nextSwitch]),
          comm: name(sched.switchNextCommIndex[nextSwitch]))
        let state = StateLetters.recent.state(UInt64(bitPattern: sched.switchPrevState[nextSwitch]))
        let body: EventBody =
          curr.map { .switched(SwitchRecord(previous: $0, previousState: state, next: next)) } ?? .other
        found.append(
          SchedEvent(
            timestamp: Timestamp(switchTime), cpu: cpu, pid: curr?.pid ?? next.pid, eventID: switchID,
            context: .unknown, body: body))
        curr = next
        nextSwitch += 1
        if nextSwitch < switches { switchTime &+= sched.switchTimestamp[nextSwitch] }
      }
    }
    return found
  }

  // MARK: Whole events

  private mutating func event(_ event: Perfetto_Protos_FtraceEvent, _ cpu: CPU) -> SchedEvent {
    var made = SchedEvent(
      timestamp: Timestamp(event.timestamp), cpu: cpu, pid: Pid(truncatingIfNeeded: event.pid),
      context: event.hasCommonFlags ? Self.context(event.commonFlags) : .unknown, body: .other)
    switch event.event {
    case .schedSwitch(let it):
      let previous = TaskSnapshot(pid: it.prevPid, priority: Priority(it.prevPrio), comm: Comm(it.prevComm))
      let next = TaskSnapshot(pid: it.nextPid, priority: Priority(it.nextPrio), comm: Comm(it.nextComm))
      let state = StateLetters.recent.state(UInt64(bitPattern: it.prevState))
      set(&made, "sched:sched_switch", .switched(SwitchRecord(previous: previous, previousState: state, next: next)))
    case .schedWaking(let it):
      set(&made, "sched:sched_waking", .waking(Self.wake(it.pid, it.prio, it.comm, it.targetCpu)))
    case .schedWakeup(let it):
      set(&made, "sched:sched_wakeup", .wakeup(Self.wake(it.pid, it.prio, it.comm, it.targetCpu)))
    case .schedWakeupNew(let it):
      set(&made, "sched:sched_wakeup_new", .wakeupNew(Self.wake(it.pid, it.prio, it.comm, it.targetCpu)))
    case .schedMigrateTask(let it):
      let task = TaskSnapshot(pid: it.pid, priority: Priority(it.prio), comm: Comm(it.comm))
      set(&made, "sched:sched_migrate_task", .migrated(task: task, from: it.origCpu, to: it.destCpu))
    case .schedProcessFork(let it):
      let body = EventBody.forked(parent: it.parentPid, child: it.childPid, childComm: Comm(it.childComm))
      set(&made, "sched:sched_process_fork", body)
    case .schedProcessExec(let it):
      set(&made, "sched:sched_process_exec", .executed(pid: it.pid, oldPid: it.oldPid))
    case .schedProcessExit(let it):
      let task = TaskSnapshot(pid: it.pid, priority: Priority(it.prio), comm: Comm(it.comm))
      set(&made, "sched:sched_process_exit", .exited(task))
    case .taskRename(let it):
      set(&made, "task:task_rename", .renamed(pid: it.hasPid ? it.pid : made.pid, comm: Comm(it.newcomm)))
    case .schedPiSetprio(let it):
      let body = EventBody.inheritedPriority(
        pid: it.pid, comm: Comm(it.comm), from: Priority(it.oldprio), to: Priority(it.newprio))
      set(&made, "sched:sched_pi_setprio", body)
    case .generic(let it): setGeneric(&made, it)
    case nil: setDescribed(&made, event)
    }
    return made
  }

  private mutating func id(_ name: StaticString) -> UInt16 {
    let index = events.index(of: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    return events.id(index)
  }

  private mutating func set(_ event: inout SchedEvent, _ name: StaticString, _ body: EventBody) {
    (event.eventID, event.body) = (id(name), body)
  }

  private static func wake(_ pid: Pid, _ priority: Int32, _ comm: String, _ cpu: CPU) -> WakeRecord {
    WakeRecord(task: TaskSnapshot(pid: pid, priority: Priority(priority), comm: Comm(comm)), targetCPU: cpu)
  }

  /// The kernel's own bits.
  private static func context(_ flags: UInt32) -> EventContext { EventContext(rawValue: UInt16(flags & 0xff)) }

  // MARK: Events without a message

  private mutating func setGeneric(_ event: inout SchedEvent, _ generic: Perfetto_Protos_GenericFtraceEvent) {
    var fields: [GenericFields.Field] = []
    for field in generic.field {
      let name = Array(field.name.utf8)
      switch field.value {
      case .intValue(let value): fields.append(.init(name: name, number: UInt64(bitPattern: value)))
      case .uintValue(let value): fields.append(.init(name: name, number: value))
      case .strValue(let value): fields.append(.init(name: name, text: Array(value.utf8)))
      case nil: break
      }
    }
    set(&event, Array(generic.eventName.utf8), fields)
  }

  /// An event that the trace itself describes: its fields are unknown to the message.
  private mutating func setDescribed(_ event: inout SchedEvent, _ message: Perfetto_Protos_FtraceEvent) {
    let unknown = Array(message.unknownFields.data)
    guard !unknown.isEmpty else { return }
    var (name, fields): ([UInt8], [GenericFields.Field]) = ([], [])
    unknown.withUnsafeBytes { bytes in
      var scanner = WireScanner(bytes)
      while let (field, value) = scanner.next() {
        guard let descriptor = descriptors[field], case .bytes(let range) = value else { continue }
        name = Array((descriptor.system.isEmpty ? "" : descriptor.system + ":").utf8) + Array(descriptor.name.utf8)
        var parts = WireScanner(bytes, range)
        while let (field, value) = parts.next() {
          guard let key = descriptor.fields[field] else { continue }
          switch value {
          case .number(let number): fields.append(.init(name: Array(key.utf8), number: number))
          case .bytes(let range): fields.append(.init(name: Array(key.utf8), text: Array(bytes[range])))
          }
        }
      }
    }
    if !name.isEmpty { set(&event, name, fields) }
  }

  private mutating func set(_ event: inout SchedEvent, _ name: [UInt8], _ fields: [GenericFields.Field]) {
    let index = name.withUnsafeBytes { events.index(of: $0) }
    event.eventID = events.id(index)
    guard let role = events.facts(index).role else { return }
    let source = GenericFields(sources: events.sources(index), fields: fields, current: event.pid)
    if let body = builder.body(role, source) { event.body = body } else { bad += 1 }
  }
}

/// The fields of an event that Perfetto has no message for, by their names.
struct GenericFields: FieldSource {
  struct Field {
    var name: [UInt8]
    var number: UInt64?
    var text: [UInt8]?
  }

  let sources: [KeyValueFields.Source]
  let fields: [Field]
  let current: Pid

  private func field(_ field: FieldName) -> Field? {
    guard case .key(let key)? = sources.first(where: { $0.field == field })?.place else { return nil }
    return fields.first { $0.name == key }
  }

  func number(_ field: FieldName) -> UInt64? {
    switch sources.first(where: { $0.field == field })?.place {
    case .key: self.field(field)?.number
    case .constant(let value): value
    case .current: UInt64(bitPattern: Int64(current))
    case .absent, nil: nil
    }
  }

  func comm(_ field: FieldName) -> Comm? { self.field(field)?.text.map { Comm($0) } }

  var previousState: TaskState? { number(.prevState).map { StateLetters.recent.state($0) } }

  /// A message's text would have to outlive its event.
  func text(_ field: FieldName) -> UnsafeRawBufferPointer? { nil }
}
