import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct HandoffsTests {
  private static func row(
    _ kind: HandoffRow.Kind, _ begin: Int64, _ length: Int64, steps: [Int64?] = [nil, nil, nil, nil],
    migrated: Bool = false, _ evidence: Evidence = .event
  ) -> HandoffRow {
    let isRelease = kind == .release
    return HandoffRow(
      kind: kind, wait: 6, lock: Literal.lockA, from: isRelease ? Literal.owner : Literal.waiter,
      to: isRelease ? Literal.waiter : Literal.owner, begin: Literal.at(begin), end: Literal.at(begin + length),
      wake: steps[0], queue: steps[1], run: steps[2], acquire: steps[3], migrated: migrated, evidence: evidence)
  }

  @Test func aRowHasTheStepsOfARelease() throws {
    let timeline = Literal.timeline {
      $0.handoffs = [
        Self.row(.donation, 10, 5, .inferred(.oneOfSeveral)),
        Self.row(.donation, 20, 5, steps: [0, 1_000, 3_000, 1_000]),
        Self.row(.release, 900, 30, steps: [5_000, 5_000, 10_000, 10_000], migrated: true),
        // A spinner is not woken.
        Self.row(.release, 950, 2, steps: [nil, nil, nil, 2_000]),
      ]
    }
    #expect(
      try Report(Literal.context(timeline)).lines("handoffs") == [
        "1 donation 7 0xa0 61 waiter 100 60 owner 139 @10 10000ns @15 5000 - - - - - - - - no no inferred oneOfSeveral",
        // Parts of a donation to a BPF scheduler.
        "2 donation 7 0xa0 61 waiter 100 60 owner 139 @20 20000ns @25 5000 - - - - 0 1000 3000 1000 no no event",
        "3 release 7 0xa0 60 owner 139 61 waiter 100 @900 900000ns @930 30000 5000 5000 10000 10000 - - - - yes no event",
        "4 release 7 0xa0 60 owner 139 61 waiter 100 @950 950000ns @952 2000 - - - 2000 - - - - no no event",
      ])
  }

  /// Nearest ranks: of four latencies the second is p50, the fourth p90 and p99.
  @Test func latenciesAreSummedUpByKind() {
    let timeline = Literal.timeline {
      $0.handoffs = [
        Self.row(.release, 0, 4), Self.row(.release, 10, 1), Self.row(.release, 20, 3), Self.row(.release, 30, 2),
        Self.row(.donation, 40, 7),
      ]
    }
    #expect(
      Report(Literal.context(timeline)).block("Handoff latency") == [
        "donation 1 7000ns 7000ns 7000ns 7000ns", "release, mutex 4 2000ns 4000ns 4000ns 4000ns",
      ])
    #expect(Report(Literal.context(Literal.timeline())).block("Handoff latency") == nil)
  }

  @Test func withoutWaitsNothingIsKnown() {
    let timeline = Literal.timeline { $0.handoffs = [Self.row(.release, 10, 2000)] }
    let report = Report(Literal.context(timeline, missing: [.contentionBegan, .contentionEnded]))
    #expect(
      report.table("handoffs")?.notAvailable
        == "not available: needs lock:contention_begin and lock:contention_end")
    #expect(report.findings.isEmpty && report.block("Handoff latency") == nil)
  }
}
