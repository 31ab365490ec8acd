import ProxyModel
import Testing
import TraceCore

/// Waits from their first `contention_begin` to their `contention_end`.
struct WaitTests {
  @Test func spinningAndSleepingAreOneWait() {
    //  t5:  spin 100–120, sleep 120–300 (off CPU 130–280), acquired at 290
    var script = Script()
    script.starts(0, with: 5)
    script.ticks(0, 0)
    script.contends(100, 0, flags: [.spin, .mutex])
    script.contends(120, 0, flags: [.mutex])
    script.switched(130, 0, to: 0, state: .uninterruptible)
    script.switched(280, 0, to: 5)
    script.contends(285, 0, flags: [.spin, .mutex])
    script.acquires(290, 0)
    let waits = script.timeline().waits
    #expect(waits.count == 1)
    #expect(waits.first?.kind == .mutex)
    #expect(waits.first?.begin == Timestamp(100))
    #expect(waits.first?.end == Timestamp(290))
    #expect(waits.first?.length == 190)
    #expect(waits.first?.asleep == 150)
    #expect(waits.first?.result == .acquired)
    #expect(waits.first?.touchesGap == false)
  }

  @Test func aSpinlockInsideAMutexWaitIsNoWait() {
    var script = Script()
    script.starts(0, with: 5)
    script.contends(100, 0)
    script.contends(110, 0, Script.otherLock, flags: [.spin])
    script.acquires(120, 0, Script.otherLock)
    script.acquires(200, 0)
    let timeline = script.timeline()
    #expect(timeline.waits.map(\.length) == [100])
    #expect(timeline.diagnostics.isEmpty)
  }

  @Test func kindsFollowTheFlags() {
    let kinds: [(ContentionFlags, WaitKind?)] = [
      ([.mutex], .mutex), ([.spin, .mutex], .mutex), ([.read], .rwsemRead), ([.write], .rwsemWrite), ([.rt], .rtmutex),
      ([.percpu, .read], .percpuRwsem), ([.percpu, .write], .percpuRwsem), ([], .other), ([.spin], nil),
      ([.spin, .read], nil), ([.spin, .write], nil),
    ]
    for (flags, kind) in kinds { #expect(WaitKind(flags) == kind, "\(flags.rawValue)") }
  }

  @Test func aNestedWaitBelongsToTheInnerLock() {
    var script = Script()
    script.starts(0, with: 5)
    script.contends(100, 0, flags: [.percpu, .write])
    script.contends(110, 0, Script.otherLock)
    script.acquires(150, 0, Script.otherLock)
    script.acquires(200, 0)
    let waits = script.timeline().waits
    #expect(waits.map(\.kind) == [.percpuRwsem, .mutex])
    #expect(waits.map(\.length) == [100, 40])
  }

  @Test func waitsCutByTheTrace() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 0)
    script.contends(100, 1)
    script.acquires(150, 1)
    // t5 waited for the same lock when the trace began: it is certain back to there.
    script.acquires(200, 0)
    script.contends(300, 0)
    script.ticks(400, 1)
    let waits = script.timeline().waits
    #expect(waits.map(\.begin.rawValue) == [0, 100, 300])
    #expect(waits.map(\.isCutAtBegin) == [true, false, false])
    #expect(waits.map(\.result) == [.acquired, .acquired, .open])
    #expect(waits.map(\.length) == [200, 50, 100])
  }

  @Test func anEndOfWhoKnowsWhatIsOnlyCounted() {
    // Its begin is not in the trace, and no other wait tells whether this lock can be slept on.
    var script = Script()
    script.starts(0, with: 5)
    script.ticks(0, 0)
    script.acquires(100, 0)
    let timeline = script.timeline()
    #expect(timeline.waits.isEmpty)
    #expect(timeline.diagnostics.all.map(\.kind) == [.contentionEndWithoutBegin])
  }

  @Test func failedWaitsKeepTheirErrno() {
    var script = Script()
    script.starts(0, with: 5)
    script.contends(100, 0)
    script.acquires(150, 0, result: -4)
    #expect(script.timeline().waits.map(\.result) == [.failed(errno: -4)])
  }

  @Test func aGapMayHaveSwallowedTheEnd() {
    var script = Script()
    script.starts(0, with: 5)
    script.ticks(0, 0)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.loses(200, 0, until: 500, count: 3)
    script.ticks(500, 0)
    // The same task contends the same lock again: whether still or anew, nothing tells.
    script.switched(600, 0, to: 5)
    script.contends(610, 0)
    script.acquires(650, 0)
    let waits = script.timeline().waits
    #expect(waits.map(\.result) == [.lost, .acquired])
    #expect(waits.map(\.length) == [100, 40])
    #expect(waits.map(\.asleep) == [nil, 0])
    #expect(waits.map(\.touchesGap) == [true, false])
  }

  @Test func anEndAfterAGapClosesTheWaitAndSaysSo() {
    var script = Script()
    script.starts(0, with: 5)
    script.contends(100, 0)
    script.loses(200, 1, until: 500, count: nil)
    script.ticks(500, 1)
    script.acquires(650, 0)
    let waits = script.timeline().waits
    #expect(waits.map(\.result) == [.acquired])
    #expect(waits.map(\.touchesGap) == [true])
    // It ran on CPU 0 all the while, which has no gap.
    #expect(waits.map(\.asleep) == [0])
  }

  @Test func aDeadTaskWaitsForNothing() {
    var script = Script()
    script.starts(0, with: 5)
    script.contends(100, 0)
    script.switched(200, 0, to: 0, state: .dead)
    script.ticks(300, 0)
    #expect(script.timeline().waits.map(\.result) == [.lost])
  }

  @Test func waitersAreLabelledAsTheyWereThen() {
    var script = Script()
    script.ticks(0, 0)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(100, 0)
    script.acquires(150, 0)
    script.add(160, 0, .renamed(pid: 5, comm: "later"))
    let timeline = script.timeline()
    #expect(timeline.waits.map(\.waiter.comm) == ["t5"])
    #expect(timeline.waits.map(\.waiter.priority) == [Priority(100)])
    #expect(timeline.tasks.first { $0.id.pid == 5 }?.comm == "later")
  }
}
