import PerfettoProtos
import SwiftProtobuf
import TraceCore

extension FormPrinter {
  /// A trace of bundles, one CPU after the other, some events each.
  func perfetto(compact: Bool, size: Int = 50) throws -> [UInt8] {
    var trace = Perfetto_Protos_Trace()
    for start in stride(from: 0, to: events.count, by: size) {
      let part = events[start..<min(start + size, events.count)]
      for cpu in Set(part.map(\.cpu)).sorted() {
        let own = part.indices.filter { events[$0].cpu == cpu }
        // A bundle says of its beginning alone that events were lost there.
        for places in pieces(own) {
          var bundle = bundle(places.map { events[$0] }, compact: compact)
          bundle.cpu = UInt32(cpu)
          if losses[places[0]] != nil { bundle.lostEvents = true }
          var packet = Perfetto_Protos_TracePacket()
          packet.ftraceEvents = bundle
          trace.packet.append(packet)
        }
      }
    }
    return try trace.serializedBytes()
  }

  /// Cuts a CPU's events before those that others were lost before.
  private func pieces(_ places: [Int]) -> [[Int]] {
    places.reduce(into: []) { pieces, place in
      if pieces.isEmpty || losses[place] != nil { pieces.append([]) }
      pieces[pieces.count - 1].append(place)
    }
  }

  private func bundle(_ own: [SchedEvent], compact: Bool) -> Perfetto_Protos_FtraceEventBundle {
    var bundle = Perfetto_Protos_FtraceEventBundle()
    bundle.event = own.filter { !compact || !Self.isCompact($0) }.map(message)
    if compact { bundle.compactSched = Self.compact(own.filter(Self.isCompact)) }
    return bundle
  }

  private static func isCompact(_ event: SchedEvent) -> Bool {
    switch event.body {
    case .switched, .waking: true
    default: false
    }
  }

  private static func compact(_ events: [SchedEvent]) -> Perfetto_Protos_FtraceEventBundle.CompactSched {
    var sched = Perfetto_Protos_FtraceEventBundle.CompactSched()
    var (lastSwitch, lastWaking): (UInt64, UInt64) = (0, 0)
    func index(_ comm: Comm) -> UInt32 {
      let name = "\(comm)"
      if let known = sched.internTable.firstIndex(of: name) { return UInt32(known) }
      sched.internTable.append(name)
      return UInt32(sched.internTable.count - 1)
    }
    for event in events {
      let time = event.timestamp.rawValue
      switch event.body {
      case .switched(let it):
        sched.switchTimestamp.append(time - lastSwitch)
        lastSwitch = time
        sched.switchPrevState.append(Self.bits(it.previousState))
        sched.switchNextPid.append(it.next.pid)
        sched.switchNextPrio.append(it.next.priority.rawValue)
        sched.switchNextCommIndex.append(index(it.next.comm))
      case .waking(let it):
        sched.wakingTimestamp.append(time - lastWaking)
        lastWaking = time
        sched.wakingPid.append(it.task.pid)
        sched.wakingPrio.append(it.task.priority.rawValue)
        sched.wakingTargetCpu.append(it.targetCPU)
        sched.wakingCommIndex.append(index(it.task.comm))
        sched.wakingCommonFlags.append(UInt32(event.context.rawValue & 0xff))
      default: break
      }
    }
    return sched
  }

  /// The kernel's bits of a state (include/linux/sched.h).
  private static func bits(_ state: TaskState) -> Int64 {
    if state.isPreempted { return 0x100 }
    return "SDTtXZPI".utf8.enumerated().first { $0.element == state.code }.map { 1 << Int64($0.offset) } ?? 0
  }

  private func message(_ event: SchedEvent) -> Perfetto_Protos_FtraceEvent {
    var message = Perfetto_Protos_FtraceEvent()
    message.timestamp = event.timestamp.rawValue
    message.pid = UInt32(bitPattern: event.pid)
    message.commonFlags = UInt32(event.context.rawValue & 0xff)
    switch event.body {
    case .switched(let it):
      message.schedSwitch.prevComm = "\(it.previous.comm)"
      message.schedSwitch.prevPid = it.previous.pid
      message.schedSwitch.prevPrio = it.previous.priority.rawValue
      message.schedSwitch.prevState = Self.bits(it.previousState)
      message.schedSwitch.nextComm = "\(it.next.comm)"
      message.schedSwitch.nextPid = it.next.pid
      message.schedSwitch.nextPrio = it.next.priority.rawValue
    case .waking(let it):
      message.schedWaking.comm = "\(it.task.comm)"
      message.schedWaking.pid = it.task.pid
      message.schedWaking.prio = it.task.priority.rawValue
      message.schedWaking.targetCpu = it.targetCPU
    case .wakeup(let it):
      message.schedWakeup.comm = "\(it.task.comm)"
      message.schedWakeup.pid = it.task.pid
      message.schedWakeup.prio = it.task.priority.rawValue
      message.schedWakeup.targetCpu = it.targetCPU
    case .wakeupNew(let it):
      message.schedWakeupNew.comm = "\(it.task.comm)"
      message.schedWakeupNew.pid = it.task.pid
      message.schedWakeupNew.prio = it.task.priority.rawValue
      message.schedWakeupNew.targetCpu = it.targetCPU
    case .migrated(let it, let from, let to):
      message.schedMigrateTask.comm = "\(it.comm)"
      message.schedMigrateTask.pid = it.pid
      message.schedMigrateTask.prio = it.priority.rawValue
      message.schedMigrateTask.origCpu = from
      message.schedMigrateTask.destCpu = to
    case .forked(let parent, let child, let comm):
      message.schedProcessFork.parentPid = parent
      message.schedProcessFork.childPid = child
      message.schedProcessFork.childComm = "\(comm)"
    case .executed(let pid, let old):
      message.schedProcessExec.pid = pid
      message.schedProcessExec.oldPid = old
    case .exited(let it):
      message.schedProcessExit.comm = "\(it.comm)"
      message.schedProcessExit.pid = it.pid
      message.schedProcessExit.prio = it.priority.rawValue
    case .renamed(let pid, let comm):
      message.taskRename.pid = pid
      message.taskRename.newcomm = "\(comm)"
    case .contentionBegan(let lock, let flags):
      message.generic = Self.generic(
        "contention_begin", [("lock_addr", lock.rawValue), ("flags", UInt64(flags.rawValue))])
    case .contentionEnded(let lock, let result):
      message.generic = Self.generic("contention_end", [("lock_addr", lock.rawValue)])
      var field = Perfetto_Protos_GenericFtraceEvent.Field()
      (field.name, field.intValue) = ("ret", Int64(result))
      message.generic.field.append(field)
    case .contendedRelease(let lock):
      message.generic = Self.generic("contended_release", [("lock_addr", lock.rawValue)])
    default: message.generic = Self.generic("another_event", [])
    }
    return message
  }

  private static func generic(_ name: String, _ fields: [(String, UInt64)]) -> Perfetto_Protos_GenericFtraceEvent {
    var generic = Perfetto_Protos_GenericFtraceEvent()
    generic.eventName = name
    generic.field = fields.map { name, value in
      var field = Perfetto_Protos_GenericFtraceEvent.Field()
      (field.name, field.uintValue) = (name, value)
      return field
    }
    return generic
  }
}
