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

  @Test func anOwnerIsNotRunnableBeforeItIsEnqueued() {
    // Woken at 210, on a runqueue from 300: only then does t8 keep it from running.
    let timeline = wokenOwner(enqueuedAt: 300).timeline(proxyExecution: false)
    let times = timeline.waits.first { $0.waiter.pid == 5 }?.times
    #expect(times?[.sleeping] == 100)
    #expect(times?[.inverted] == 100)
    #expect(timeline.inversions.map(\.begin) == [Timestamp(300)])
    #expect(timeline.chains.contains { $0.path.map(\.pid) == [5, 6] && $0.begin == Timestamp(200) })
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
