import TraceCore

@testable import TraceTestKit

/// One event of every kind, several times, over some CPUs.
enum SampleEvents {
  static let comms: [Pid: String] = [0: "<idle>", 11: "owner", 12: "donor", 13: "noise"]

  /// Cycles through all bodies; with a gap of more than 134 ms (a TIME_EXTEND) now and then.
  static func make(count: Int, cpus: [CPU], dialect: EventCatalog.Dialect = .linux7) -> [SchedEvent] {
    let bodies = bodies(dialect)
    var time: UInt64 = 5_000_000_123
    return (0..<count).map { index in
      time += index % 37 == 36 ? 250_000_001 : UInt64(100 + index % 7 * 211)
      return SchedEvent(
        timestamp: Timestamp(time), cpu: cpus[index % cpus.count], pid: Pid(11 + index % 3),
        context: index % 5 == 0 ? [.hardirq, .irqsOff] : .task, body: bodies[index % bodies.count])
    }
  }

  /// Events that Linux 6.12 has not.
  private static func later(_ lock: LockAddress) -> [EventBody] {
    [
      .contendedRelease(lock: lock), .probedExit(isSwitch: true, donor: 12, donorPriority: Priority(-1), curr: 11),
      .probedExit(isSwitch: false, donor: 0, donorPriority: Priority(120), curr: 0),
    ]
  }

  static func bodies(_ dialect: EventCatalog.Dialect) -> [EventBody] {
    let owner = TaskSnapshot(pid: 11, priority: Priority(139), comm: "owner")
    let donor = TaskSnapshot(pid: 12, priority: Priority(100), comm: "fifteen-letters")
    let deadline = TaskSnapshot(pid: 13, priority: Priority(-1), comm: "noise")
    let lock = LockAddress(0xc000_1040)
    let wake = WakeRecord(task: donor, targetCPU: 1)
    let probe = SwitchProbe(
      previous: 12, next: 11, nextTask: SyntheticAddress.task(11), donors: ((1, 12), (1, 13), (0, 0)),
      previousBlockedOn: lock.rawValue)
    return [
      .switched(SwitchRecord(previous: donor, previousState: .uninterruptible, next: owner)),
      .switched(SwitchRecord(previous: owner, previousState: .preempted, next: deadline)),
      .waking(wake), .wakeup(wake), .wakeupNew(wake), .migrated(task: owner, from: 0, to: 1),
      .forked(parent: 11, child: 13, childComm: "noise"), .executed(pid: 11, oldPid: 12), .exited(deadline),
      .renamed(pid: 12, comm: "renamed"),
      .inheritedPriority(pid: 11, comm: "owner", from: Priority(139), to: Priority(49)),
      .contentionBegan(lock: lock, flags: [.spin, .mutex]), .contentionEnded(lock: lock, result: 0),
      .contentionEnded(lock: lock, result: -4),
    ] + (dialect == .linux6 ? [] : later(lock)) + [
      .probedSwitch(probe), .probedWait(WaitProbe(lock: lock, flags: .mutex, owner: SyntheticAddress.task(11))),
      .probedSetNext(pid: 12, priority: Priority(100)),
      .mark(MarkRecord(.running, pid: 12)), .mark(MarkRecord(.stopping, pid: 12, isRunnable: true)),
      .mark(MarkRecord(.enqueue, pid: 11)),
    ]
  }
}
