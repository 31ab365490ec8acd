import ProxyModel
import ProxyScore
import Testing
import TraceCore

/// The exact probe of Linux 7.3, `proxytrace:exit`: `rq->donor` at the end of each pass of `__schedule()`.
///
/// ```
/// time      100      200      210     300      310      400         500
/// CPU 0   60 runs   61 runs  61 asks  60       exit     exit        ...
/// donor     60        61       61     (61)     61       60
/// ```
struct ExitProbeTests {
  private static let lock = Script.lock

  private func exit(_ isSwitch: Bool, donor: Pid, curr: Pid) -> EventBody {
    .probedExit(isSwitch: isSwitch, donor: donor, donorPriority: Priority(100), curr: curr)
  }

  /// 60 owns the lock, 61 blocks on it, and 60 runs on 61's account from 300 on.
  private func blocked() -> Script {
    var script = Script()
    script.starts(0, with: 60)
    script.ticks(100, 0)
    script.switched(200, 0, to: 61, prio: 100)
    script.add(205, 0, exit(true, donor: 61, curr: 61))
    script.contends(210, 0)
    script.switched(300, 0, to: 60, state: .uninterruptible)
    return script
  }

  @Test func aSwitchesDonorIsWhatTheProbeAfterItReads() throws {
    var script = blocked()
    script.add(310, 0, exit(true, donor: 61, curr: 60))
    script.releases(400, 0)
    script.ticks(500, 0)
    let timeline = script.timeline()
    let split = try #require(timeline.splits.first)
    #expect(timeline.splits.count == 1)
    #expect((split.begin, split.end) == (Timestamp(300), Timestamp(500)))
    #expect((split.donor.pid, split.curr.pid, split.evidence, split.depth) == (61, 60, .probe, 1))
    #expect(timeline.verdict.answer == .on)
    #expect(timeline.verdict.evidence == .probe)
  }

  /// An interrupt wakes a task before `__schedule()` is done: the probe still belongs to the switch.
  @Test func aRecordOfAnInterruptDoesNotHideTheProbe() throws {
    var script = blocked()
    script.wakes(303, 0, 77, target: 1)
    script.add(310, 0, exit(true, donor: 61, curr: 60))
    script.releases(400, 0)
    script.ticks(500, 0)
    let split = try #require(script.timeline().splits.first)
    #expect((split.begin, split.end, split.evidence) == (Timestamp(300), Timestamp(500), .probe))
  }

  @Test func aDonorThatChangesWhileCurrStaysChangesAtTheProbe() throws {
    var script = blocked()
    script.add(310, 0, exit(true, donor: 61, curr: 60))
    script.add(400, 0, exit(false, donor: 60, curr: 60))
    script.add(450, 0, exit(false, donor: 61, curr: 60))
    script.releases(480, 0)
    script.ticks(500, 0)
    let splits = script.timeline().splits.map { [$0.begin, $0.end] }
    #expect(splits == [[Timestamp(300), Timestamp(400)], [Timestamp(450), Timestamp(500)]])
  }

  /// `proxy_reset_donor()`: a donor that goes home donates no more, though no pass of the scheduler says so.
  @Test func aDonationEndsAtTheDonorsMigration() throws {
    var script = blocked()
    script.add(310, 0, exit(true, donor: 61, curr: 60))
    script.releases(390, 0)
    script.add(400, 0, .migrated(task: Script.snapshot(61, 100), from: 0, to: 1))
    script.ticks(500, 0)
    let split = try #require(script.timeline().splits.first)
    #expect((split.begin, split.end) == (Timestamp(300), Timestamp(400)))
  }

  @Test func withoutADonorNothingIsProxied() {
    var script = blocked()
    script.add(310, 0, exit(true, donor: 60, curr: 60))
    script.releases(400, 0)
    script.ticks(500, 0)
    #expect(script.timeline(proxyExecution: true).splits.isEmpty)
  }

  @Test func ignoredProbesSayNothing() {
    var script = blocked()
    script.add(310, 0, exit(true, donor: 60, curr: 60))
    script.releases(400, 0)
    script.ticks(500, 0)
    var options = ProxyMachine.Options()
    options.ignoresProbes = true
    options.proxyExecution = true
    var machine = ProxyMachine(options)
    for event in script.events { machine.apply(event) }
    let timeline = machine.finish()
    #expect(timeline.splits.map(\.evidence) == [.inferred(.onlyDonor)])
  }

  /// Both probe sets in one capture: where they differ, the exit probe counts, and the report says that they differ.
  @Test(arguments: [61, 62] as [Pid])
  func theSwitchProbeAgreesOrIsReported(donor: Pid) throws {
    var script = blocked()
    script.add(305, 0, .probedSwitch(Script.probe(next: 60, task: 0x6000, donor: donor)))
    script.add(310, 0, exit(true, donor: 61, curr: 60))
    script.releases(400, 0)
    script.ticks(500, 0)
    let timeline = script.timeline()
    #expect(timeline.splits.last?.donor.pid == 61)
    #expect(timeline.diagnostics.all.contains { $0.kind == .probesDisagree } == (donor != 61))
  }

  /// Against a reading of the probe that shares no code with the model.
  @Test func realCaptures() throws {
    let captures = try RealCaptures.exact.get()
    var sum = SplitScore()
    for capture in captures {
      let timeline = capture.timeline()
      let score = SplitScore(timeline, events: capture.events)
      #expect(score.precision >= 0.999 && score.recall >= 0.999, "\(capture.name): \(score)")
      #expect(Set(timeline.splits.map(\.evidence)) == [.probe], "\(capture.name)")
      #expect(timeline.verdict.answer == .on && timeline.verdict.evidence == .probe, "\(capture.name)")
      #expect(!timeline.diagnostics.all.contains { $0.kind == .probesDisagree }, "\(capture.name)")
      sum += score
    }
    #expect(sum.seen > 0)
  }
}
