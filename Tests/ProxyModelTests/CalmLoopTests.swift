import Foundation
import ProxyModel
import ProxyScore
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// The calm loop, and the short way of bystanders' steps, save time and change nothing.
struct CalmLoopTests {
  private let batchSize = 100

  /// Follows the same events with the calm loop, in batches, and without, one by one.
  /// - Returns: how often a calm period began, and how many switches were between bystanders while somebody waited.
  @discardableResult
  private func compare(
    _ events: [SchedEvent], _ options: ProxyMachine.Options, _ what: Comment
  ) -> (periods: Int, beside: Int) {
    var (with, without) = (options, options)
    (with.takesShortWays, without.takesShortWays) = (true, false)
    var machine = ProxyMachine(with)
    var packer = EventPacker(BatchMemory.allocate(batchSize))
    for begin in stride(from: 0, to: events.count, by: batchSize) {
      packer.begin(packer.memory)
      for event in events[begin..<min(begin + batchSize, events.count)] { packer.add(event) }
      // In two parts, as a reader of names does it.
      let batch = packer.finished
      machine.apply(batch, 0..<batch.count / 3)
      machine.apply(batch, batch.count / 3..<batch.count)
    }
    packer.memory.deallocate()
    let counts = (machine.calmPeriodCount, machine.bystanderSwitchCount)
    let (a, b) = (machine.finish(), PropertySchedule.timeline(events, without))
    #expect(a.cpus == b.cpus, what)
    #expect(a.tasks == b.tasks, what)
    #expect(a.verdict == b.verdict, what)
    #expect(a.waits == b.waits, what)
    #expect(a.chains == b.chains, what)
    #expect(a.splits == b.splits, what)
    #expect(a.inversions == b.inversions, what)
    #expect(a.stalls == b.stalls, what)
    #expect(a.handoffs == b.handoffs, what)
    #expect(a.holds == b.holds, what)
    #expect(a.migrations == b.migrations, what)
    #expect(a.pairing == b.pairing, what)
    #expect(a.gaps == b.gaps, what)
    #expect((a.begin, a.end) == (b.begin, b.end), what)
    #expect((a.eventCount, a.seen) == (b.eventCount, b.seen), what)
    return counts
  }

  @Test func realCaptures() throws {
    for capture in try RealCaptures.all.get() + RealCaptures.others.get() where TestEffort.analyses(capture.name) {
      for ignoresProbes in [false, true] {
        var options = ProxyMachine.Options()
        options.ignoresProbes = ignoresProbes
        let periods = compare(capture.events, options, "\(capture.name)").periods
        // While a probe may stand beside each switch, or marks have to be held against it, nothing is left alone.
        let isProbed = capture.events.contains { if case .probedSwitch = $0.body { true } else { false } }
        let isMarked = capture.events.contains { if case .mark = $0.body { true } else { false } }
        #expect(periods > 0 || isMarked || isProbed && !ignoresProbes, "\(capture.name)")
      }
    }
  }

  @Test(arguments: PropertySchedule.chunks(400))
  func randomSchedules(seeds: Range<UInt64>) {
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed, length: 600) { plan in
        if seed % 2 == 0 { plan.emitsProbes = false }
      }
      for assumed in [nil, schedule.plan.proxyExecution] {
        var options = ProxyMachine.Options()
        options.proxyExecution = assumed
        compare(schedule.events, options, "seed \(seed)")
      }
    }
  }

  private static let length = TestEffort.count(20_000, quick: 2_000)

  /// What the benchmark runs on, but shorter.
  @Test(
    arguments: TestEffort.some(
      [
        Workload(contention: .dense, events: length, cpus: 4), Workload(contention: .sparse, events: length, cpus: 2),
        Workload(contention: .sparse, events: length, cpus: 64),
        Workload(contention: .beside, events: length, cpus: 16), Workload(contention: .real, events: 1),
      ], quick: 4))
  func benchmarks(workload: Workload) throws {
    let real = RealCaptures.directory.appending(path: "proxy-on-plain")
    let recorded = try CaptureSession(bytes: workload.bytes(from: real)).record()
    let (periods, beside) = compare(recorded.events, recorded.options, "\(workload.name)")
    #expect(periods > 0 || workload.contention == .dense || workload.contention == .beside)
    #expect(beside > recorded.events.count / 20 || workload.contention != .beside, "\(beside)")
  }

  @Test func marksAndGaps() {
    for seed in 0..<UInt64(TestEffort.count(200, quick: 20)) {
      let events = MarkSchedule(seed: seed, proxies: seed % 3 != 0).script.events
      // Without the marks, too: they forbid calm periods.
      let plain = events.filter { if case .mark = $0.body { false } else { true } }
      compare(events, ProxyMachine.Options(), "seed \(seed)")
      compare(plain, ProxyMachine.Options(), "seed \(seed)")
    }
  }
}
