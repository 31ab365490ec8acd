import ProxyModel
import Testing
import TraceCore

/// Who owned a lock when a wait began, rule by rule.
struct OwnerTests {
  private func owner(_ script: Script, wait: Int = 0) -> (pid: Pid?, evidence: Evidence) {
    let row = script.timeline().waits[wait]
    return (row.owner?.pid, row.ownerEvidence)
  }

  /// t5 on CPU 0 waits from 100 on for the lock, while t6 runs on CPU 1.
  private func contended() -> Script {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.contends(100, 0, flags: [.mutex])
    return script
  }

  @Test func aReleaseNamesTheOwner() {
    var script = contended()
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    script.wakes(205, 1, 5, target: 0)
    script.switched(220, 0, to: 5)
    script.acquires(230, 0)
    #expect(owner(script) == (6, .event))
  }

  @Test func anAcquirerOwnsUntilSomebodyElseDoes() {
    // t5 waits for t6, gets the lock, and t7, which has slept all the while, waits for t5.
    var script = contended()
    script.starts(2, with: 7)
    script.releases(200, 1)
    script.acquires(230, 0)
    script.contends(300, 2, flags: [.mutex])
    script.acquires(400, 2)
    let wait = script.timeline().waits[1]
    #expect(wait.owner?.pid == 5)
    #expect(wait.ownerEvidence == .inferred(.perhapsStillHeld))
  }

  /// t8 sleeps on the wait list all the time: t5 spins and gets the lock, t6 has released it before, and its record comes later.
  private func overtaken() -> Script {
    var script = Script()
    for (cpu, pid) in [(0, 5), (1, 6), (2, 7), (3, 8)] as [(CPU, Pid)] {
      script.starts(cpu, with: pid)
      script.ticks(0, cpu)
    }
    script.contends(10_000, 1, flags: [.spin, .mutex])
    script.contends(20_000, 3, flags: [.mutex])
    script.switched(21_000, 3, to: 0, state: .uninterruptible)
    script.acquires(30_000, 1)
    script.contends(40_000, 0, flags: [.spin, .mutex])
    script.acquires(50_000, 0)
    return script
  }

  @Test func aReleaseThatComesLateIsOfAnEarlierOwner() {
    var script = overtaken()
    script.releases(55_000, 1)
    script.contends(60_000, 2, flags: [.spin, .mutex])
    script.releases(90_000, 0)
    script.acquires(91_000, 2)
    let timeline = script.timeline()
    // t6's release is known by t5's acquisition alone; t5's by its own record.
    let holds = timeline.holds.map { "\($0.owner.pid) \($0.begin.rawValue) \($0.end.rawValue) \($0.evidence.name)" }
    #expect(holds.prefix(2) == ["6 30000 50000 inferred", "5 50000 90000 event"])
    #expect(timeline.waits.last?.owner?.pid == 5)
    #expect(timeline.waits.last?.ownerEvidence == .event)
    #expect(!timeline.handoffs.contains { $0.from.pid == 6 })
  }

  /// The late record of the one who had the lock before says nothing of the owner when t7 began to wait, and nothing tells when t5,
  /// whose record does not come at all, has released it.
  @Test func noOwnerIsKnownByEventBeforeALateRelease() {
    var script = overtaken()
    script.contends(60_000, 2, flags: [.spin, .mutex])
    script.releases(90_000, 1)
    script.acquires(91_000, 2)
    let timeline = script.timeline()
    #expect(timeline.waits.last?.owner?.pid == 5)
    #expect(timeline.waits.last?.ownerEvidence == .inferred(.perhapsStillHeld))
    #expect(timeline.holds.filter { $0.begin < Timestamp(91_000) }.allSatisfy { $0.evidence != .event })
  }

  @Test func aLockThatIsBeingHandedOverHasNoOwner() {
    var script = contended()
    script.starts(2, with: 7)
    script.releases(200, 1)
    script.contends(210, 2, flags: [.mutex])
    script.switched(215, 2, to: 0, state: .uninterruptible)
    script.acquires(230, 0)
    script.switched(390, 2, to: 7)
    script.acquires(400, 2)
    let wait = script.timeline().waits[1]
    #expect(wait.owner == nil)
    // Not unknown: given up, though it may have been handed over already.
    #expect(wait.ownerEvidence == .inferred(.foundFree))
    #expect(wait.times[.handoff] == 15)
  }

  @Test func withoutReleasesAWakingTells() {
    var script = contended()
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.wakes(200, 1, 5, target: 0)
    script.switched(220, 0, to: 5)
    script.acquires(230, 0)
    #expect(owner(script) == (6, .inferred(.wokeTheWaiter)))
  }

  @Test func aWakingFromAnInterruptTellsNothing() {
    var script = contended()
    script.switched(110, 0, to: 0, state: .uninterruptible)
    let record = WakeRecord(task: Script.snapshot(5), targetCPU: 0)
    script.add(200, 1, .waking(record), context: .hardirq)
    script.switched(220, 0, to: 5)
    script.acquires(230, 0, result: -4)
    #expect(owner(script) == (nil, .unknown))
  }

  @Test func twoReleasesInARowAreTwoOwners() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    script.ticks(0, 1)
    script.ticks(0, 2)
    script.contends(100, 0, flags: [.mutex])
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    script.releases(300, 2)
    script.switched(320, 0, to: 5)
    script.acquires(330, 0)
    let timeline = script.timeline()
    #expect(timeline.waits[0].owner?.pid == 6)
    #expect(timeline.holds.map(\.owner.pid) == [6, 7])
    #expect(timeline.holds.map(\.evidence) == [.event, .inferred(.tookOver)])
  }

  /// While others only spin an acquirer may unlock and lock again, and others may in between, without an event. Its release at the end
  /// proves its ownership back to the first waiter that sleeps, and no further; the hold is known as its weakest part is.
  @Test func aReleaseProvesNoMoreThanTheFirstSleeperSaw() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    for cpu in CPU(0)..<3 { script.ticks(UInt64(cpu), cpu) }
    // 6 spins all the time.
    script.contends(50, 1, flags: [.spin, .mutex])
    script.contends(60, 0, flags: [.mutex])
    script.acquires(100, 0)
    script.contends(2_001_000, 2, flags: [.mutex])
    script.switched(2_002_000, 2, to: 0, state: .uninterruptible)
    script.releases(3_000_000, 0)
    script.wakes(3_001_000, 0, 7, target: 2, prio: 120)
    script.switched(3_002_000, 2, to: 7)
    script.acquires(3_003_000, 2)
    script.acquires(3_004_000, 1)
    let timeline = script.timeline(proxyExecution: false)
    let hold = timeline.holds.first { $0.owner.pid == 5 }
    #expect(hold?.begin == Timestamp(100))
    #expect(hold?.evidence == .inferred(.perhapsStillHeld))
    let links = timeline.chains.filter { $0.begin <= Timestamp(2_500_000) && Timestamp(2_500_000) < $0.end }
    #expect(links.map(\.evidence) == [.inferred(.perhapsStillHeld), .event])
  }

  @Test func aSpinnerSpinsOnWhoeverRuns() {
    // Nobody sleeps on the wait list, so the owner unlocks without an event.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.ticks(1, 0)
    script.contends(100, 0, flags: [.spin, .mutex])
    script.acquires(400_000, 0)
    #expect(owner(script) == (6, .inferred(.spunOnOwner)))
  }

  @Test func aSpinnerWithSeveralCandidatesIsUnknown() {
    var script = Script()
    for cpu in CPU(0)..<3 { script.starts(cpu, with: Pid(5 + cpu)) }
    for cpu in CPU(0)..<3 { script.ticks(UInt64(cpu), cpu) }
    script.contends(100, 0, flags: [.spin, .mutex])
    script.acquires(400_000, 0)
    #expect(owner(script) == (nil, .unknown))
  }

  @Test func aWaiterNeverOwnsWhatItWaitsFor() {
    var script = contended()
    script.acquires(150, 0)
    // t5 has released it in the meantime, without a waiter and so without an event.
    script.contends(200, 0, flags: [.mutex])
    script.acquires(300, 0)
    #expect(owner(script, wait: 1) == (nil, .unknown))
  }

  @Test func aProbeReadsTheOwner() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 0)
    let task: UInt64 = 0xffff_8880_1234_5000
    script.switched(50, 1, to: 6)
    script.add(51, 1, .probedSwitch(Script.probe(next: 6, task: task)), pid: 0)
    script.contends(100, 0, flags: [.mutex])
    script.add(101, 0, .probedWait(WaitProbe(lock: Script.lock, flags: [.mutex], owner: task | 1)))
    script.acquires(300, 0)
    #expect(owner(script) == (6, .probe))
    // It was so at the instant of reading; afterwards it is so until something else is seen.
    #expect(script.timeline().chains.map(\.evidence) == [.inferred(.readOnce)])
  }
}
