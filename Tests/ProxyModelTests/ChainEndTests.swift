import ProxyModel
import Testing
import TraceCore

/// Where a chain ends, and whether who stands there can run.
struct ChainEndTests {
  /// t5 (prio 100) waits for t6, which waits for t7 on CPU 2 and is woken there; t8 (prio 139) runs on t6's CPU 1.
  private func wokenOwner(enqueuedAt time: UInt64) -> Script {
    var script = Script()
    script.starts(2, with: 7)
    script.ticks(0, 2)
    script.switched(10, 1, to: 6, prio: 120)
    script.contends(20, 1, Script.otherLock)
    script.switched(30, 1, to: 8, state: .uninterruptible, prio: 139)
    script.switched(40, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.releases(200, 2, Script.otherLock)
    let woken = WakeRecord(task: Script.snapshot(6, 120), targetCPU: 1)
    script.add(210, 2, .waking(woken))
    script.add(time, 2, .wakeup(woken))
    script.switched(400, 1, to: 6, prio: 120)
    script.acquires(410, 1, Script.otherLock)
    script.releases(420, 1)
    script.switched(430, 0, to: 5, prio: 100)
    script.acquires(440, 0)
    return script
  }

  @Test func aReleaseFurtherUpTheChainIsAHandoff() {
    // t7 releases at 200 what t6 waits for, and t6 takes it at 410; from 420 on t5 is on its way.
    let timeline = wokenOwner(enqueuedAt: 300).timeline(proxyExecution: false)
    let times = timeline.waits.first { $0.waiter.pid == 5 }?.times
    #expect(times?[.handoff] == 220)
    #expect(times?[.running] == 150)
    #expect(times?[.inverted] == 0)
    #expect(timeline.chains.contains { $0.path.map(\.pid) == [5, 6] && $0.begin == Timestamp(200) })
    #expect(timeline.chains.first { $0.begin == Timestamp(200) }?.terminalState == .released)
  }

  /// t6 sleeps with the lock for which t5 (prio 100) waits, and is woken at 210; t8 runs on its CPU 1.
  private func sleepingOwner(enqueuedAt time: UInt64) -> Script {
    var script = Script()
    script.switched(10, 1, to: 6, prio: 120)
    script.switched(40, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.switched(70, 1, to: 8, state: .interruptible, prio: 110)
    let woken = WakeRecord(task: Script.snapshot(6, 120), targetCPU: 1)
    script.add(210, 1, .waking(woken))
    script.add(time, 1, .wakeup(woken))
    return script
  }

  @Test func anOwnerIsNotRunnableBeforeItIsEnqueued() {
    // On a runqueue from 300: only then does t8 keep it from running.
    var script = sleepingOwner(enqueuedAt: 300)
    script.switched(400, 1, to: 6, prio: 120)
    script.releases(420, 1)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits.first?.times[.sleeping] == 140)
    #expect(timeline.waits.first?.times[.waking] == 90)
    #expect(timeline.waits.first?.times[.inverted] == 100)
    #expect(timeline.inversions.map(\.begin) == [Timestamp(300)])
  }

  @Test func theMostUrgentWaiterDecidesForAll() {
    // t4 (prio 139) begins to wait beside t5 at 350, which t8 (prio 110) keeps waiting: for t4 alone that would be right.
    var script = sleepingOwner(enqueuedAt: 300)
    script.switched(340, 2, to: 4, prio: 139)
    script.contends(350, 2)
    script.switched(360, 2, to: 0, state: .uninterruptible)
    script.switched(400, 1, to: 6, prio: 120)
    script.releases(420, 1)
    let waits = script.timeline(proxyExecution: false).waits
    #expect(waits.map(\.waiter.pid) == [5, 4])
    #expect(waits.map { $0.times[.inverted] } == [100, 40])
    #expect(waits.map { $0.times[.preempted] } == [0, 0])
  }

  @Test func withoutTheMostUrgentWaiterTheOthersDecide() {
    // t5 gives up at 350: from then on t8 (prio 110) is more urgent than whoever waits.
    var script = sleepingOwner(enqueuedAt: 300)
    script.switched(310, 2, to: 4, prio: 139)
    script.contends(320, 2)
    script.switched(325, 2, to: 0, state: .uninterruptible)
    script.switched(340, 0, to: 5, prio: 100)
    script.acquires(350, 0, result: -4)
    script.switched(400, 1, to: 6, prio: 120)
    script.releases(420, 1)
    let wait = script.timeline(proxyExecution: false).waits.first { $0.waiter.pid == 4 }
    #expect(wait?.times[.inverted] == 25)
    #expect(wait?.times[.preempted] == 50)
  }

  @Test func withWhomTheCulpritRunsMayNotBeKnown() {
    // t8 runs since before the trace, perhaps for somebody more urgent than t5: that it keeps t6 waiting wrongly is not known.
    var script = Script()
    script.starts(1, with: 8)
    script.switched(40, 0, to: 6, prio: 120)
    script.contends(45, 0, Script.otherLock)
    script.acquires(46, 0, Script.otherLock)
    script.add(47, 0, .migrated(task: Script.snapshot(8, 130), from: 1, to: 1))
    script.switched(48, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.add(70, 0, .migrated(task: Script.snapshot(6, 120), from: 0, to: 1))
    script.ticks(75, 1)
    script.switched(100, 1, to: 6, prio: 120)
    script.releases(120, 1)
    let wait = script.timeline(proxyExecution: true).waits.first { $0.waiter.pid == 5 }
    #expect(wait?.times[.inverted] == 0)
    #expect(wait?.times[.unknown] == 30)
  }

  @Test func aDonorWhoseOwnerIsBeingWokenIsDequeued() {
    // t5 is resident on CPU 1 beside t8 when t6, its owner, is woken at 210. t8 leaves at 250 for t9: the scheduler picks t5,
    // cannot run t6, and takes t5 off the queue; at 400 t6 runs by itself.
    var script = Script()
    script.starts(2, with: 7)
    script.ticks(0, 2)
    script.switched(10, 1, to: 6, prio: 120)
    script.contends(20, 1, Script.otherLock)
    script.switched(30, 1, to: 5, state: .uninterruptible, prio: 100)
    script.contends(50, 1)
    script.switched(60, 1, to: 8, state: .uninterruptible, prio: 139)
    script.releases(200, 2, Script.otherLock)
    let woken = WakeRecord(task: Script.snapshot(6, 120), targetCPU: 1)
    script.add(210, 2, .waking(woken))
    script.switched(250, 1, to: 9, prio: 138)
    script.add(300, 2, .wakeup(woken))
    script.switched(400, 1, to: 6, prio: 120)
    script.acquires(410, 1, Script.otherLock)
    script.releases(420, 1)
    let timeline = script.timeline(proxyExecution: true)
    #expect(timeline.splits.allSatisfy { $0.begin < Timestamp(250) })
  }

  @Test func aChainEndsAtASpinner() {
    // t6 owns t5's lock and spins for t7's on CPU 1: it has no blocked_on yet, so that nothing passes through it.
    var script = Script()
    script.starts(2, with: 7)
    script.ticks(0, 2)
    script.switched(10, 1, to: 6, prio: 120)
    script.switched(40, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.contends(100, 1, Script.otherLock, flags: [.spin, .mutex])
    script.contends(200, 1, Script.otherLock)
    script.switched(210, 1, to: 0, state: .uninterruptible)
    script.releases(300, 2, Script.otherLock)
    script.switched(310, 1, to: 6, prio: 120)
    script.acquires(320, 1, Script.otherLock)
    script.releases(330, 1)
    let chains = script.timeline(proxyExecution: false).chains.filter { $0.path.first?.pid == 5 }
    #expect(chains.first?.path.map(\.pid) == [5, 6])
    #expect(chains.first?.end == Timestamp(210))
    #expect(chains.dropFirst().first?.path.map(\.pid) == [5, 6, 7])
  }

  @Test func aLockThatIsHandedToItsWaiterIsNoDeadlock() {
    // t7 begins to wait at 300, when the kernel has given the lock to t5, which has not taken it yet: so says the probe.
    var script = Script()
    script.starts(1, with: 7)
    script.ticks(0, 1)
    script.switched(40, 0, to: 5, prio: 100)
    script.add(41, 0, .probedSwitch(Script.probe(next: 5, task: 0x5000, donor: nil)), pid: 0)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    script.contends(300, 1)
    script.add(301, 1, .probedWait(WaitProbe(lock: Script.lock, flags: [.mutex], owner: 0x5001)))
    script.switched(400, 0, to: 5, prio: 100)
    script.acquires(410, 0)
    let timeline = script.timeline(proxyExecution: false)
    #expect(!timeline.chains.contains { $0.terminalState == .deadlock })
    #expect(timeline.waits.first { $0.waiter.pid == 5 }?.times[.unknown] == 0)
    #expect(timeline.waits.first { $0.waiter.pid == 7 }?.owner?.pid == 5)
  }
}
