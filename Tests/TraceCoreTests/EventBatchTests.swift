import Testing
import TraceCore

/// What is packed comes out as it was.
struct EventBatchTests {
  private func packed(_ events: [SchedEvent], batchSize: Int) -> [SchedEvent] {
    let memory = BatchMemory.allocate(batchSize)
    defer { memory.deallocate() }
    var packer = EventPacker(memory)
    var found: [SchedEvent] = []
    for event in events {
      packer.add(event)
      guard packer.isFull else { continue }
      found += Array(packer.finished)
      packer.begin(memory)
    }
    return found + Array(packer.finished)
  }

  /// One of every kind, with values at the ends of their ranges.
  private static let bodies: [EventBody] = {
    let a = TaskSnapshot(pid: .max, priority: Priority(-1), comm: "a name of 15 by")
    let b = TaskSnapshot(pid: -1, priority: Priority(.max), comm: Comm([0xff, 0xfe, 0x20]))
    let none: (task: UInt64, pid: Pid) = (0, -1)
    return [
      .switched(SwitchRecord(previous: a, previousState: .preempted, next: b)),
      .switched(SwitchRecord(previous: b, previousState: TaskState(code: 0xff), next: a)),
      .waking(WakeRecord(task: a, targetCPU: -1)), .wakeup(WakeRecord(task: b, targetCPU: .max)),
      .wakeupNew(WakeRecord(task: a, targetCPU: 3)), .migrated(task: b, from: 1, to: .min),
      .forked(parent: 1, child: 2, childComm: "child"), .executed(pid: 2, oldPid: 3), .exited(a),
      .renamed(pid: 4, comm: "other"),
      .inheritedPriority(pid: 5, comm: "pi", from: Priority(120), to: Priority(10)),
      .contentionBegan(lock: LockAddress(.max), flags: ContentionFlags(rawValue: .max)),
      .contentionEnded(lock: LockAddress(1), result: .min), .contendedRelease(lock: LockAddress(0xffff_8880_1234_5678)),
      .probedSwitch(
        SwitchProbe(previous: 1, next: 2, nextTask: 3, donors: ((4, 5), (6, 7), none), previousBlockedOn: 8)),
      .probedWait(WaitProbe(lock: LockAddress(9), flags: .mutex, owner: 10)),
      .probedSetNext(pid: 11, priority: Priority(120)),
      .probedExit(isSwitch: true, donor: 11, donorPriority: Priority(-1), curr: 12), .donorNamed(donor: 1, owner: 2),
      .ownerNamed(lock: LockAddress(3), waiter: 4, owner: 5),
      .lost(LostEvents(until: Timestamp(12), isAtStart: true, count: nil)), .other,
    ]
  }()

  @Test(arguments: [1, 2, 7, 1000]) func everyKind(batchSize: Int) {
    var events: [SchedEvent] = []
    for (index, body) in Self.bodies.enumerated() {
      for context in [0, 0x7f, 0xff, 0x100, 0x1ff] as [UInt16] {
        events.append(
          SchedEvent(
            timestamp: Timestamp(.max - UInt64(index)), cpu: CPU(index) * 1_000_000, pid: Pid(index) - 3,
            eventID: .max - UInt16(index), context: EventContext(rawValue: context), body: body))
      }
    }
    let found = packed(events, batchSize: batchSize)
    #expect(found == events)
  }

  /// More tasks than there are places to remember one, and some that change their looks again and again.
  @Test(arguments: 0..<20 as Range<UInt64>) func manyTasks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pids: ClosedRange<Pid> = seed % 2 == 0 ? 0...10 : 0...100_000
    func task() -> TaskSnapshot {
      let comms: [Comm] = ["swapper/0", "swapper/1", "swapper/17", "x", ""]
      return TaskSnapshot(
        pid: .random(in: pids, using: &random), priority: Priority(.random(in: 119...120, using: &random)),
        comm: comms.randomElement(using: &random) ?? .empty)
    }
    let events = (0..<3000).map { index in
      SchedEvent(
        timestamp: Timestamp(index), cpu: 0, pid: 1,
        body: .switched(SwitchRecord(previous: task(), previousState: .running, next: task())))
    }
    let found = packed(events, batchSize: 700)
    #expect(found == events)
  }

  /// A task that looks as before gets no second number.
  @Test func tasksAreNumberedOnce() {
    let memory = BatchMemory.allocate(100)
    defer { memory.deallocate() }
    var packer = EventPacker(memory)
    let tasks = (0..<4).map { TaskSnapshot(pid: 100 + $0, priority: Priority(120), comm: "task") }
    for index in 0..<100 {
      packer.add(
        SchedEvent(
          timestamp: Timestamp(UInt64(index)), cpu: 0, pid: 1,
          body: .waking(WakeRecord(task: tasks[index % 4], targetCPU: 0))))
    }
    let (taskCount, isFull) = (packer.finished.tasks.count, packer.isFull)
    #expect(taskCount == 4)
    #expect(isFull)
    packer.begin(memory)
    let (isEmpty, number) = (packer.finished.isEmpty, packer.number(of: tasks[3]))
    #expect(isEmpty)
    #expect(number == 0, "numbers are the batch's own")
  }
}
