import PerfettoProtos
import ProxyReport
import SwiftProtobuf
import TraceCore

/// Turns records of one CPU into bundles in Perfetto's compact form: columns of differences and numbers, about 8 bytes a record.
struct PerfettoSched {
  /// Records of a bundle. Names are interned anew in each.
  private static let bundleSize = 4096

  private let cpu: CPU
  private var compact = Perfetto_Protos_FtraceEventBundle.CompactSched()
  private var rare: [Perfetto_Protos_FtraceEvent] = []
  private var comms: [Comm: UInt32] = [:]
  private var lastSwitch: UInt64 = 0
  private var lastWaking: UInt64 = 0
  private var count = 0
  private var hasLost = false

  init(_ cpu: CPU) { self.cpu = cpu }

  /// Takes a record; what Perfetto makes nothing of is left out.
  /// - Returns: whether the bundle is full.
  mutating func add(_ event: SchedEvent) -> Bool {
    switch event.body {
    case .switched(let record): add(record, event)
    case .waking(let record): add(record, event)
    case .forked, .executed, .exited, .renamed: addRare(event)
    case .lost(let loss): if !loss.isQuiet { hasLost = true }
    default: return false
    }
    return count >= Self.bundleSize
  }

  private mutating func add(_ record: SwitchRecord, _ event: SchedEvent) {
    compact.switchTimestamp.append(difference(event.timestamp, &lastSwitch))
    compact.switchPrevState.append(Self.bits(record.previousState))
    compact.switchNextPid.append(record.next.pid)
    compact.switchNextPrio.append(record.next.priority.rawValue)
    compact.switchNextCommIndex.append(interned(record.next.comm))
    count += 1
  }

  private mutating func add(_ record: WakeRecord, _ event: SchedEvent) {
    compact.wakingTimestamp.append(difference(event.timestamp, &lastWaking))
    compact.wakingPid.append(record.task.pid)
    compact.wakingTargetCpu.append(record.targetCPU)
    compact.wakingPrio.append(record.task.priority.rawValue)
    compact.wakingCommIndex.append(interned(record.task.comm))
    compact.wakingCommonFlags.append(UInt32(event.context.rawValue & 0xff))
    count += 1
  }

  /// The first is absolute, the others are differences; a clock that steps back by a little wraps around and comes right again.
  private func difference(_ time: Timestamp, _ last: inout UInt64) -> UInt64 {
    defer { last = time.rawValue }
    return time.rawValue &- last
  }

  private mutating func interned(_ comm: Comm) -> UInt32 {
    if let index = comms[comm] { return index }
    let index = UInt32(compact.internTable.count)
    comms[comm] = index
    compact.internTable.append(comm.text)
    return index
  }

  /// `prev_state` as kernels since 4.18 have it (include/linux/sched.h), which Perfetto takes for granted of them.
  static func bits(_ state: TaskState) -> Int64 {
    if state.isPreempted { return 0x100 }
    return switch state.letter {
    case "S": 0x01
    case "D": 0x02
    case "T": 0x04
    case "t": 0x08
    case "X": 0x10
    case "Z": 0x20
    case "P": 0x40
    case "I": 0x80
    default: 0
    }
  }

  private mutating func addRare(_ event: SchedEvent) {
    var rare = Perfetto_Protos_FtraceEvent()
    rare.timestamp = event.timestamp.rawValue
    rare.pid = UInt32(bitPattern: event.pid)
    switch event.body {
    case .forked(let parent, let child, let comm):
      rare.schedProcessFork = .with { ($0.parentPid, $0.childPid, $0.childComm) = (parent, child, comm.text) }
    case .executed(let pid, let old): rare.schedProcessExec = .with { ($0.pid, $0.oldPid) = (pid, old) }
    case .exited(let task):
      rare.schedProcessExit = .with { ($0.pid, $0.comm, $0.prio) = (task.pid, task.comm.text, task.priority.rawValue) }
    case .renamed(let pid, let comm): rare.taskRename = .with { ($0.pid, $0.newcomm) = (pid, comm.text) }
    default: return
    }
    self.rare.append(rare)
    count += 1
  }

  /// The bundle so far; what follows begins another one. `nil` where it is empty.
  mutating func takeBundle() -> Perfetto_Protos_FtraceEventBundle? {
    guard count > 0 else { return nil }
    var bundle = Perfetto_Protos_FtraceEventBundle()
    bundle.cpu = UInt32(bitPattern: cpu)
    bundle.compactSched = compact
    bundle.event = rare
    if hasLost { bundle.lostEvents = true }
    self = PerfettoSched(cpu)
    return bundle
  }
}
