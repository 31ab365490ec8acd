import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct MigrationsTests {
  private static let timeline = Literal.timeline {
    $0.migrations = [
      MigrationRow(
        kind: .proxy, task: Literal.waiter, from: 0, to: 1, time: Literal.at(20), evidence: .inferred(.movedSilently)),
      MigrationRow(kind: .return, task: Literal.waiter, from: 1, to: 2, time: Literal.at(90), evidence: .event),
    ]
  }

  @Test func aRowHasBothCPUs() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("migrations") == [
        "1 proxy 61 waiter 100 0 1 @20 20000ns inferred movedSilently", "2 return 61 waiter 100 1 2 @90 90000ns event",
      ])
  }

  @Test(arguments: [("0", [1]), ("1", [1, 2]), ("2", [2]), ("3", [])])
  func theFilterTakesEitherCPU(_ cpus: String, _ ids: [Int]) throws {
    let report = Report(Literal.context(Self.timeline, filter: RowFilter(cpus: NumberList(cpus))))
    #expect(try report.ids("migrations") == ids)
  }

  @Test(arguments: [(EventRole.contentionBegan, "lock:contention_begin"), (.waking, "sched:sched_waking")])
  func aMissingEventIsNamed(_ missing: EventRole, _ name: String) throws {
    let report = Report(Literal.context(Self.timeline, missing: [missing]))
    #expect(report.table("migrations")?.notAvailable == "not available: needs \(name)")
    #expect(report.unavailable.contains("where blocked donors were moved: needs \(name)"))
    #expect(try Report(Literal.context(Literal.timeline())).lines("migrations") == [])
  }
}
