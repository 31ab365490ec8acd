import ProxyModel
import ProxyScore
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// A thread of its own for the second pass saves time and changes nothing.
struct SecondPassTests {
  private let batchSize = 64

  private func machine(_ events: [SchedEvent], _ options: ProxyMachine.Options) -> ProxyMachine {
    var machine = ProxyMachine(options)
    let memory = BatchMemory.allocate(batchSize)
    defer { memory.deallocate() }
    var packer = EventPacker(memory)
    for begin in stride(from: 0, to: events.count, by: batchSize) {
      packer.begin(memory)
      for event in events[begin..<min(begin + batchSize, events.count)] { packer.add(event) }
      machine.apply(packer.finished)
    }
    return machine
  }

  /// Follows the same events on one thread and on two, between which it goes to and fro.
  /// - Returns: how often the second thread took over.
  @discardableResult
  private func compare(_ events: [SchedEvent], _ options: ProxyMachine.Options, _ what: Comment) -> Int {
    var (with, without) = (options, options)
    (with.jobs, without.jobs) = (2, 1)
    with.eventsToChoose = 100
    let threaded = machine(events, with)
    let count = threaded.secondThreadCount
    let (a, b) = (threaded.finish(), machine(events, without).finish())
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
    #expect(a.enqueues == b.enqueues, what)
    #expect(a.segments == b.segments, what)
    #expect(a.pairing == b.pairing, what)
    #expect(a.gaps == b.gaps, what)
    #expect((a.begin, a.end, a.eventCount, a.seen) == (b.begin, b.end, b.eventCount, b.seen), what)
    return count
  }

  @Test func realCaptures() throws {
    var count = 0
    for capture in try RealCaptures.all.get() + RealCaptures.others.get() where TestEffort.reads(capture.name) {
      for rows in [OptionalRows(), .all] {
        var options = ProxyMachine.Options()
        options.rows = rows
        count += compare(capture.events, options, "\(capture.name)")
      }
    }
    #expect(count > 10)
  }

  @Test(arguments: PropertySchedule.chunks(400))
  func randomSchedules(seeds: Range<UInt64>) {
    var count = 0
    for seed in seeds {
      let schedule = PropertySchedule(seed: seed, length: 600) { plan in
        if seed % 2 == 0 { plan.emitsProbes = false }
      }
      for assumed in [nil, schedule.plan.proxyExecution] {
        var options = ProxyMachine.Options()
        options.proxyExecution = assumed
        count += compare(schedule.events, options, "seed \(seed)")
      }
    }
    #expect(count > 0)
  }

  /// A reading that is given up, as a text is whose losses are noticed late.
  @Test func machineIsDroppedWhileTheSecondPassIsBehind() {
    let schedule = PropertySchedule(seed: 3, length: 2_000) { _ in }
    var options = ProxyMachine.Options()
    (options.jobs, options.eventsToChoose) = (2, 64)
    var count = 0
    for _ in 0..<20 {
      let dropped = machine(schedule.events, options)
      count += dropped.secondThreadCount
    }
    #expect(count > 0)
  }
}
