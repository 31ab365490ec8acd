import ProxyModel
import Testing
import TraceCore

extension Script {
  /// A sched_ext callback is called for a task, on this CPU, whoever is curr there.
  mutating func marks(_ time: UInt64, _ cpu: CPU, _ kind: MarkRecord.Kind, _ pid: Pid, runnable: Bool? = nil) {
    add(time, cpu, .mark(MarkRecord(kind, pid: pid, isRunnable: runnable)))
  }

  /// What a kernel without defect does: `stopping` of curr, `running` of next, the switch.
  mutating func schedules(
    _ time: UInt64, _ cpu: CPU, from: Pid, to next: Pid, state: TaskState = .preempted, prio: Int32 = 120
  ) {
    if from != 0 { marks(time, cpu, .stopping, from, runnable: state.isRunnable) }
    if next != 0 { marks(time + 1, cpu, .running, next) }
    switched(time + 2, cpu, to: next, state: from == 0 ? .running : state, prio: prio)
  }
}

/// sched_ext callbacks: which streams are right, and what is wrong with the others.
struct PairingTests {
  typealias Kind = PairingRow.Kind

  /// CPU 0: t5, t6 and t7 take turns until 200, so that marks of both kinds have been seen; t6 runs then.
  private func turns() -> Script {
    var script = Script()
    script.ticks(0, 0)
    script.schedules(10, 0, from: 0, to: 5)
    script.schedules(50, 0, from: 5, to: 6)
    script.schedules(100, 0, from: 6, to: 7)
    script.schedules(150, 0, from: 7, to: 5)
    script.schedules(200, 0, from: 5, to: 6)
    return script
  }

  /// t6 owns a mutex that t5 wants. At 300 t5 runs, at 330 it blocks, and t6 runs on its account from 343 on.
  private func donation() -> Script {
    var script = turns()
    script.schedules(300, 0, from: 6, to: 5)
    script.contends(320, 0, flags: [.spin, .mutex])
    script.contends(330, 0)
    script.marks(340, 0, .stopping, 5, runnable: true)
    script.marks(341, 0, .running, 5)
    script.switched(343, 0, to: 6, state: .uninterruptible)
    return script
  }

  private func kinds(_ script: Script) -> [Kind] { script.timeline().pairing.map(\.kind) }

  @Test func pairsAreRight() {
    var script = turns()
    // Picked again without a switch.
    script.marks(210, 0, .stopping, 6, runnable: true)
    script.marks(211, 0, .running, 6)
    script.schedules(250, 0, from: 6, to: 0, state: .interruptible)
    #expect(kinds(script) == [])
    let timeline = script.timeline()
    #expect(timeline.marks.total.running == 6 && timeline.marks.total.stopping == 6)
  }

  @Test func aDonorRunsWhileItsOwnerDoes() {
    var script = donation()
    script.releases(400, 0)
    script.wakes(405, 0, 5, target: 0)
    script.marks(410, 0, .stopping, 5, runnable: true)
    script.marks(411, 0, .running, 5)
    script.switched(412, 0, to: 5)
    script.acquires(420, 0)
    script.schedules(500, 0, from: 5, to: 6)
    let timeline = script.timeline()
    #expect(timeline.pairing == [])
    #expect(timeline.verdict.answer == .on)
    #expect(timeline.verdict.evidence == .inferred(.markedDonor))
    #expect(timeline.splits.map(\.evidence) == [.event])
    #expect(timeline.splits.map(\.donor.pid) == [5] && timeline.splits.map(\.curr.pid) == [6])
  }

  /// t5 blocks and leaves the CPU to t6, which its scheduler has running: t6 runs on its own account, whatever the priorities.
  private func ownerByItself() -> Script {
    var script = turns()
    script.schedules(300, 0, from: 6, to: 5, prio: 100)
    script.contends(320, 0, flags: [.spin, .mutex])
    script.contends(330, 0)
    script.schedules(340, 0, from: 5, to: 6, state: .uninterruptible)
    return script
  }

  @Test func anOwnerThatItsSchedulerHasRunningRunsByItself() {
    var script = ownerByItself()
    script.releases(400, 0)
    script.ticks(410, 0)
    #expect(script.timeline(proxyExecution: true).splits.isEmpty)
  }

  /// `stopping` of curr and `running` of a donor without a switch: the donor changes while curr stays.
  @Test func aDonorIsPickedWhileItsOwnerRunsOn() throws {
    var script = ownerByItself()
    script.marks(360, 0, .stopping, 6, runnable: true)
    script.marks(361, 0, .running, 5)
    script.releases(400, 0)
    script.ticks(410, 0)
    let split = try #require(script.timeline().splits.first)
    #expect((split.begin, split.end) == (Timestamp(361), Timestamp(410)))
    #expect((split.donor.pid, split.curr.pid, split.evidence) == (5, 6, .event))
  }

  @Test func aDonationEndsWhereTheOwnerIsPickedItself() throws {
    var script = donation()
    script.marks(360, 0, .stopping, 5, runnable: true)
    script.marks(361, 0, .running, 6)
    script.releases(400, 0)
    script.ticks(410, 0)
    let timeline = script.timeline()
    #expect(timeline.splits.map(\.end) == [Timestamp(361)])
    #expect(timeline.pairing == [])
  }

  /// t7 waits for the same lock: its scheduler picks it instead of t5, and t6 goes on for it.
  @Test func aDonorReplacesAnother() throws {
    var script = turns()
    for (time, pid) in [(220, 7), (260, 5)] as [(UInt64, Pid)] {
      script.schedules(time, 0, from: 6, to: pid)
      script.contends(time + 10, 0)
      script.schedules(time + 20, 0, from: pid, to: 6, state: .uninterruptible)
    }
    script.marks(300, 0, .stopping, 6, runnable: true)
    script.marks(301, 0, .running, 5)
    script.marks(340, 0, .stopping, 5, runnable: true)
    script.marks(341, 0, .running, 7)
    script.releases(400, 0)
    script.ticks(410, 0)
    let splits = script.timeline().splits
    #expect(splits.map(\.donor.pid) == [5, 7])
    #expect(splits.map(\.begin) == [Timestamp(301), Timestamp(341)])
    #expect(splits.map(\.end) == [Timestamp(341), Timestamp(410)])
  }

  /// A task that was closed on a CPU, moved and runs elsewhere clashes with nobody on its former CPU.
  @Test func aTaskThatHasMovedIsNoClashWhereItWas() {
    var script = turns()
    script.schedules(210, 0, from: 6, to: 0, state: .interruptible)
    script.add(220, 0, .migrated(task: Script.snapshot(6), from: 0, to: 1))
    script.schedules(230, 1, from: 0, to: 6)
    script.marks(250, 0, .running, 7)
    script.marks(251, 1, .stopping, 6, runnable: false)
    script.switched(252, 0, to: 7, state: .running)
    script.switched(253, 1, to: 0, state: .interruptible)
    #expect(script.timeline().pairing == [])
  }

  @Test func anOwnerThatNobodyDispatchedStops() throws {
    var script = donation()
    script.releases(400, 0)
    script.wakes(405, 0, 5, target: 0)
    script.marks(440, 0, .stopping, 6, runnable: false)
    script.marks(441, 0, .stopping, 5, runnable: true)
    script.marks(442, 0, .running, 7)
    script.switched(443, 0, to: 7, state: .interruptible)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.undispatchedOwner])
    let row = try #require(rows.first)
    #expect(row.callback == .stopping && row.task.pid == 6 && row.time == Timestamp(440) && row.cpu == 0)
    #expect(row.donor?.pid == 5 && row.owner?.pid == 6)
    #expect(row.clash?.what == .running && row.clash?.task.pid == 5 && row.clash?.time == Timestamp(341))
  }

  @Test func anOwnerThatNobodyDispatchedRunsAndStops() {
    var script = donation()
    script.marks(350, 0, .running, 6)
    script.releases(370, 0)
    script.marks(380, 0, .stopping, 6, runnable: true)
    script.marks(381, 0, .stopping, 5, runnable: true)
    script.marks(382, 0, .running, 7)
    script.switched(383, 0, to: 7)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.undispatchedOwner])
    #expect(rows.map(\.callback) == [.running] && rows.map(\.task.pid) == [6])
  }

  /// The same marks up to the owner's `running`, but it is the donor's `stopping` that is missing: the owner runs by itself.
  @Test func aDonorThatDoesNotStopIsNotAnOwnerTooMany() {
    var script = donation()
    script.marks(350, 0, .running, 6)
    script.releases(400, 0)
    script.wakes(405, 0, 5, target: 0)
    script.marks(450, 0, .stopping, 6, runnable: true)
    script.marks(451, 0, .running, 5)
    script.switched(452, 0, to: 5)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.runningWithoutStopping])
    #expect(rows.map(\.task.pid) == [5] && rows.map(\.time) == [Timestamp(341)])
    #expect(rows.first?.clash?.time == Timestamp(350))
  }

  @Test func aSecondRunningLacksAStopping() {
    var script = turns()
    script.marks(250, 0, .running, 6)
    script.schedules(300, 0, from: 6, to: 7)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.runningWithoutStopping])
    #expect(rows.map(\.task.pid) == [6] && rows.map(\.time) == [Timestamp(201)])
    #expect(rows.first?.clash?.time == Timestamp(250))
  }

  @Test func anotherTasksRunningLacksAStopping() {
    var script = turns()
    script.marks(301, 0, .running, 7)
    script.switched(302, 0, to: 7)
    script.schedules(350, 0, from: 7, to: 5)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.runningWithoutStopping])
    #expect(rows.map(\.task.pid) == [6] && rows.map(\.time) == [Timestamp(201)])
    #expect(rows.first?.clash?.task.pid == 7)
  }

  /// The two marks of a switch in the wrong order are one fault.
  @Test func aRunningBeforeTheStopping() {
    var script = turns()
    script.marks(300, 0, .running, 7)
    script.marks(301, 0, .stopping, 6, runnable: true)
    script.switched(302, 0, to: 7)
    script.schedules(350, 0, from: 7, to: 5)
    #expect(kinds(script) == [.runningWithoutStopping])
  }

  @Test func aSecondStoppingLacksARunning() {
    var script = turns()
    script.schedules(250, 0, from: 6, to: 7)
    script.marks(270, 1, .stopping, 6)
    script.schedules(300, 0, from: 7, to: 6)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.stoppingWithoutRunning])
    #expect(rows.map(\.time) == [Timestamp(270)] && rows.first?.clash?.time == Timestamp(250))
    // Where the task runs, not where the callback was called.
    #expect(rows.map(\.cpu) == [0])
  }

  @Test func aTaskThatWasSwitchedInWithoutRunning() {
    var script = turns()
    // In another scheduling class at first.
    script.marks(210, 0, .stopping, 6, runnable: true)
    script.switched(220, 0, to: 8)
    script.schedules(230, 0, from: 0, to: 6)
    script.switched(240, 0, to: 8)
    script.switched(250, 0, to: 6, state: .interruptible)
    script.marks(300, 0, .stopping, 6, runnable: true)
    script.switched(302, 0, to: 8)
    script.marks(350, 0, .stopping, 8, runnable: false)
    script.marks(351, 0, .running, 5)
    script.switched(352, 0, to: 5, state: .interruptible)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.stoppingWithoutRunning] && rows.map(\.task.pid) == [8])
    #expect(rows.first?.clash?.what == .switchedIn && rows.first?.clash?.time == Timestamp(302))
  }

  @Test func aBlockedTaskThatDoesNotStart() throws {
    var script = turns()
    // t8 on CPU 1 owns what t6 wants; the kernel picks t6, finds its owner elsewhere, and lets go of t6.
    script.starts(1, with: 8)
    script.ticks(202, 1)
    script.contends(220, 0, flags: [.spin, .mutex])
    script.contends(230, 0)
    script.marks(240, 0, .stopping, 6, runnable: true)
    script.marks(241, 0, .running, 6)
    script.marks(242, 0, .stopping, 6, runnable: true)
    script.switched(243, 0, to: 0, state: .uninterruptible)
    script.releases(300, 1)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.donorRunning])
    let row = try #require(rows.first)
    #expect(row.task.pid == 6 && row.time == Timestamp(241) && row.donor?.pid == 6 && row.owner?.pid == 8)
    #expect(row.clash?.what == .stopping && row.clash?.time == Timestamp(242))
  }

  @Test func aBlockedTaskThatIsPickedForTheIdleTask() {
    var script = turns()
    script.contends(230, 0)
    script.marks(240, 0, .stopping, 6, runnable: true)
    script.marks(241, 0, .running, 6)
    script.switched(243, 0, to: 0, state: .uninterruptible)
    let rows = script.timeline().pairing
    #expect(rows.map(\.kind) == [.donorRunning])
    #expect(rows.first?.clash?.what == .switchedIn && rows.first?.clash?.task.pid == 0)
  }

  /// `set_user_nice()` and the like take a running task off and put it back, from wherever they are called.
  @Test func callbacksOnOtherCPUs() {
    var script = donation()
    script.starts(1, with: 9)
    script.ticks(345, 1)
    for time in stride(from: UInt64(350), to: 390, by: 10) {
      script.marks(time, 1, .stopping, 5, runnable: true)
      script.marks(time + 1, 1, .running, 5)
    }
    script.switched(392, 1, to: 0)
    script.marks(395, 0, .stopping, 5, runnable: true)
    script.marks(396, 0, .running, 6)
    script.releases(400, 0)
    script.marks(410, 1, .stopping, 6, runnable: true)
    script.marks(411, 1, .running, 6)
    script.schedules(420, 0, from: 6, to: 7)
    #expect(kinds(script) == [])
  }

  @Test func theBeginningIsNoAnomaly() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.marks(5, 0, .stopping, 5, runnable: true)
    script.marks(6, 0, .running, 7)
    script.switched(7, 0, to: 7)
    script.marks(8, 1, .stopping, 6, runnable: false)
    script.switched(9, 1, to: 0, state: .interruptible)
    #expect(kinds(script) == [])
  }

  @Test func aGapIsNoAnomaly() {
    var script = turns()
    script.loses(210, 0, until: 260, count: 3)
    script.schedules(260, 0, from: 5, to: 7)
    script.schedules(300, 0, from: 7, to: 6)
    #expect(kinds(script) == [])
  }

  @Test func enqueuesOfBlockedTasksAreCounted() {
    var script = donation()
    script.marks(350, 0, .enqueue, 5)
    script.marks(351, 0, .enqueue, 7)
    script.releases(400, 0)
    script.add(405, 0, .waking(WakeRecord(task: Script.snapshot(5), targetCPU: 0)))
    script.marks(406, 0, .enqueue, 5)
    let total = script.timeline().marks.total
    #expect(total.enqueue == 3 && total.blockedEnqueue == 1)
  }

  /// The scheduler is handed a donor while it is still curr, on its way off the CPU.
  @Test func anEnqueueOnTheWayOffTheCPU() {
    var script = turns()
    script.marks(205, 0, .enqueue, 6)
    script.contends(230, 0)
    script.marks(240, 0, .stopping, 6, runnable: true)
    script.marks(241, 0, .enqueue, 6)
    script.marks(242, 0, .running, 7)
    script.switched(243, 0, to: 7, state: .uninterruptible)
    let timeline = script.timeline()
    #expect(timeline.marks.total.enqueue == 2 && timeline.marks.total.blockedEnqueue == 1)
    #expect(timeline.verdict.answer == .on)
  }

  @Test func impossiblePidsAreNoMarks() {
    var script = turns()
    for pid: Pid in [0, -1, 1 << 22, .max] { script.marks(250, 0, .running, pid) }
    let timeline = script.timeline()
    #expect(timeline.pairing == [])
    #expect(timeline.diagnostics.all.first { $0.kind == .pidOutOfRange }?.count == 4)
  }
}
