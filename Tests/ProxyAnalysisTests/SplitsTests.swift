import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct SplitsTests {
  private static func split(
    _ begin: Int64, _ length: Int64, donor: TaskLabel, curr: TaskLabel, depth: Int?, _ evidence: Evidence,
    others: [TaskLabel] = []
  ) -> SplitRow {
    SplitRow(
      cpu: 1, begin: Literal.at(begin), end: Literal.at(begin + length), donor: donor, curr: curr, depth: depth,
      evidence: evidence, otherDonors: others)
  }

  private static let timeline = Literal.timeline {
    $0.splits = [
      split(10, 30, donor: Literal.waiter, curr: Literal.owner, depth: 1, .probe),
      split(
        50, 20, donor: Literal.other, curr: Literal.owner, depth: nil, .inferred(.oneOfSeveral),
        others: [Literal.waiter, Literal.middle]),
      split(90, 5, donor: Literal.waiter, curr: Literal.middle, depth: 2, .event),
    ]
  }

  @Test func aRowHasDonorAndCurr() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("splits") == [
        "1 1 @10 10000ns @40 30000 61 waiter 100 60 owner 139 1 probe",
        "2 1 @50 50000ns @70 20000 63 other 49 60 owner 139 - inferred oneOfSeveral 61+62",
        "3 1 @90 90000ns @95 5000 61 waiter 100 62 middle 120 2 event",
      ])
  }

  /// waiter: 30 + 5 = 35 µs, rounded mean 17.5 µs; other: 20 µs.
  @Test func donorsAreRankedByWhatTheyLent() {
    #expect(
      Report(Literal.context(Self.timeline)).block("Top donors") == [
        "waiter 61 100 2 35000ns 30000ns 17500ns 5000ns 30000ns 30000ns",
        "other 63 49 1 20000ns 20000ns 20000ns 20000ns 20000ns 20000ns",
      ])
    #expect(Report(Literal.context(Literal.timeline())).block("Top donors") == nil)
  }

  @Test(arguments: [("60", [1, 2]), ("61", [1, 3]), ("62", [3])])
  func theFilterTakesDonorAndCurr(_ pids: String, _ ids: [Int]) throws {
    #expect(try Report(Literal.context(Self.timeline, filter: RowFilter(pids: NumberList(pids)))).ids("splits") == ids)
  }

  /// Either the waits or the switch probe show splits.
  @Test func waitsOrTheProbeAreNeeded() {
    func notAvailable(_ missing: Set<EventRole>) -> String? {
      Report(Literal.context(Self.timeline, missing: missing)).table("splits")?.notAvailable
    }
    #expect(notAvailable([.contentionBegan]) == nil)
    #expect(notAvailable([.probedSwitch]) == nil)
    #expect(
      notAvailable([.contentionBegan, .probedSwitch])
        == "not available: needs lock:contention_begin or proxytrace:switch")
    #expect(
      Report(Literal.context(Self.timeline, missing: [.contentionBegan, .probedSwitch])).block("Top donors") == nil)
  }
}
