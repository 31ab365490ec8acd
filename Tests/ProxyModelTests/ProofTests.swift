import ProxyModel
import ProxyScore
import Testing
import TraceCore

/// How far back a record proves who owned a lock, and what a record does not prove.
struct ProofTests {
  private static let spin: ContentionFlags = [.spin, .mutex]

  /// t5, t6 and t7 run on CPUs 0, 1 and 2.
  private static func three() -> Script {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.starts(2, with: 7)
    for cpu in CPU(0)..<3 { script.ticks(UInt64(cpu), cpu) }
    return script
  }

  @Test func aReleaseProvesNothingBeforeSomebodySleeps() {
    // t6 releases at 200; t5 spins from 100 on and sleeps from 150 on: only then could nobody else have had the lock unseen.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 6)
    script.ticks(0, 0)
    script.ticks(1, 1)
    script.contends(100, 0, flags: Self.spin)
    script.contends(150, 0)
    script.switched(160, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits.first?.owner?.pid == 6)
    #expect(timeline.waits.first?.ownerEvidence == .inferred(.untilReleased))
    #expect(timeline.holds.map(\.owner.pid) == [6])
  }

  @Test func whoWasOnNoCPUSinceAnotherAcquiredCannotHaveTakenTheLock() {
    // t7 acquires at 60 and unlocks unseen; t6 sleeps from 50 to 120, so that it was not the owner when t5 began to wait at 100.
    var script = Self.three()
    script.contends(40, 2)
    script.switched(50, 1, to: 0, state: .interruptible)
    script.acquires(60, 2)
    script.contends(100, 0, flags: Self.spin)
    script.switched(120, 1, to: 6)
    script.contends(150, 0)
    script.switched(160, 0, to: 0, state: .uninterruptible)
    script.releases(200, 1)
    let wait = script.timeline(proxyExecution: false).waits.first { $0.waiter.pid == 5 }
    #expect(wait?.owner == nil)
    #expect(wait?.ownerEvidence == .unknown)
    // From 150 on, when t5 sleeps, it is t6.
    #expect(wait?.times[.running] == 40)
  }

  @Test func aReleaseIsOfNoInterestAfterAnotherAcquisition() {
    // t6 releases, t7 takes the lock and unlocks unseen; t5, which slept all the while, gets it long after.
    var script = Self.three()
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .uninterruptible)
    script.contends(120, 2, flags: Self.spin)
    script.releases(200, 1)
    script.acquires(210, 2)
    script.switched(5_000, 0, to: 5)
    script.acquires(5_010, 0)
    let releases = script.timeline(proxyExecution: false).handoffs.filter { $0.kind == .release }
    #expect(releases.map(\.to.pid) == [7])
  }

  @Test(arguments: [Int32(-4), -35, -110])
  func theWakingOfAWaitThatFailsMakesNobodyAnOwner(result: Int32) {
    // t8 sends a signal, or wounds, or is a timer's thread.
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 8)
    script.ticks(0, 0)
    script.ticks(1, 1)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .interruptible)
    script.wakes(400, 1, 5, target: 0)
    script.switched(420, 0, to: 5)
    script.acquires(430, 0, result: result)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits.map(\.owner) == [nil])
    #expect(timeline.waits.first?.ownerEvidence == .unknown)
    #expect(timeline.waits.first?.times[.unknown] == 310)
    #expect(timeline.holds.isEmpty && timeline.handoffs.isEmpty)
  }

  @Test func theWakingOfAWaitThatSucceedsStillDoes() {
    var script = Script()
    script.starts(0, with: 5)
    script.starts(1, with: 8)
    script.ticks(0, 0)
    script.ticks(1, 1)
    script.contends(100, 0)
    script.switched(110, 0, to: 0, state: .interruptible)
    script.wakes(400, 1, 5, target: 0)
    script.switched(420, 0, to: 5)
    script.acquires(430, 0)
    let timeline = script.timeline(proxyExecution: false)
    #expect(timeline.waits.map(\.owner?.pid) == [8])
    #expect(timeline.waits.first?.ownerEvidence == .inferred(.wokeTheWaiter))
    #expect(timeline.handoffs.map(\.from.pid) == [8])
  }

  @Test func aWindowHasThePrioritiesOfItsTime() {
    // t8 (prio 120) keeps t6 from its CPU until its priority is raised to 10 at 300: that ends the window.
    var script = Script()
    script.switched(10, 1, to: 6, prio: 139)
    script.switched(40, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 0, state: .uninterruptible)
    script.switched(100, 1, to: 8, prio: 120)
    script.add(
      300, 1,
      .inheritedPriority(pid: 8, comm: Script.name(8), from: Priority(120), to: Priority(10)))
    script.switched(400, 1, to: 6, prio: 139)
    script.releases(420, 1)
    let windows = script.timeline(proxyExecution: false).inversions
    #expect(windows.map(\.length) == [200])
    #expect(windows.first?.culprits.first?.task.priority == Priority(120))
  }

  @Test func aRealTimeTaskThatOutrunsAMoreUrgentOneIsADonorsOwner() {
    // t9 (RT) is queued on CPU 0 when t6, less urgent, runs there after t5 has blocked on its lock.
    var script = Script()
    script.switched(10, 0, to: 6, prio: 96)
    script.switched(20, 0, to: 9, prio: 79)
    script.switched(40, 0, to: 5, prio: 39)
    script.contends(50, 0)
    script.switched(60, 0, to: 6, state: .uninterruptible, prio: 96)
    script.releases(200, 0)
    script.wakes(205, 0, 5, target: 0, prio: 39)
    script.switched(220, 0, to: 5, prio: 39)
    script.acquires(230, 0)
    let timeline = script.timeline()
    #expect(timeline.verdict.answer == .on)
    #expect(timeline.verdict.evidence == .inferred(.outranRealTime))
  }

  @Test func anUndecidedVerdictSaysWhatHangsOnIt() {
    // t5 (prio 100) blocks on t6's lock, and t6 (prio 120) runs: for t5, if the kernel proxies.
    var script = Script()
    script.switched(10, 0, to: 6, prio: 120)
    script.switched(40, 0, to: 5, prio: 100)
    script.contends(50, 0)
    script.switched(60, 0, to: 6, state: .uninterruptible, prio: 120)
    script.releases(200, 0)
    script.switched(220, 0, to: 5, prio: 100)
    script.acquires(230, 0)
    let timeline = script.timeline()
    #expect(timeline.verdict.answer == .undecided)
    #expect(timeline.splits.isEmpty)
    #expect(timeline.cpus.allSatisfy { $0.proxied == 0 })
    #expect((timeline.verdict.ifProxied ?? 0) >= 140)
  }

  /// What is said with evidence `event` without the probes, they say too: that a lock was free as well as who had it.
  @Test(arguments: ["proxy-on-probed", "proxy-off-probed"]) func eventsAndProbesNeverDisagree(folder: String) throws {
    var compared = 0
    for capture in try RealCaptures.folder(folder) {
      var options = ProxyMachine.Options()
      options.ignoresProbes = true
      var machine = ProxyMachine(options)
      for event in capture.events { machine.apply(event) }
      let (without, with) = (machine.finish().waits, capture.timeline().waits)
      #expect(without.count == with.count, "\(capture.name)")
      for (wait, probed) in zip(without, with) where wait.ownerEvidence == .event && probed.ownerEvidence == .probe {
        compared += 1
        #expect(wait.begin == probed.begin && wait.waiter.pid == probed.waiter.pid)
        #expect(wait.owner?.pid == probed.owner?.pid, "\(capture.name): wait at \(wait.begin.rawValue)")
      }
    }
    #expect(compared > 0)
  }
}
