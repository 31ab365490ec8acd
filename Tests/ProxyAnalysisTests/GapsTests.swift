import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct GapsTests {
  private static let timeline = Literal.timeline {
    $0.gaps = [
      GapRow(cpu: 1, begin: Literal.at(180), end: Literal.at(500), lostEvents: 12),
      GapRow(cpu: 0, begin: Literal.at(600), end: Literal.at(700), lostEvents: nil),
    ]
  }

  /// A number that the ring buffer did not count is not 0.
  @Test func aRowHasTheNumberOfLostRecords() throws {
    #expect(try Report(Literal.context(Self.timeline)).lines("gaps") == ["1 1 @180 @500 12", "2 0 @600 @700 -"])
  }

  @Test func theFilterChoosesByCPUAndTime() throws {
    func ids(_ filter: RowFilter) throws -> [Int] {
      try Report(Literal.context(Self.timeline, filter: filter)).ids("gaps")
    }
    #expect(try ids(RowFilter(cpus: NumberList("0"))) == [2])
    #expect(try ids(RowFilter(from: Literal.at(200), to: Literal.at(300))) == [1])
    #expect(try ids(RowFilter(from: Literal.at(501), to: Literal.at(599))) == [])
    // A gap has no task.
    #expect(try ids(RowFilter(pids: NumberList("60"))) == [1, 2])
  }

  /// Gaps need no event, and a capture without gaps has an empty table.
  @Test func noEventIsNeeded() throws {
    let all = Set(EventRole.allCases)
    #expect(try Report(Literal.context(Self.timeline, missing: all)).ids("gaps") == [1, 2])
    #expect(try Report(Literal.context(Literal.timeline(), missing: all)).lines("gaps") == [])
  }
}
