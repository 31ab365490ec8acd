import PerfettoProtos
import SwiftProtobuf
import TraceCore
import TraceTestKit

/// Prints events in the forms in which they travel, for tests: a printer that shares nothing with the reader.
struct FormPrinter {
  let events: [SchedEvent]
  private let names: [Pid: Comm]

  /// - Parameter events: Without losses. Times are cut to microseconds, which every form has.
  init(_ events: [SchedEvent]) {
    // No two events of one microsecond: which of them a form has first would be chance.
    var last: UInt64 = 0
    self.events = events.map { event in
      var event = event
      last = max(event.timestamp.rawValue / 1000 * 1000, last + 1000)
      event.timestamp = Timestamp(last)
      return event
    }
    var names: [Pid: Comm] = [:]
    for event in events {
      guard case .switched(let record) = event.body else { continue }
      names[record.previous.pid] = record.previous.comm
      names[record.next.pid] = record.next.comm
    }
    self.names = names
  }

  // MARK: Columns

  private func name(_ event: SchedEvent) -> String {
    event.pid == 0 ? "<idle>" : names[event.pid].map { "\($0)" } ?? "<...>"
  }

  private func padded(_ text: String, _ width: Int, left: Bool = true) -> String {
    let fill = String(repeating: " ", count: max(0, width - text.utf8.count))
    return left ? fill + text : text + fill
  }

  private func number(_ value: Int32, digits: Int = 3) -> String {
    String(repeating: "0", count: max(0, digits - "\(value)".count)) + "\(value)"
  }

  private func seconds(_ event: SchedEvent) -> String {
    let micros = event.timestamp.rawValue / 1000
    return "\(micros / 1_000_000)." + String("\(1_000_000 + micros % 1_000_000)".dropFirst())
  }

  private func flags(_ event: SchedEvent) -> String {
    let context = event.context
    let interrupt =
      context.contains(.nmi)
      ? "z"
      : context.contains([.hardirq, .softirq])
        ? "H" : context.contains(.hardirq) ? "h" : context.contains(.softirq) ? "s" : "."
    return (context.contains(.irqsOff) ? "d" : ".") + (context.contains(.needResched) ? "N" : ".") + interrupt + ".."
  }

  /// As the kernel prints fields.
  private func fields(_ event: SchedEvent) -> (system: String, name: String, text: String) {
    func task(_ task: TaskSnapshot) -> String { "comm=\(task.comm) pid=\(task.pid) prio=\(task.priority.rawValue)" }
    func wake(_ record: WakeRecord) -> String { "\(task(record.task)) target_cpu=\(number(record.targetCPU))" }
    func hex(_ lock: LockAddress) -> String { "0x" + String(lock.rawValue, radix: 16) }
    switch event.body {
    case .switched(let it):
      let state = String(decoding: [it.previousState.code], as: UTF8.self) + (it.previousState.isPreempted ? "+" : "")
      let previous =
        "prev_comm=\(it.previous.comm) prev_pid=\(it.previous.pid) prev_prio=\(it.previous.priority.rawValue)"
      let next = "next_comm=\(it.next.comm) next_pid=\(it.next.pid) next_prio=\(it.next.priority.rawValue)"
      return ("sched", "sched_switch", "\(previous) prev_state=\(state) ==> \(next)")
    case .waking(let it): return ("sched", "sched_waking", wake(it))
    case .wakeup(let it): return ("sched", "sched_wakeup", wake(it))
    case .wakeupNew(let it): return ("sched", "sched_wakeup_new", wake(it))
    case .migrated(let it, let from, let to):
      return ("sched", "sched_migrate_task", "\(task(it)) orig_cpu=\(from) dest_cpu=\(to)")
    case .forked(let parent, let child, let comm):
      return ("sched", "sched_process_fork", "comm=x pid=\(parent) child_comm=\(comm) child_pid=\(child)")
    case .executed(let pid, let old):
      return ("sched", "sched_process_exec", "filename=/bin/x pid=\(pid) old_pid=\(old)")
    case .exited(let it): return ("sched", "sched_process_exit", task(it))
    case .renamed(let pid, let comm):
      return ("task", "task_rename", "pid=\(pid) oldcomm=x newcomm=\(comm) oom_score_adj=0")
    case .inheritedPriority(let pid, let comm, let from, let to):
      return ("sched", "sched_pi_setprio", "comm=\(comm) pid=\(pid) oldprio=\(from.rawValue) newprio=\(to.rawValue)")
    case .contentionBegan(let lock, let flags):
      let names =
        [(1, "SPIN"), (2, "READ"), (4, "WRITE"), (8, "RT"), (16, "PERCPU"), (32, "MUTEX")] as [(UInt32, String)]
      let text = names.filter { flags.rawValue & $0.0 != 0 }.map(\.1).joined(separator: "|")
      return ("lock", "contention_begin", "\(hex(lock)) (flags=\(text))")
    case .contentionEnded(let lock, let result): return ("lock", "contention_end", "\(hex(lock)) (ret=\(result))")
    case .contendedRelease(let lock): return ("lock", "contended_release", hex(lock))
    default: return ("", "another_event", "x=1")
    }
  }

  // MARK: Lines

  /// The kernel's `trace`.
  var kernel: [String] {
    events.map { event in
      let (_, name, text) = fields(event)
      let head =
        "\(padded(self.name(event), 16))-\(padded("\(event.pid)", 7, left: false)) [\(number(event.cpu))] \(flags(event))"
      return "\(head) \(padded(seconds(event), 12)): \(name): \(text)"
    }
  }

  /// `trace-cmd report --ts-diff`, with flags.
  var differences: [String] {
    zip(kernel, events.indices).map { line, index in
      let parts = line.split(separator: ": ", maxSplits: 1)
      let step =
        index == 0 ? "" : "(+\(events[index].timestamp.rawValue / 1000 - events[index - 1].timestamp.rawValue / 1000)) "
      return "\(parts[0]): \(step)\(parts[1])"
    }
  }

  func wrapped(_ width: Int, quote: String) -> [String] { MailText.wrapped(kernel, width, quote: quote) }

  func cut(_ width: Int) -> [String] { MailText.cut(kernel, width) }

  var quotedPrintable: [String] {
    kernel.flatMap { line -> [String] in
      var (lines, rest): ([String], Substring) = ([], line.replacing("=", with: "=3D")[...])
      while rest.count > 70 {
        var piece = rest.prefix(70)
        while piece.hasSuffix("=") || piece.dropLast().hasSuffix("=") { piece = piece.dropLast() }
        lines.append(piece + "=")
        rest = rest.dropFirst(piece.count)
      }
      return lines + [String(rest)]
    }
  }

  var string: [String] {
    ["# tracer: nop\\n\\"] + kernel.map { $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\\n\\" }
  }

  var page: [String] {
    ["<pre>"]
      + kernel.map { $0.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;") } + [
        "</pre>"
      ]
  }

  /// `perf script`.
  func perf(period: Bool, pids: Bool, stacks: Bool) -> [String] {
    events.flatMap { event -> [String] in
      let (system, name, text) = fields(event)
      let comm = event.pid == 0 ? "swapper" : names[event.pid].map { "\($0)" } ?? ":\(event.pid)"
      let task = "\(padded(comm, 16)) \(pids ? "\(event.pid)/\(event.pid)" : padded("\(event.pid)", 5))"
      let head = "\(task) [\(number(event.cpu))] \(padded(seconds(event), 12)): \(period ? "         1 " : "")"
      let line = "\(head)\(padded("\(system.isEmpty ? "x" : system):\(name)", 20)): \(text)"
      return stacks ? [line, "        ffffffff8100abcd schedule+0x2a ([kernel.kallsyms])", ""] : [line]
    }
  }

  // MARK: Perfetto

  /// A trace of bundles, one CPU after the other, some events each.
  func perfetto(compact: Bool, size: Int = 50) throws -> [UInt8] {
    var trace = Perfetto_Protos_Trace()
    for start in stride(from: 0, to: events.count, by: size) {
      let part = events[start..<min(start + size, events.count)]
      for cpu in Set(part.map(\.cpu)).sorted() {
        var bundle = Perfetto_Protos_FtraceEventBundle()
        bundle.cpu = UInt32(cpu)
        let own = part.filter { $0.cpu == cpu }
        bundle.event = own.filter { !compact || !Self.isCompact($0) }.map(message)
        if compact { bundle.compactSched = Self.compact(own.filter(Self.isCompact)) }
        var packet = Perfetto_Protos_TracePacket()
        packet.ftraceEvents = bundle
        trace.packet.append(packet)
      }
    }
    return try trace.serializedBytes()
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
