import ProxyModel
import TraceCore

/// Writes literal event streams as a kernel would record them, so that a test reads like a schedule.
struct Script {
  private(set) var events: [SchedEvent] = []
  private var current: [CPU: Pid] = [:]
  /// What each task was last switched in with; 120 before.
  private var priorities: [Pid: Int32] = [:]

  static let lock = LockAddress(0xffff_8880_0000_1000)
  static let otherLock = LockAddress(0xffff_8880_0000_2000)

  /// What is running on a CPU when the trace begins.
  mutating func starts(_ cpu: CPU, with pid: Pid) { current[cpu] = pid }

  static func name(_ pid: Pid) -> Comm { pid == 0 ? "swapper" : Comm("t\(pid)") }

  static func snapshot(_ pid: Pid, _ prio: Int32 = 120) -> TaskSnapshot {
    TaskSnapshot(pid: pid, priority: Priority(prio), comm: name(pid))
  }

  mutating func add(
    _ time: UInt64, _ cpu: CPU, _ body: EventBody, pid: Pid? = nil, context: EventContext = .task
  ) {
    events.append(
      SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: pid ?? current[cpu] ?? 0, context: context, body: body))
  }

  /// The switch probe beside a switch to `next`.
  static func probe(next: Pid, task: UInt64, donor: Pid? = nil) -> SwitchProbe {
    SwitchProbe(
      previous: 0, next: next, nextTask: task,
      donors: (donor.map { (0x5000, $0) } ?? (0, 77), (0, 88), (0, 99)), previousBlockedOn: 0)
  }

  /// `sched_switch` from whatever runs to `next`.
  mutating func switched(
    _ time: UInt64, _ cpu: CPU, to next: Pid, state: TaskState = .preempted, prio: Int32 = 120, from: Pid? = nil
  ) {
    let previous = from ?? current[cpu] ?? 0
    add(
      time, cpu,
      .switched(
        SwitchRecord(
          previous: Script.snapshot(previous, priorities[previous] ?? 120), previousState: state,
          next: Script.snapshot(next, prio))),
      pid: previous)
    current[cpu] = next
    priorities[next] = prio
  }

  mutating func contends(
    _ time: UInt64, _ cpu: CPU, _ lock: LockAddress = Script.lock, flags: ContentionFlags = [.mutex]
  ) {
    add(time, cpu, .contentionBegan(lock: lock, flags: flags))
  }

  mutating func acquires(
    _ time: UInt64, _ cpu: CPU, _ lock: LockAddress = Script.lock, result: Int32 = 0, by pid: Pid? = nil
  ) {
    if let pid { switched(time - 1, cpu, to: pid, prio: 100) }
    add(time, cpu, .contentionEnded(lock: lock, result: result))
  }

  mutating func releases(_ time: UInt64, _ cpu: CPU, _ lock: LockAddress = Script.lock) {
    add(time, cpu, .contendedRelease(lock: lock))
  }

  mutating func wakes(_ time: UInt64, _ cpu: CPU, _ pid: Pid, target: CPU, by: Pid? = nil, prio: Int32 = 120) {
    let record = WakeRecord(task: Script.snapshot(pid, prio), targetCPU: target)
    add(time, cpu, .waking(record), pid: by)
    add(time + 1, cpu, .wakeup(record), pid: by)
  }

  /// Any record, to say that the CPU's curr is still alive.
  mutating func ticks(_ time: UInt64, _ cpu: CPU) { add(time, cpu, .other) }

  /// The ring buffer lost records after the CPU's last one, until `until`.
  mutating func loses(_ time: UInt64, _ cpu: CPU, until: UInt64?, count: UInt64?) {
    add(time, cpu, .lost(LostEvents(until: until.map { Timestamp($0) }, count: count)))
  }

  /// The ring buffer lost records before the CPU's first one.
  mutating func losesStart(_ time: UInt64, _ cpu: CPU) {
    add(time, cpu, .lost(LostEvents(until: Timestamp(time), isAtStart: true, count: nil)))
  }

  /// The timeline of the script, in the order in which it was written.
  func timeline(proxyExecution: Bool? = nil) -> Timeline {
    var options = ProxyMachine.Options()
    options.proxyExecution = proxyExecution
    var machine = ProxyMachine(options)
    for event in events { machine.apply(event) }
    return machine.finish()
  }
}
