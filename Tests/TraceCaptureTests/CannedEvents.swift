import TraceCore

/// Events for a folder that stands for tracefs: two CPUs; task 21 waits for a lock for 9 ms; CPU 1 fills several pages.
enum CannedEvents {
  static let lock = LockAddress(0xffff_8881_00)

  static let all: [SchedEvent] = {
    let (waiter, other) = (task(21, "waiter"), task(22, "other"))
    var events: [SchedEvent] = []
    func add(_ time: UInt64, _ cpu: CPU, _ pid: Pid, _ body: EventBody) {
      events.append(SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: pid, body: body))
    }
    let begin: UInt64 = 1_000_000_000
    add(begin, 0, 21, .contentionBegan(lock: lock, flags: [.spin, .mutex]))
    add(begin + 1000, 0, 21, .contentionBegan(lock: lock, flags: .mutex))
    add(
      begin + 2000, 0, 21,
      .switched(SwitchRecord(previous: waiter, previousState: .uninterruptible, next: other)))
    for step in 0..<600 {
      let pair = step % 2 == 0 ? (waiter, other) : (other, waiter)
      add(
        begin + 3000 + UInt64(step) * 10_000, 1, pair.0.pid,
        .switched(SwitchRecord(previous: pair.0, previousState: .preempted, next: pair.1)))
    }
    add(begin + 8_900_000, 0, 22, .waking(WakeRecord(task: waiter, targetCPU: 0)))
    // A spinlock that is waited for much longer is no wait.
    add(begin + 8_910_000, 1, 22, .contentionBegan(lock: LockAddress(0xffff_1234), flags: .spin))
    add(begin + 9_000_000, 0, 21, .contentionEnded(lock: lock, result: 0))
    add(begin + 99_000_000, 1, 22, .contentionEnded(lock: LockAddress(0xffff_1234), result: 0))
    return events.sorted { ($0.timestamp.rawValue, $0.cpu) < ($1.timestamp.rawValue, $1.cpu) }
  }()

  private static func task(_ pid: Pid, _ comm: String) -> TaskSnapshot {
    TaskSnapshot(pid: pid, priority: Priority(120), comm: Comm(comm))
  }
}
