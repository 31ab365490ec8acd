import ProxyModel
import Testing
import TraceCore

/// What the records after a switch, or after the scheduler's choice, tell of it.
struct FollowUpTests {
  /// t6 (prio 139) owns the lock on CPU 0; t5 (prio 100) blocks on it at 120 and the CPU switches to t6.
  private func blocked(probeFirst: Bool = false, donor: Pid?) -> Script {
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: 6, prio: 139)
    script.switched(90, 0, to: 5, prio: 100)
    script.contends(100, 0)
    let probe = EventBody.probedSwitch(Script.probe(next: 6, task: 0x6000, donor: donor))
    if probeFirst { script.add(119, 0, probe) }
    script.switched(120, 0, to: 6, state: .uninterruptible, prio: 139)
    if !probeFirst { script.add(125, 0, probe, pid: 5) }
    return script
  }

  private func released(_ script: Script) -> Script {
    var script = script
    script.releases(200, 0)
    script.wakes(210, 0, 5, target: 0, prio: 100)
    script.switched(220, 0, to: 5, prio: 100)
    script.acquires(230, 0)
    return script
  }

  @Test(arguments: [false, true])
  func theProbeTellsOfTheWholeStint(probeFirst: Bool) {
    // Whichever of the two records the tracepoint writes first.
    let timeline = released(blocked(probeFirst: probeFirst, donor: 5)).timeline()
    #expect(timeline.splits.map(\.begin) == [Timestamp(120)])
    #expect(timeline.splits.map(\.evidence) == [.probe])
    #expect(timeline.waits.first?.times[.proxied] == 80)
    #expect(timeline.waits.first?.times[.running] == 0)
    #expect(timeline.handoffs.first { $0.kind == .donation }.map { $0.end - $0.begin } == 0)
    #expect(timeline.verdict.answer == .on)
    #expect(timeline.verdict.evidence == .probe)
  }

  @Test func aSwitchWithoutItsProbeIsInferred() {
    // The probe has told of a switch before, and of this one it does not.
    var script = released(blocked(donor: nil))
    script.switched(300, 0, to: 6, prio: 139)
    script.switched(310, 0, to: 5, prio: 100)
    script.contends(320, 0)
    script.switched(330, 0, to: 6, state: .uninterruptible, prio: 139)
    script.releases(400, 0)
    let timeline = script.timeline(proxyExecution: true)
    #expect(timeline.splits.map(\.begin) == [Timestamp(330)])
    #expect(timeline.splits.map(\.evidence) == [.inferred(.onlyDonor)])
  }

  @Test func aShortTraceWithoutADonorProvesNothing() {
    // One switch to an owner under a more urgent waiter may be the scheduler's lag; three are not.
    #expect(released(blocked(donor: nil)).timeline().verdict.answer == .undecided)
    var script = blocked(donor: nil)
    for time in [UInt64(130), 150, 170] {
      script.switched(time, 0, to: 7, prio: 130)
      script.switched(time + 10, 0, to: 6, prio: 139)
      script.add(time + 11, 0, .probedSwitch(Script.probe(next: 6, task: 0x6000)), pid: 7)
    }
    let verdict = released(script).timeline().verdict
    #expect(verdict.answer == .off)
    #expect(verdict.evidence == .probe)
  }

  @Test func aChoiceStandsUntilALaterSwitch() {
    // t5 is chosen for t6 at 150, and t6 goes on: no record says so until, 300 µs later, t7 takes the CPU from it.
    var script = blocked(donor: nil)
    script.add(150, 0, .probedSetNext(pid: 5, priority: Priority(100)))
    script.switched(300_150, 0, to: 7, prio: 10)
    script.add(300_151, 0, .probedSwitch(Script.probe(next: 7, task: 0x7000)), pid: 6)
    script.switched(300_160, 0, to: 6, prio: 139)
    script.add(300_161, 0, .probedSwitch(Script.probe(next: 6, task: 0x6000)), pid: 7)
    script.releases(300_170, 0)
    let timeline = script.timeline()
    #expect(timeline.splits.map(\.begin) == [Timestamp(150)])
    #expect(timeline.splits.map(\.end) == [Timestamp(300_150)])
    #expect(timeline.verdict.answer == .on)
  }

  @Test func aChoiceOfCurrItselfEndsTheDonation() {
    // t5 is woken: `proxy_reset_donor()` chooses curr before t5 is moved, though curr goes to sleep soon.
    var script = blocked(donor: 5)
    script.releases(200, 0)
    script.wakes(210, 0, 5, target: 0, prio: 100)
    script.add(214, 0, .probedSetNext(pid: 6, priority: Priority(139)))
    script.add(230, 0, .migrated(task: Script.snapshot(5, 100), from: 0, to: 1))
    script.switched(260, 0, to: 0, state: .interruptible)
    script.add(261, 0, .probedSwitch(Script.probe(next: 0, task: 0)), pid: 6)
    let splits = script.timeline().splits
    #expect(splits.map(\.begin) == [Timestamp(120)])
    #expect(splits.map(\.end) == [Timestamp(214)])
    #expect(splits.map(\.evidence) == [.probe])
  }

  @Test func aChoiceOfWhoRunsNextIsTheSwitchs() {
    // t7 is queued, not blocked: choosing it means to switch to it, however long that takes.
    var script = blocked(donor: nil)
    script.add(150, 0, .probedSetNext(pid: 7, priority: Priority(100)))
    script.switched(900_000, 0, to: 7, prio: 100)
    script.add(900_001, 0, .probedSwitch(Script.probe(next: 7, task: 0x7000)), pid: 6)
    script.ticks(900_010, 0)
    #expect(script.timeline(proxyExecution: true).splits.isEmpty)
  }

  @Test func aChoiceBeforeCurrBlocksIsTheSwitchs() {
    // t6 blocks: the scheduler picks t5, whose chain still ends in t6, and goes on to t8, which owns what t6 waits for.
    var script = blocked(donor: nil)
    script.contends(140, 0, Script.otherLock)
    script.add(150, 0, .probedSetNext(pid: 5, priority: Priority(100)))
    script.switched(180, 0, to: 8, state: .uninterruptible, prio: 139)
    script.add(181, 0, .probedSwitch(Script.probe(next: 8, task: 0x8000, donor: 5)), pid: 6)
    script.releases(200, 0, Script.otherLock)
    script.ticks(300, 0)
    let splits = script.timeline().splits
    #expect(splits.map(\.begin) == [Timestamp(180)])
    #expect(splits.map(\.curr.pid) == [8])
  }
}
