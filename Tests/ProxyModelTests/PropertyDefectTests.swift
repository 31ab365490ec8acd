import ProxyModel
import Testing
import TraceCore

/// The shortest schedules of what random ones have brought to light.
struct PropertyDefectTests {
  @Test func anOwnerMayFirstBeSeenWhenItReleases() {
    // t6 has run on CPU 1 since before the trace, and its first record is the release.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    let timeline = script.timeline(proxyExecution: true)
    #expect(timeline.waits.map(\.owner?.pid) == [6])
    #expect(timeline.chains.first?.path.map(\.pid) == [5, 6])
  }

  @Test func aLostWaitIsKnownUpToItsGap() {
    // t5 runs before its wait for `lock` can be seen to end, and waits anew: the gap has swallowed the end.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 0)
    script.ticks(0, 1)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.loses(110, 0, until: 300, count: 3)
    script.ticks(300, 0)
    script.switched(310, 0, to: 5)
    script.contends(900, 0)
    script.acquires(950, 0)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits.map(\.result) == [.lost, .acquired])
    #expect(PropertyLawTests.brokenLaws(timeline).isEmpty)
    #expect(timeline.waits.first?.times[.own] == 10)
  }

  @Test func aWaitEndsNoEarlierThanItBegins() {
    // Its begin is not in the trace; it ends on CPU 0 while records of CPU 1 are missing.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 0)
    script.contends(100, 1)
    script.acquires(120, 1)
    script.loses(120, 1, until: 900, count: 3)
    script.acquires(500, 0)
    script.ticks(900, 1)
    let waits = script.timeline().waits
    #expect(waits.allSatisfy { $0.length >= 0 })
  }

  @Test func whoAcquiresOwnsAlsoIfItsBeginIsNotSeen() {
    // t7 began to wait before the trace; it gets the lock at 200, and releases it at 300: t5 had waited for another at first.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 7)
    script.ticks(0, 1)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.acquires(200, 1)
    script.releases(300, 1)
    script.switched(310, 0, to: 5)
    script.acquires(320, 0)
    let timeline = script.timeline(proxyExecution: false)
    let wait = timeline.waits.first { !$0.isCutAtBegin }
    #expect(wait?.owner == nil && wait?.ownerEvidence == .unknown)
    #expect(wait?.times[.running] == 100)
  }

  @Test func aNewNameBeforeASwitchDoesNotSettleTheChoice() {
    // t5 is chosen at 150 and moved away; the switch to the idle task names it for the first time.
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(90, 0, to: 5, prio: 110)
    script.contends(100, 0)
    script.switched(120, 0, to: 6, state: .uninterruptible, prio: 139)
    script.add(121, 0, .probedSwitch(Script.probe(next: 6, task: 0x1000, donor: nil)), pid: 5)
    script.add(150, 0, .probedSetNext(pid: 5, priority: Priority(110)))
    script.switched(160, 0, to: 8, prio: 130)
    script.add(161, 0, .probedSwitch(Script.probe(next: 8, task: 0x2000, donor: nil)), pid: 6)
    script.ticks(200, 0)
    #expect(script.timeline(proxyExecution: true).splits.isEmpty)
  }

  @Test func aBlockedTaskMayBeMovedToACPUWithoutRecords() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.add(150, 0, .migrated(task: Script.snapshot(5), from: 0, to: 7))
    script.ticks(160, 0)
    script.releases(200, 1)
    #expect(script.timeline().waits.map(\.length) == [100])
  }

  @Test func aReleaseTellsNothingOfWhatWasBesideAGap() {
    // t5 begins to wait while records of CPU 1 are missing; t7, which releases the lock afterwards, may have taken it since.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 0)
    script.ticks(10, 1)
    script.loses(10, 1, until: 500, count: 9)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.switched(500, 1, to: 7, from: 8)
    script.releases(600, 1)
    #expect(script.timeline(proxyExecution: false).waits.map(\.ownerEvidence) == [.unknown])
  }

  @Test func aLockIsNotKnownToBeFreeBesideAGap() {
    // t6 releases it at 100; whether somebody on CPU 2 takes it before t5 comes at 200 is not in the trace.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    for cpu in CPU(0)..<3 { script.ticks(UInt64(cpu), cpu) }
    script.contends(10, 2)
    script.loses(10, 2, until: nil, count: 9)
    script.releases(100, 1)
    script.contends(200, 0)
    script.acquires(300, 0)
    #expect(script.timeline(proxyExecution: false).waits.last?.ownerEvidence == .unknown)
  }

  @Test func anInversionIsWhereItsCulpritRuns() {
    // Without probes t6, blocked on CPU 0, is taken to have been moved to CPU 1, where t7 owns what it waits for.
    var script = Script()
    script.starts(1, with: 7)
    script.ticks(0, 1)
    script.switched(50, 0, to: 6, prio: 120)
    script.contends(60, 0, Script.otherLock)
    script.switched(70, 0, to: 5, state: .uninterruptible, prio: 100)
    script.contends(80, 0)
    script.switched(90, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1, Script.otherLock)
    script.switched(900, 0, to: 6, prio: 120)
    script.acquires(910, 0, Script.otherLock)
    script.releases(920, 0)
    let timeline = script.timeline(proxyExecution: true)
    for window in timeline.inversions { #expect(window.cpu == 1) }
    #expect(PropertyLawTests.brokenLaws(timeline).isEmpty)
  }
}
