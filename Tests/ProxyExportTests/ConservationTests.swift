import ProxyAnalysis
import ProxyTraceKit
import Testing

/// Tables that cut the same time differently sum to the same, on every fixture.
struct ConservationTests {
  private static func sum<Rows: Sequence>(_ rows: Rows, _ length: (Rows.Element) -> Int64) -> Int64 {
    rows.reduce(0) { $0 &+ length($1) }
  }

  @Test(arguments: FixtureCapture.names)
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

  @Test(arguments: FixtureCapture.names)
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
  @Test(arguments: FixtureCapture.names)
  func runsWithADonorAreTheSplits(_ name: String) throws {
    let timeline = try FixtureCapture.report(name).context.timeline
    let runs = timeline.runs.filter { $0.donor != nil }
    #expect(runs.count == timeline.splits.count, "\(name)")
    for (run, split) in zip(runs, timeline.splits) {
      #expect((run.cpu, run.begin, run.end) == (split.cpu, split.begin, split.end), "\(name)")
      #expect(run.donor?.index == split.donor.index && run.evidence == split.evidence, "\(name)")
    }
  }
}
