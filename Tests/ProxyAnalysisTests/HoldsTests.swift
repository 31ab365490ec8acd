import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct HoldsTests {
  private static func hold(
    _ owner: TaskLabel, _ begin: Int64, _ end: Int64, waiters: Int = 1, _ evidence: Evidence = .event
  ) -> HoldRow {
    HoldRow(
      lock: Literal.lockA, owner: owner, begin: Literal.at(begin), end: Literal.at(end), waiters: waiters,
      evidence: evidence)
  }

  private static let timeline = Literal.timeline {
    $0.holds = [
      hold(Literal.owner, 10, 40, waiters: 2), hold(Literal.middle, 50, 90, .inferred(.perhapsStillHeld)),
      hold(Literal.owner, 100, 120),
    ]
  }

  @Test func aRowHasOwnerAndLength() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("holds") == [
        "1 0xa0 60 owner 139 @10 10000ns @40 30000 2 0 0 0 0 0 event",
        "2 0xa0 62 middle 120 @50 50000ns @90 40000 1 0 0 0 0 0 inferred perhapsStillHeld",
        "3 0xa0 60 owner 139 @100 100000ns @120 20000 1 0 0 0 0 0 event",
      ])
  }

  /// owner: 30 + 20 = 50 µs in 2 holds; middle: 40 µs in one. Of two durations the smaller is p50.
  @Test func ownersAreRankedByTheirSums() {
    #expect(
      Report(Literal.context(Self.timeline)).block("Top owners") == [
        "owner 60 139 2 50000ns 30000ns 25000ns 20000ns 30000ns 30000ns",
        "middle 62 120 1 40000ns 40000ns 40000ns 40000ns 40000ns 40000ns",
      ])
    #expect(
      Report(Literal.context(Self.timeline, top: 1)).block("Top owners")?.last == "and 1 more owner")
  }

  @Test func theFilterChoosesOwners() throws {
    let report = Report(Literal.context(Self.timeline, filter: RowFilter(comm: CommPattern("mid*"))))
    #expect(try report.ids("holds") == [2])
    #expect(report.block("Top owners")?.count == 1)
  }

  @Test func withoutReleasesAndWakingsOwnersAreNotKnown() {
    let report = Report(Literal.context(Self.timeline, missing: [.contendedRelease, .waking, .probedWait]))
    #expect(report.table("holds")?.notAvailable?.hasPrefix("not available: needs lock:contended_release or") == true)
    #expect(report.block("Top owners") == nil)
    #expect(Report(Literal.context(Literal.timeline())).block("Top owners") == nil)
  }
}
