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
        Self.row(.donation, 10, 5, .inferred(.mostUrgentDonor)),
        Self.row(.release, 900, 30, steps: [5_000, 5_000, 10_000, 10_000], migrated: true),
        // A spinner is not woken.
        Self.row(.release, 950, 2, steps: [nil, nil, nil, 2_000]),
      ]
    }
    #expect(
      try Report(Literal.context(timeline)).lines("handoffs") == [
        "1 donation 7 0xa0 61 waiter 60 owner @10 10000ns @15 5000 - - - - no inferred",
        "2 release 7 0xa0 60 owner 61 waiter @900 900000ns @930 30000 5000 5000 10000 10000 yes event",
        "3 release 7 0xa0 60 owner 61 waiter @950 950000ns @952 2000 - - - 2000 no event",
      ])
  }

  /// 1 ms and more, of releases alone, the longest first.
  @Test func slowReleasesAreFindings() {
    let timeline = Literal.timeline {
      $0.handoffs = [
        Self.row(.release, 10, 999), Self.row(.release, 2000, 1000), Self.row(.donation, 4000, 3000),
        Self.row(.release, 8000, 1500, .inferred(.wokeTheWaiter)),
      ]
    }
    let report = Report(Literal.context(timeline))
    #expect(
      report.findingLines == [
        "slow handoff handoffs 4 1500000ns: from owner:60 to waiter:61 (inferred: wokeTheWaiter)",
        "slow handoff handoffs 2 1000000ns: from owner:60 to waiter:61",
      ])
    #expect(report.findings.allSatisfy { $0.gravity == .slow && $0.lock == Literal.lockA })
    // A clock that does not count nanoseconds has no millisecond.
    #expect(Report(Literal.context(timeline, clock: Literal.counter)).findings.isEmpty)
    // The id is that of the unfiltered table.
    let last = Report(Literal.context(timeline, filter: RowFilter(from: Literal.at(8000))))
    #expect(last.findings.map(\.row) == [4])
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
        "donation 1 7000ns 7000ns 7000ns 7000ns", "release 4 2000ns 4000ns 4000ns 4000ns",
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
