import ProxyModel
import Testing
import TraceCore

/// The steps of handoffs, and what is told of who takes part in them.
struct HandoffTests {
  @Test func anyReaderReleasesASemaphore() {
    // t5 waits to write; the readers t6 and t7 release at 200 and, after the waking at 210, at 260. The first one led to it.
    var script = Script()
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    script.ticks(0, 1)
    script.ticks(1, 2)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.write])
    script.switched(70, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    script.wakes(210, 1, 5, target: 0, prio: 100)
    script.releases(260, 2)
    script.switched(270, 0, to: 5, prio: 100)
    script.acquires(280, 0)
    let handoffs = script.timeline(proxyExecution: true).handoffs
    #expect(handoffs.map(\.from.pid) == [6])
    #expect(handoffs.map(\.wake) == [10])
    #expect(handoffs.map(\.queue) == [1])
    #expect(handoffs.map(\.run) == [59])
    #expect(handoffs.map(\.acquire) == [10])
  }

  @Test(arguments: [true, false])
  func aWakeupElsewhereIsNoReturn(proxies: Bool) {
    // t5 is woken where it blocked, and the load balancer's choice is another CPU.
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0)
    script.switched(70, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    let woken = WakeRecord(task: Script.snapshot(5, 100), targetCPU: 0)
    script.add(210, 1, .waking(woken))
    script.add(215, 1, .migrated(task: Script.snapshot(5, 100), from: 0, to: 2))
    script.add(220, 1, .wakeup(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 2)))
    script.switched(230, 2, to: 5, prio: 100)
    script.acquires(240, 2)
    let timeline = script.timeline(proxyExecution: proxies)
    #expect(timeline.handoffs.filter { $0.kind == .release }.map(\.migrated) == [false])
    #expect(timeline.migrations.isEmpty)
  }

  @Test func aWaitGoesByItsWaitersLastName() {
    // It has renamed itself since it was last named; the next record that names it is its waking.
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0)
    let renamed = TaskSnapshot(pid: 5, priority: Priority(100), comm: Comm("contender"))
    script.releases(200, 1)
    script.add(210, 1, .waking(WakeRecord(task: renamed, targetCPU: 0)))
    script.acquires(240, 0)
    #expect(script.timeline().waits.map(\.waiter.comm) == [Comm("contender")])
  }

  @Test func whoseAccountWasChargedBeforeTheFirstRecordIsNotKnown() {
    // CPU 1 writes its first record at 500: t6 has run since before the trace, and nobody saw on whose account.
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 0)
    script.ticks(500, 1)
    script.switched(600, 1, to: 7)
    script.ticks(700, 1)
    let row = script.timeline(proxyExecution: true).cpus.last
    #expect(row?.busy == 700)
    #expect(row?.unknown == 600)
    #expect(row?.own == 100)
    #expect(script.timeline(proxyExecution: false).cpus.last?.own == 700)
  }

  @Test func aLockThatIsTakenAtOnceWasFree() {
    // t7 sleeps on the lock when t6 releases it, and t5 takes it on its way; the second time t5 comes, it gets it within 2 µs.
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(10, 2, to: 7)
    script.contends(20, 2)
    script.switched(30, 2, to: 0, state: .uninterruptible)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0, flags: [.spin, .mutex])
    script.releases(100, 1)
    script.acquires(110, 0)
    script.switched(5_000_000, 1, to: 8)
    script.switched(6_000_000, 0, to: 9, prio: 120)
    script.contends(7_000_000, 0, flags: [.spin, .mutex])
    script.acquires(7_002_000, 0)
    let wait = script.timeline(proxyExecution: false).waits.last
    #expect(wait?.waiter.pid == 9)
    #expect(wait?.owner == nil)
    #expect(wait?.ownerEvidence == .inferred(.foundFree))
  }
}
