import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct InversionsTests {
  private static func window(
    _ begin: Int64, _ length: Int64, culprits: [(TaskLabel, Int64)], _ evidence: Evidence = .event
  ) -> InversionRow {
    InversionRow(
      wait: 2, begin: Literal.at(begin), end: Literal.at(begin + length), waiter: Literal.waiter, lock: Literal.lockA,
      owner: Literal.owner, cpu: 3, culprits: culprits.map { InversionRow.Culprit(task: $0.0, ran: $0.1) },
      evidence: evidence)
  }

  private static let timeline = Literal.timeline {
    $0.inversions = [
      window(10, 40, culprits: [(Literal.middle, 30_000), (Literal.other, 10_000)]),
      window(100, 500, culprits: [(Literal.middle, 500_000)], .inferred(.perhapsStillHeld)),
      // What ran is not always known.
      window(900, 5, culprits: [], .unknown),
    ]
  }

  @Test func aRowNamesWhoRanInstead() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("inversions") == [
        "1 3 @10 10000ns @50 40000 61 waiter 100 0xa0 60 owner 139 3 62 middle 120 62+63 event",
        "2 3 @100 100000ns @600 500000 61 waiter 100 0xa0 60 owner 139 3 62 middle 120 62 inferred perhapsStillHeld",
        "3 3 @900 900000ns @905 5000 61 waiter 100 0xa0 60 owner 139 3 - - - '' unknown",
      ])
  }

  @Test(arguments: [("63", [1]), ("62", [1, 2]), ("61", [1, 2, 3]), ("64", [])])
  func theFilterChoosesByEveryTaskOfTheRow(_ pids: String, _ ids: [Int]) throws {
    let report = Report(Literal.context(Self.timeline, filter: RowFilter(pids: NumberList(pids))))
    #expect(try report.ids("inversions") == ids)
    #expect(report.findings.first?.windows ?? 0 == ids.count)
  }
}
