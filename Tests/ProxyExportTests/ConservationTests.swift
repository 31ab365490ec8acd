import ProxyAnalysis
import ProxyTraceKit
import Testing

/// Tables that cut the same time differently sum to the same, on every kind of fixture.
struct ConservationTests {
  private static func sum<Rows: Sequence>(_ rows: Rows, _ length: (Rows.Element) -> Int64) -> Int64 {
    rows.reduce(0) { $0 &+ length($1) }
  }

  @Test(arguments: FixtureCapture.analysed)
  func segmentsSumToTheClassesOfTheirWaits(_ name: String) throws {
    let timeline = try FixtureCapture.report(name).context.timeline
    let segments = Dictionary(grouping: timeline.segments, by: \.wait)
    for (place, wait) in timeline.waits.enumerated() {
      let own = segments[place, default: []]
      var times = ClassTimes()
      for segment in own { times[segment.kind] += segment.end - segment.begin }
      #expect(times == wait.times, "\(name), wait \(place + 1)")
      #expect(own.first.map { $0.begin == wait.begin } ?? (wait.length == 0), "\(name), wait \(place + 1)")
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.end == $1.begin }, "\(name), wait \(place + 1)")
    }
    #expect(segments.keys.allSatisfy { timeline.waits.indices.contains($0) })
  }

  /// Stalls are the stretches of some classes, in full; of others at most what the class has.
  @Test func stallsSumToTheClassesOfTheirWaits() throws {
    var seen: [WaitClass: Int] = [:]
    for name in FixtureCapture.analysed {
      let timeline = try FixtureCapture.report(name).context.timeline
      let stalls = Dictionary(grouping: timeline.stalls, by: \.wait)
      let isProxying = timeline.verdict.answer == .on
      for (place, wait) in timeline.waits.enumerated() where wait.kind == .mutex {
        let own = stalls[place, default: []]
        var times = ClassTimes()
        for stall in own {
          times[stall.kind] += stall.end - stall.begin
          seen[stall.kind, default: 0] += 1
        }
        let whole: [WaitClass] = isProxying ? [.delayed, .waking, .inverted] : [.delayed, .waking]
        for kind in whole { #expect(times[kind] == wait.times[kind], "\(name), wait \(place + 1): \(kind)") }
        for kind in WaitClass.allCases {
          #expect(times[kind] <= wait.times[kind], "\(name), wait \(place + 1): \(kind)")
        }
        #expect(own.allSatisfy { wait.begin <= $0.begin && $0.end <= wait.begin + wait.length }, "\(name)")
        let inOrder = own.sorted { $0.begin < $1.begin }
        #expect(zip(inOrder, inOrder.dropFirst()).allSatisfy { $0.end <= $1.begin }, "\(name), wait \(place + 1)")
      }
    }
    for kind in [WaitClass.delayed, .waking, .inverted, .running, .handoff] {
      #expect(seen[kind, default: 0] > 5, "\(kind): \(seen[kind, default: 0])")
    }
  }

  @Test(arguments: FixtureCapture.analysed)
  func runsTileTheBusyTimeOfCPUs(_ name: String) throws {
    let timeline = try FixtureCapture.report(name).context.timeline
    let runs = Dictionary(grouping: timeline.runs, by: \.cpu)
    #expect(Set(runs.keys).isSubset(of: timeline.cpus.map(\.cpu)))
    for cpu in timeline.cpus {
      let own = runs[cpu.cpu, default: []]
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.end <= $1.begin }, "\(name), CPU \(cpu.cpu)")
      #expect(Self.sum(own) { $0.end - $0.begin } == cpu.busy, "\(name), CPU \(cpu.cpu)")
      #expect(Self.sum(own.filter { $0.donor != nil }) { $0.end - $0.begin } == cpu.proxied, "\(name), CPU \(cpu.cpu)")
    }
    let byTask = Dictionary(grouping: timeline.runs, by: \.task.index)
    for (place, task) in timeline.tasks.enumerated() where task.id.pid != 0 {
      let own = byTask[TaskIndex(rawValue: UInt32(place)), default: []]
      #expect(Self.sum(own) { $0.end - $0.begin } == task.run, "\(name), pid \(task.id.pid)")
      #expect(
        Self.sum(own.filter { $0.donor != nil }) { $0.end - $0.begin } == task.proxiedRun, "\(name), pid \(task.id.pid)"
      )
    }
  }

  /// Runs with a donor are the splits.
  @Test(arguments: FixtureCapture.analysed)
  func runsWithADonorAreTheSplits(_ name: String) throws {
    let timeline = try FixtureCapture.report(name).context.timeline
    let runs = timeline.runs.filter { $0.donor != nil }
    #expect(runs.count == timeline.splits.count, "\(name)")
    for (run, split) in zip(runs, timeline.splits) {
      #expect((run.cpu, run.begin, run.end) == (split.cpu, split.begin, split.end), "\(name)")
      #expect(run.donor?.index == split.donor.index && run.evidence == split.evidence, "\(name)")
    }
  }

  /// The culprits of a window fill it.
  @Test(arguments: FixtureCapture.analysed)
  func culpritsSumToTheirInversions(_ name: String) throws {
    let report = try FixtureCapture.report(name)
    var sums: [Int64: Int64] = [:]
    try #require(report.table("culprits")).table.forEachRow { cells in
      guard case .integer(let inversion) = cells[1], case .integer(let ran)? = cells.last else { return }
      sums[inversion, default: 0] += ran
    }
    let windows = report.context.timeline.inversions
    #expect(
      sums == Dictionary(uniqueKeysWithValues: windows.enumerated().map { (Int64($0 + 1), $1.length) }), "\(name)")
  }

  /// What an owner did is never longer than its hold, and fills it, but where it has not shown yet when the hold begins.
  @Test func whatOwnersDidFillsTheirHolds() throws {
    var (filled, all) = (0, 0)
    for name in FixtureCapture.analysed {
      let timeline = try FixtureCapture.report(name).context.timeline
      for (place, hold) in timeline.holds.enumerated() {
        #expect(hold.times.total <= hold.end - hold.begin, "\(name), hold \(place + 1)")
        guard timeline.gaps.allSatisfy(\.isQuiet), timeline.cpus.allSatisfy({ $0.lost == $0.quiet }) else { continue }
        all += 1
        if hold.times.total == hold.end - hold.begin { filled += 1 }
      }
    }
    #expect(all > 10 * FixtureCapture.analysed.count && filled * 10 > all * 9, "\(filled) of \(all)")
  }

  /// By pid: time from runnable to running, as `perf sched latency` counts it (tools/perf/builtin-sched.c,
  /// `latency_switch_event()` and `latency_wakeup_event()`), out of the same events.
  private struct PerfLatency {
    private enum State {
      case asleep
      case runnable(since: Timestamp)
      case running
    }
    private var states: [Pid: State] = [:]
    private(set) var total: [Pid: Int64] = [:]
    private(set) var count: [Pid: Int] = [:]

    mutating func take(_ event: SchedEvent) {
      switch event.body {
      case .switched(let record):
        states[record.previous.pid] = record.previousState.isRunnable ? .runnable(since: event.timestamp) : .asleep
        if case .runnable(let since)? = states[record.next.pid] {
          total[record.next.pid, default: 0] += event.timestamp - since
          count[record.next.pid, default: 0] += 1
        }
        states[record.next.pid] = .running
      case .wakeup(let record), .wakeupNew(let record):
        if case .asleep = states[record.task.pid] ?? .asleep {
          states[record.task.pid] = .runnable(since: event.timestamp)
        }
      default: break
      }
    }
  }

  /// perf does not know gaps: captures without any are compared.
  @Test func delaysSumToWhatPerfSchedLatencyCounts() throws {
    var (compared, rows) = (0, 0)
    for name in FixtureCapture.analysed {
      let timeline = try FixtureCapture.report(name).context.timeline
      guard timeline.gaps.allSatisfy(\.isQuiet), timeline.cpus.allSatisfy({ $0.lost == $0.quiet }) else { continue }
      var perf = PerfLatency()
      try CaptureSession(path: FixtureCapture.path(name)).forEachEvent {
        perf.take($0)
        return true
      }
      let delays = Dictionary(grouping: timeline.delays.filter { $0.end != nil }, by: \.task.pid)
      #expect(delays.mapValues { Self.sum($0, \.length) } == perf.total.filter { $0.key != 0 }, "\(name)")
      #expect(delays.mapValues(\.count) == perf.count.filter { $0.key != 0 }, "\(name)")
      compared += 1
      rows += timeline.delays.count
    }
    #expect(compared * 4 > FixtureCapture.analysed.count && rows > 1000, "\(compared) captures, \(rows) rows")
  }
}
