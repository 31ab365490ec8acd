import ProxyModel
import Testing
import TraceCore

/// Chains, donors, classes, handoffs: what one short schedule after the other must come to.
struct ReconstructionTests {
  /// CPU 0:  t6 (nice 19) holds the lock; t5 (nice −20) takes over at 90 and blocks at 120, so that t6 runs again.
  private func blocked() -> Script {
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(90, 0, to: 5, prio: 100)
    script.contends(100, 0, flags: [.mutex])
    script.switched(120, 0, to: 6, state: .uninterruptible, prio: 139)
    return script
  }

  /// t6 runs on t5's account 120–200; release 200, t5 woken, switched in 220, acquires 230.
  private func donation() -> Script {
    var script = blocked()
    script.releases(200, 0)
    script.wakes(205, 0, 5, target: 0, prio: 100)
    script.switched(220, 0, to: 5, prio: 100)
    script.acquires(230, 0)
    return script
  }

  @Test func aDonorLendsItsTimeToTheOwner() {
    let timeline = donation().timeline(proxyExecution: true)
    #expect(timeline.splits.count == 1)
    #expect(timeline.splits.map(\.donor.pid) == [5])
    #expect(timeline.splits.map(\.curr.pid) == [6])
    #expect(timeline.splits.map { $0.end - $0.begin } == [100])
    #expect(timeline.splits.map(\.evidence) == [.inferred(.onlyDonor)])
    #expect(timeline.cpus.map(\.proxied) == [100])
    #expect(timeline.cpus.map(\.proxiedSwitches) == [1])
    let wait = timeline.waits[0]
    #expect(wait.times[.own] == 30)  // 100–120 and 220–230
    #expect(wait.times[.proxied] == 80)
    #expect(wait.times[.handoff] == 20)
    #expect(wait.depth == 1)
    #expect(timeline.tasks.first { $0.id.pid == 6 }?.proxiedRun == 100)
    #expect(timeline.tasks.first { $0.id.pid == 5 }?.donated == 100)
  }

  @Test func withoutProxyExecutionTheOwnerRunsByItself() {
    let timeline = donation().timeline(proxyExecution: false)
    #expect(timeline.splits.isEmpty)
    #expect(timeline.waits[0].times[.running] == 80)
    #expect(timeline.waits[0].times[.proxied] == 0)
  }

  @Test func aHandoffHasItsSteps() {
    let handoffs = donation().timeline(proxyExecution: true).handoffs
    let release = handoffs.first { $0.kind == .release }
    #expect(release?.from.pid == 6)
    #expect(release?.to.pid == 5)
    #expect(release?.wake == 5)
    #expect(release?.queue == 1)
    #expect(release?.run == 14)
    #expect(release?.acquire == 10)
    #expect(release.map { $0.end - $0.begin } == 30)
    let donation = handoffs.first { $0.kind == .donation }
    #expect(donation?.begin == Timestamp(120))
    #expect(donation.map { $0.end - $0.begin } == 0)
  }

  @Test func aLessUrgentTaskThatKeepsTheOwnerFromRunningInverts() {
    // t6 holds the lock and is preempted by t7 at 150; t5, more urgent than both, waits.
    var script = blocked()
    script.switched(150, 0, to: 7, state: .preempted, prio: 120)
    script.switched(190, 0, to: 6, state: .interruptible, prio: 139)
    script.releases(200, 0)
    script.wakes(205, 0, 5, target: 0, prio: 100)
    script.switched(220, 0, to: 5, prio: 100)
    script.acquires(230, 0)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits[0].times[.inverted] == 40)
    #expect(timeline.inversions.count == 1)
    let window = timeline.inversions.first
    #expect(window?.begin == Timestamp(150))
    #expect(window?.length == 40)
    #expect(window?.owner.pid == 6)
    #expect(window?.culprits.map(\.task.pid) == [7])
    #expect(window?.culprits.map(\.ran) == [40])
    #expect(timeline.tasks.first { $0.id.pid == 5 }?.inverted == 40)
  }

  @Test func aMoreUrgentTaskPreemptsRightly() {
    var script = blocked()
    script.switched(150, 0, to: 7, state: .preempted, prio: 49)
    script.switched(250, 0, to: 6, state: .interruptible, prio: 139)
    script.releases(260, 0)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits[0].times[.preempted] == 100)
    #expect(timeline.inversions.isEmpty)
  }

  @Test func ownersThatSleepOrIdleAreToldApart() {
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(90, 0, to: 5, prio: 100)
    script.contends(100, 0, flags: [.mutex])
    script.switched(120, 0, to: 0, state: .uninterruptible)
    script.switched(150, 1, to: 0, state: .interruptible)  // t6 sleeps with the lock
    script.wakes(180, 1, 6, target: 1)  // runnable at 181, its CPU idle
    script.switched(190, 1, to: 6)
    script.releases(200, 1)
    script.acquires(230, 0, by: 5)
    let times = script.timeline(proxyExecution: false).waits[0].times
    #expect(times[.running] == 30 + 10)
    #expect(times[.sleeping] == 30)
    #expect(times[.waking] == 1)
    #expect(times[.delayed] == 9)
  }

  @Test func chainsGoThroughSeveralLocks() {
    // t5 → lock → t6 → otherLock → t7, which runs on CPU 1.
    var script = Script()
    script.starts(1, with: 7)
    script.ticks(0, 1)
    script.switched(50, 0, to: 6, prio: 120)
    script.contends(60, 0, Script.otherLock, flags: [.mutex])
    script.switched(70, 0, to: 5, state: .uninterruptible, prio: 100)
    script.contends(80, 0, flags: [.mutex])
    script.switched(90, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1, Script.otherLock)
    script.switched(210, 0, to: 6, prio: 120)
    script.acquires(220, 0, Script.otherLock)
    script.releases(230, 0)
    script.switched(240, 0, to: 5, prio: 100)
    script.acquires(250, 0)
    let timeline = script.timeline(proxyExecution: false)
    let deep = timeline.chains.first { $0.depth == 2 }
    #expect(deep?.path.map(\.pid) == [5, 6, 7])
    #expect(deep?.locks == [Script.lock, Script.otherLock])
    #expect(deep?.terminalState == .running)
    #expect(timeline.waits.map(\.depth) == [1, 2])
    // t7 runs 90–200; then t6 has its lock for the taking and is terminal: it takes it at 220 and runs until 230.
    #expect(timeline.waits[1].times[.running] == 110 + 10)
    #expect(timeline.waits[1].times[.handoff] == 20 + 10)
  }

  /// t5 and t6 acquire a lock each after a wait, so that it is known whose they are, and then wait for each other's.
  private static func cycle() -> Script {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    script.starts(3, with: 8)
    for cpu in CPU(0)..<4 { script.ticks(UInt64(cpu), cpu) }
    script.contends(10, 0, flags: [.mutex])
    script.contends(11, 1, Script.otherLock, flags: [.mutex])
    script.contends(12, 2, flags: [.mutex])
    script.contends(13, 3, Script.otherLock, flags: [.mutex])
    script.acquires(20, 0)
    script.acquires(21, 1, Script.otherLock)
    script.contends(30, 0, Script.otherLock, flags: [.mutex])
    script.contends(31, 1, flags: [.mutex])
    script.switched(40, 0, to: 0, state: .uninterruptible)
    script.switched(41, 1, to: 0, state: .uninterruptible)
    return script
  }

  @Test func aCycleIsADeadlock() {
    var script = Self.cycle()
    script.ticks(100, 2)
    let timeline = script.timeline(proxyExecution: false)
    let cycle = timeline.chains.filter { $0.terminalState == .deadlock }
    #expect(cycle.contains { $0.path.map(\.pid) == [5, 6, 5] })
    for wait in timeline.waits { #expect(wait.times.total == wait.length) }
  }

  /// The kernel gets out of a cycle only where a wait fails: by a signal, or with -EDEADLK.
  @Test(arguments: [Int32(0), -4, -35])
  func aCycleOfWhichSomebodyAcquiresWasNone(result: Int32) {
    var script = Self.cycle()
    script.add(90, 2, .waking(WakeRecord(task: Script.snapshot(5, 120), targetCPU: 0)))
    script.switched(100, 0, to: 5)
    script.add(110, 0, .contentionEnded(lock: Script.otherLock, result: result))
    script.ticks(200, 2)
    let timeline = script.timeline(proxyExecution: false)
    // The task that closes the cycle is not the owner there, or one before it is not.
    let path: [Pid] = result == 0 ? [5, 6] : [5, 6, 5]
    let chain = timeline.chains.first { $0.begin == Timestamp(41) && $0.path.first?.pid == 5 }
    #expect(chain?.path.map(\.pid) == path)
    #expect(chain?.locks == [Script.otherLock, Script.lock])
    #expect(chain?.terminalState == (result == 0 ? .unknown : .deadlock))
    #expect((chain?.evidence == .unknown) == (result == 0))
    #expect(timeline.deadlocks.isEmpty == (result == 0))
    for wait in timeline.waits { #expect(wait.times.total == wait.length) }
  }

  @Test func aSilentMoveShowsInTheWaking() {
    // t5 blocks on CPU 0; when it is woken, the kernel has it on CPU 1, and brings it back.
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.mutex])
    script.switched(70, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    script.add(205, 1, .waking(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 1)))
    script.add(206, 1, .migrated(task: Script.snapshot(5, 100), from: 1, to: 0))
    script.add(207, 1, .wakeup(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 0)))
    script.switched(220, 0, to: 5, prio: 100)
    script.acquires(230, 0)
    let timeline = script.timeline()
    #expect(timeline.verdict.answer == .on)
    #expect(timeline.verdict.evidence == .inferred(.movedSilently))
    #expect(timeline.migrations.map(\.kind) == [.proxy, .return])
    #expect(timeline.migrations.map(\.from) == [0, 1])
    #expect(timeline.migrations.map(\.to) == [1, 0])
    #expect(timeline.migrations.map(\.evidence) == [.inferred(.movedSilently), .event])
    #expect(timeline.handoffs.first { $0.kind == .release }?.migrated == true)
  }

  @Test func aChoiceChangesTheDonorUnderCurr() {
    // With the probes: t6 runs for t5 from 120; at 150 the scheduler chooses t6 itself, and no switch follows.
    var script = blocked()
    script.add(121, 0, .probedSwitch(Script.probe(next: 6, task: 0x1000, donor: 5)), pid: 5)
    script.add(150, 0, .probedSetNext(pid: 6, priority: Priority(139)))
    script.ticks(160, 0)
    script.releases(200, 0)
    let timeline = script.timeline()
    #expect(timeline.splits.map(\.begin) == [Timestamp(120)])
    #expect(timeline.splits.map(\.end) == [Timestamp(150)])
    #expect(timeline.splits.map(\.evidence) == [.probe])
  }

  @Test func nothingIsAttributedAcrossAGap() {
    var script = donation()
    script.ticks(300, 0)
    script.contends(310, 0, flags: [.mutex])
    script.switched(320, 0, to: 6, state: .uninterruptible, prio: 139)
    script.loses(350, 0, until: 500, count: 9)
    script.switched(500, 0, to: 5, state: .interruptible, prio: 100, from: 6)
    script.acquires(510, 0)
    let timeline = script.timeline(proxyExecution: true)
    let wait = timeline.waits[1]
    #expect(wait.touchesGap)
    #expect(wait.times.total == wait.length)
    #expect(wait.times[.unknown] >= 150)
    for split in timeline.splits { #expect(split.end <= Timestamp(350) || split.begin >= Timestamp(500)) }
  }
}
