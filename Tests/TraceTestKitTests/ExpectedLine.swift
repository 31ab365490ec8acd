import TraceCore

@testable import TraceTestKit

/// What `trace-cmd report -t -R` prints of an event.
enum ExpectedLine {
  static func of(
    _ event: SchedEvent, _ layout: CaptureLayout, _ dialect: EventCatalog.Dialect
  ) -> TraceCommand.Line {
    let (name, fields) = describe(event.body, longSize: layout.kernelLongSize, dialect)
    let nanos = String(event.timestamp.rawValue % 1_000_000_000)
    let time = "\(event.timestamp.rawValue / 1_000_000_000)." + String(repeating: "0", count: 9 - nanos.count) + nanos
    return TraceCommand.Line(pid: event.pid, cpu: event.cpu, time: time, event: name, fields: fields)
  }

  private static func task(_ task: TaskSnapshot, _ prefix: String = "") -> String {
    "\(prefix)comm=\(task.comm) \(prefix)pid=\(task.pid) \(prefix)prio=\(task.priority.rawValue)"
  }

  private static func describe(_ body: EventBody, longSize: Int, _ dialect: EventCatalog.Dialect) -> (String, String) {
    let ip = "__probe_ip=" + (longSize == 4 ? "8107f86c" : "ffffffff8107f86c")
    switch body {
    case .switched(let record):
      // trace-cmd prints a `long` in hexadecimal where it is no wider than an `int`.
      let state = TaskStateBits.encode(record.previousState) ?? 0
      let printed = longSize == 4 ? "0x" + String(state, radix: 16) : String(state)
      return ("sched_switch", "\(task(record.previous, "prev_")) prev_state=\(printed) \(task(record.next, "next_"))")
    case .waking(let record): return ("sched_waking", wake(record))
    case .wakeup(let record): return ("sched_wakeup", wake(record))
    case .wakeupNew(let record): return ("sched_wakeup_new", wake(record))
    case .migrated(let moved, let from, let to):
      return ("sched_migrate_task", "\(task(moved)) orig_cpu=\(from) dest_cpu=\(to)")
    case .forked(let parent, let child, let comm):
      return ("sched_process_fork", "parent_comm= parent_pid=\(parent) child_comm=\(comm) child_pid=\(child)")
    case .executed(let pid, let old): return ("sched_process_exec", "filename=/bin/true pid=\(pid) old_pid=\(old)")
    case .exited(let gone): return ("sched_process_exit", task(gone) + (dialect == .linux7 ? " group_dead=1" : ""))
    case .renamed(let pid, let comm): return ("task_rename", "pid=\(pid) oldcomm= newcomm=\(comm) oom_score_adj=0")
    case .inheritedPriority(let pid, let comm, let from, let to):
      return ("sched_pi_setprio", "comm=\(comm) pid=\(pid) oldprio=\(from.rawValue) newprio=\(to.rawValue)")
    case .contentionBegan(let lock, let flags):
      return ("contention_begin", "lock_addr=\(lock) flags=\(flags.rawValue)")
    case .contentionEnded(let lock, let result): return ("contention_end", "lock_addr=\(lock) ret=\(result)")
    case .contendedRelease(let lock): return ("contended_release", "lock_addr=\(lock)")
    case .probedSwitch(let probe): return ("switch", "\(ip) \(donors(probe))")
    case .probedWait(let probe):
      let owner = LockAddress(probe.ownerTask | 1)
      return ("wait", "\(ip) lock=\(probe.lock) flags=\(probe.flags.rawValue) owner=\(owner)")
    case .probedSetNext(let pid, let priority): return ("set_next_fair", "\(ip) pid=\(pid) prio=\(priority.rawValue)")
    case .probedExit(let isSwitch, let donor, let priority, let curr):
      let fields = "is_switch=\(isSwitch ? 1 : 0) donor=\(donor) dprio=\(priority.rawValue) curr=\(curr)"
      return ("exit", "\(ip) \(fields)")
    case .mark(let mark): return ("bpf_trace_printk", "bpf_string=\(mark.message)")
    case .donorNamed, .ownerNamed, .queued, .unqueued, .schedExt, .lost, .other: return ("", "")
    }
  }

  private static func wake(_ record: WakeRecord) -> String { task(record.task) + " target_cpu=00\(record.targetCPU)" }

  /// Two donors and a null pointer, which is what the samples have; what stands behind it is left to chance.
  private static func donors(_ probe: SwitchProbe) -> String {
    func address(_ pid: Pid) -> String { LockAddress(SyntheticAddress.task(pid)).description }
    return "prev_pid=\(probe.previous) next_pid=\(probe.next) next_task=\(address(probe.next)) "
      + "donor=\(address(probe.donors.0)) donor_pid=\(probe.donors.0) "
      + "donor2=\(address(probe.donors.1)) donor2_pid=\(probe.donors.1) donor3=0x0 donor3_pid=* "
      + "prev_blocked_on=\(LockAddress(probe.previousBlockedOn))"
  }
}
