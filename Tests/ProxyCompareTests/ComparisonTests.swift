import Foundation
import ProxyAnalysis
import ProxyCompare
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Captures of real kernels with and without proxy execution beside each other.
struct ComparisonTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/captures")

  private static let kept = Kept<ReportContext>()

  static func context(_ name: String) throws -> ReportContext {
    try kept.value(name) { try CaptureSession(path: fixtures.appending(path: "\(name).dat").path).load().context() }
  }

  static func figures(_ name: String) throws -> ComparedSide { ComparedSide(label: name, [try context(name)]) }

  static func row(_ rows: [FigureRow], _ group: String, _ name: String) throws -> FigureRow {
    try #require(rows.first { $0.group == group && $0.name == name })
  }

  // MARK: Against the truth

  /// Lengths of a task's lock calls, as the workload measured them: of those in which a wait of it began.
  private static func truth(_ name: String, of task: String, _ waits: Rows<WaitRow>) throws -> [Double] {
    let text = try String(contentsOf: fixtures.appending(path: "\(name).truth.csv"), encoding: .utf8)
    let begins = waits.filter { $0.kind == .mutex && $0.waiter.comm.text == task }.map { Int64($0.begin.rawValue) }
    return text.split(separator: "\n").compactMap { line -> Double? in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count >= 7, cells[0] == "W", cells[1] == task, let begin = Int64(cells[5]), let end = Int64(cells[6]),
        begins.contains(where: { $0 >= begin && $0 < end })
      else { return nil }
      return Double(end - begin)
    }
  }

  @Test(arguments: [("same-cpu", "donor"), ("cross-cpu", "donor"), ("chain3", "top"), ("chain4-cross", "b3")])
  func theDeltaIsTheTruths(name: String, task: String) throws {
    let sides = try ["proxy-off-plain", "proxy-on-plain"].map { try Self.figures("\($0)/\(name)") }
    let comparison = Comparison(sides)
    let means = try ["proxy-off-plain", "proxy-on-plain"].map { folder in
      let calls = try Self.truth("\(folder)/\(name)", of: task, Self.context("\(folder)/\(name)").timeline.waits)
      #expect(calls.count >= 5)
      return calls.reduce(0, +) / Double(calls.count)
    }
    let row = try Self.row(comparison.tasks, task, "mean")
    for (value, mean) in zip(row.values, means) {
      #expect(abs(try #require(value) - mean) < 0.02 * mean, "\(String(describing: value)), truth \(mean)")
    }
    let change = try #require(row.changes.first ?? nil)
    #expect(abs(change.absolute - (means[1] - means[0])) < 0.02 * abs(means[1] - means[0]))
    #expect(change.outcome == .better)
    // The longest chain's head has waited only a few times: no interval, and a test all the same.
    #expect((change.interval == nil) == (name == "chain4-cross"))
    let inverted = try Self.row(comparison.figures, "inversion", "inverted time")
    #expect(try #require(inverted.changes.first??.relative) < -0.8)
    #expect(try Self.row(comparison.figures, "mutex wait", "mean").changes.first??.outcome == .better)
  }

  // MARK: Nothing has changed

  @Test(arguments: ["proxy-off-plain/crowd", "proxy-on-plain/crowd", "proxy-on-probed/chain3", "sched-ext/scx-both"])
  func aCaptureIsNoDifferentFromItself(name: String) throws {
    let side = try Self.figures(name)
    let comparison = Comparison([side, side])
    for row in comparison.figures + comparison.tasks + comparison.locks {
      for change in row.changes.compactMap({ $0 }) {
        #expect(change.absolute == 0 && (change.relative ?? 0) == 0)
        #expect(change.outcome == nil || change.outcome == .noDifference || change.outcome == .tooFew, "\(row)")
        #expect(change.interval.map { $0.contains(0) } != false)
      }
    }
    #expect(comparison.unmatched.isEmpty)
  }

  /// The waits of one capture, dealt to two halves by chance: of 20 deals at least 19 must show nothing in any figure.
  @Test(
    arguments: TestEffort.some(
      ["proxy-off-plain/crowd", "proxy-on-plain/crowd", "linux-6.12/crowd", "proxy-on-plain/same-cpu"], quick: 1))
  func halvesOfACaptureAreNoDifferent(name: String) throws {
    let whole = try Self.context(name)
    let deals = TestEffort.count(100, quick: 4)
    var alarms = 0
    for seed in 1...UInt64(deals) {
      var random = SeededGenerator(seed: seed)
      var halves = [whole, whole]
      let isFirst = whole.timeline.waits.map { _ in random.oneIn(2) }
      let isFirstHold = whole.timeline.holds.map { _ in random.oneIn(2) }
      for (half, wanted) in [(0, true), (1, false)] {
        halves[half].timeline.waits = Rows(zip(whole.timeline.waits, isFirst).filter { $0.1 == wanted }.map(\.0))
        halves[half].timeline.holds = Rows(zip(whole.timeline.holds, isFirstHold).filter { $0.1 == wanted }.map(\.0))
      }
      let comparison = Comparison(halves.enumerated().map { ComparedSide(label: "\($0)", [$1]) })
      let verdicts = comparison.figures.flatMap(\.changes).compactMap { $0?.outcome }
      #expect(!verdicts.isEmpty)
      if verdicts.contains(.better) || verdicts.contains(.worse) { alarms += 1 }
    }
    #expect(20 * alarms <= deals, "\(alarms) of \(deals)")
  }

  // MARK: Sides

  /// As many as the capture has marks `enqueue … blocked=1`. A count is converted by value, not by its bits.
  @Test(arguments: [("sched-ext-blocked/on-chain3", 57), ("sched-ext-blocked/roam-on-steer", 54)])
  func blockedEnqueuesAreCounted(name: String, count: UInt64) throws {
    let side = try Self.figures(name)
    #expect(side.blockedEnqueues == count)
    let row = try Self.row(Comparison([side, side]).figures, "sched_ext", "blocked enqueues")
    #expect(row.values == [Double(count), Double(count)])
  }

  /// The kernel selftest's own figures of these runs, in nanoseconds. It leaves its first sample out, and so does this.
  @Test(arguments: [("ab-off", 267_492_623.0), ("ab-on", 205_781_201.0)])
  func theSelftestsMeanWait(name: String, mean: Double) throws {
    let side = ComparedSide(label: "", [try Self.context("sched-ext-blocked/\(name)")], skipping: 1)
    let measured = try #require(try Self.row(Comparison([side, side]).figures, "mutex wait", "mean").values[0])
    #expect(side.mutexWaits.count == 10 && abs(measured - mean) < 0.001 * mean, "\(measured)")
  }

  /// Ten against ten, as the selftest has it: −23.07 %, and of all 184,756 ways to deal the waits only two differ as much.
  @Test func theSelftestsDelta() throws {
    let sides = try ["ab-off", "ab-on"].map {
      ComparedSide(label: $0, [try Self.context("sched-ext-blocked/\($0)")], skipping: 1)
    }
    let change = try #require(try Self.row(Comparison(sides).figures, "mutex wait", "mean").changes[0])
    let delta = (205_781_201.0 - 267_492_623) / 267_492_623
    #expect(abs(try #require(change.relative) - delta) < 0.001 * abs(delta))
    guard case .permutation(let test) = change.test else {
      Issue.record("\(String(describing: change.test))")
      return
    }
    #expect(change.outcome == .better && test.isExact && test.permutations == 184_756 && test.p == 2.0 / 184_756)
    #expect(sides.map(\.blockedEnqueues) == [0, 58])
  }

  @Test func whatASchedulerWasAskedIsCompared() throws {
    let sides = try ["roam-on", "roam-on-steer"].map { try Self.figures("sched-ext-blocked/\($0)") }
    let comparison = Comparison(sides)
    func values(_ group: String, _ name: String) throws -> [Double?] {
      try Self.row(comparison.figures, group, name).values
    }
    // Counted from the marks: 72 and 54 calls in 11 waits each, 11 arrivals by the kernel, 11 steered.
    #expect(try values("sched_ext", "blocked enqueues a wait") == [72.0 / 11, 54.0 / 11])
    #expect(try values("sched_ext", "donors moved by the kernel") == [11, 0])
    #expect(try values("sched_ext", "donors steered") == [0, 11])
    // Exact means by rq->donor: 30.22 and 15.55 ms.
    let latency = try values("donation latency", "mean").compactMap { $0 }
    #expect(abs(latency[0] - 30.22e6) < 0.05 * 30.22e6 && abs(latency[1] - 15.55e6) < 0.05 * 15.55e6, "\(latency)")
    let parts = try ["admitted", "placed", "picked", "started"].map {
      try values("donation latency", "mean until \($0)")
    }
    for side in 0..<2 {
      #expect(abs(parts.reduce(0) { $0 + ($1[side] ?? 0) } - latency[side]) < 1)
    }
    #expect(try Self.row(comparison.figures, "donation latency", "mean").changes.first??.interval != nil)
  }

  @Test func aSideSaysHowItIsKnown() throws {
    let old = try Self.figures("linux-6.12/crowd")
    let counts = Dictionary(uniqueKeysWithValues: old.evidence.map { ($0.rows, $0.counts.map(\.name)) })
    #expect(counts["mutex waits"] == ["event"])
    #expect(counts["holds"]?.contains("inferred") == true)
    #expect(old.evidence.first { $0.rows == "holds" }?.counts.reduce(0) { $0 + $1.count } == old.holds.count)
  }

  @Test func filesOfASideArePooled() throws {
    let contexts = try ["same-cpu", "cross-cpu"].map { try Self.context("proxy-on-plain/\($0)") }
    let pooled = ComparedSide(label: "both", contexts)
    let apart = contexts.map { ComparedSide(label: "", [$0]) }
    #expect(pooled.mutexWaits.count == apart.reduce(0) { $0 + $1.mutexWaits.count } && !pooled.mutexWaits.isEmpty)
    #expect(pooled.span == apart.reduce(0) { $0 + $1.span })
    let three = Comparison([apart[0], apart[1], pooled])
    #expect(three.figures.allSatisfy { $0.values.count == 3 && $0.changes.count == 2 })
  }

  @Test func handoffsAreComparedByKindOfLockAndInParts() throws {
    let sides = try ["proxy-off-plain/crowd", "proxy-on-plain/crowd"].map { try Self.figures($0) }
    let comparison = Comparison(sides)
    for kind in WaitKind.allCases {
      let releases = sides.map { side in
        side.captures[0].timeline.handoffs.filter {
          $0.kind == .release && side.captures[0].timeline.waits[$0.wait].kind == kind
        }
      }
      let group = "release, \(kind.rawValue)"
      guard releases.contains(where: { !$0.isEmpty }) else {
        #expect(!comparison.figures.contains { $0.group == group })
        continue
      }
      let samples = try Self.row(comparison.figures, group, "samples")
      #expect(samples.values == releases.map { Double($0.count) })
      for (name, part) in [
        ("waking", \HandoffRow.wake), ("queued", \.queue), ("running", \.run), ("acquired", \.acquire),
      ] {
        let row = try Self.row(comparison.figures, group, "mean until \(name)")
        for (value, rows) in zip(row.values, releases) {
          let parts = rows.compactMap { $0[keyPath: part] }
          let mean = parts.isEmpty ? nil : parts.reduce(0.0) { $0 + Double($1) } / Double(parts.count)
          #expect(value == mean)
        }
      }
    }
    // Only what has samples on both sides is judged: four figures each of waits, holds, whole holds and releases of mutexes with
    // their four parts, and those of rwsems that both have.
    let judged = comparison.figures.filter { $0.changes.contains { $0?.outcome != nil } }
    #expect(comparison.judged == judged.count)
  }

  @Test func theClassesOfWaitingAreShares() throws {
    let sides = try ["proxy-off-plain/same-cpu", "proxy-on-plain/same-cpu"].map { try Self.figures($0) }
    let rows = Comparison(sides).figures.filter { $0.group == Comparison.classGroup }
    for side in 0..<2 { #expect(abs(rows.reduce(0) { $0 + ($1.values[side] ?? 0) } - 1) < 1e-9) }
    let inverted = try #require(rows.first { $0.name == "inverted" })
    #expect(inverted.values[0] == Double(sides[0].inverted) / Double(sides[0].waited))
  }

  @Test func otherClocksAreRefused() throws {
    let (mono, steps) = (try Self.figures("proxy-on-plain/same-cpu"), try Self.figures("formats/clock-counter"))
    let problem = try #require([mono, steps].clockProblem)
    #expect(
      problem.path.hasSuffix("clock-counter.dat") && problem.text.contains("counter") && problem.text.contains("mono"))
    #expect([steps, steps].clockProblem == nil && [mono, mono].clockProblem == nil)
    // Both count nanoseconds.
    let local = try Self.figures("formats/clock-local")
    #expect([mono, local].clockProblem == nil && [mono, local].differentClocks == ["mono", "local"])
  }

  @Test(arguments: [
    ([["a/x.dat"], ["a/y.dat"]], ["x.dat", "y.dat"]), ([["a/x.dat"], ["b/x.dat"]], ["a", "b"]),
    ([["/1/a/x.dat"], ["/2/a/x.dat"]], ["1", "2"]), ([["a/x.dat"], ["a/x.dat"]], ["x.dat", "x.dat (2)"]),
    ([["a/x.dat"], ["b/x.dat"], ["b/y.dat"]], ["a", "b/x.dat", "y.dat"]),
    ([["a/x.dat", "a/z.dat"], ["b/x.dat"]], ["a +1", "b"]), ([["x.dat"], ["a/x.dat"]], ["x.dat", "a"]),
  ])
  func labelsTellSidesApart(sides: [[String]], labels: [String]) {
    #expect(SideLabels.labels(of: sides) == labels)
    #expect(Set(labels).count == labels.count)
  }

  @Test func wholeHoldsBeginWhenTheirOwnersWaitEnds() throws {
    let side = try Self.figures("proxy-on-plain/crowd")
    let timeline = side.captures[0].timeline
    #expect(!side.wholeHolds.isEmpty && side.wholeHolds.count < side.holds.count)
    for sample in side.wholeHolds {
      let hold = timeline.holds[sample.id - 1]
      #expect(
        timeline.waits.contains { $0.lock == hold.lock && $0.waiter.pid == hold.owner.pid && $0.end == hold.begin })
    }
    // The selftest's owner takes a free mutex, of which no event tells.
    #expect(try Self.figures("sched-ext-blocked/ab-on").wholeHolds.isEmpty)
  }

  @Test func namesAreMatchedAndWhatIsNotIsTold() throws {
    let (a, b) = (try Self.context("proxy-on-plain/same-cpu"), try Self.context("proxy-on-plain/chain3"))
    let plain = Comparison([ComparedSide(label: "A", [a]), ComparedSide(label: "B", [b])])
    for (name, sides) in [("donor", ["A"]), ("top", ["B"])] {
      let alone = try #require(plain.unmatched.first { $0.kind == "task" && $0.figure.group == name })
      #expect(plain.labels(with: alone.figure) == sides)
      let values = alone.figure.values.compactMap { $0 }
      #expect(values.count == 2 && values.contains(0) && values.contains { $0 > 0 })
    }
    let map = try MatchMap("task donor boss # the waiters\ntask top boss\n")
    let matched = Comparison([
      ComparedSide(label: "A", [a], matching: map), ComparedSide(label: "B", [b], matching: map),
    ])
    #expect(matched.tasks.contains { $0.group == "boss" && $0.name == "mean" })
    #expect {
      _ = try MatchMap("\nlock 12g4 x")
    } throws: {
      ($0 as? MatchMap.Problem)?.line == 2
    }
  }
}
