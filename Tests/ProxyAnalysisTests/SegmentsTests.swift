import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// Tables that are made of rows which somebody must ask for: segments and runs.
struct SegmentsTests {
  private static let timeline = Literal.timeline {
    $0.waits = [Literal.wait(from: 10, for: 90, times: [.running: 50, .own: 40])]
    $0.segments = [
      SegmentRow(
        wait: 0, begin: Literal.at(10), end: Literal.at(60), kind: .running, cpu: 1, owner: Literal.owner,
        curr: Literal.owner, donor: Literal.other, evidence: .inferred(.oneOfSeveral)),
      SegmentRow(
        wait: 0, begin: Literal.at(60), end: Literal.at(100), kind: .own, cpu: 0, owner: nil, curr: Literal.waiter,
        donor: nil, evidence: .event),
    ]
    $0.runs = [
      RunRow(
        cpu: 1, begin: Literal.at(10), end: Literal.at(60), task: Literal.owner, donor: Literal.other,
        evidence: .inferred(.oneOfSeveral)),
      RunRow(cpu: 0, begin: Literal.at(60), end: Literal.at(100), task: Literal.waiter, donor: nil, evidence: .event),
      RunRow(
        cpu: 0, begin: Literal.at(100), end: Literal.at(101), task: Literal.middle, donor: nil, evidence: .unknown),
    ]
  }

  @Test func aSegmentHasClassPlaceAndTasks() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("segments") == [
        "1 1 @10 10000ns @60 running 1 60 owner 139 60 owner 139 63 other 49 inferred oneOfSeveral",
        "2 1 @60 60000ns @100 self 0 - - - 61 waiter 100 - - - event",
      ])
  }

  @Test func aRunHasTaskAndAccount() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("runs") == [
        "1 1 @10 10000ns @60 60 owner 139 63 other 49 inferred oneOfSeveral",
        "2 0 @60 60000ns @100 61 waiter 100 - - - event",
        "3 0 @100 100000ns @101 62 middle 120 - - - unknown",
      ])
  }

  /// A segment is of the CPU on which its wait is decided, and of the waiter as well as of the tasks that it names.
  @Test(arguments: [
    (RowFilter(cpus: NumberList("0")), [2], [2, 3]), (RowFilter(pids: NumberList("61")), [1, 2], [2]),
    (RowFilter(pids: NumberList("63")), [1], [1]), (RowFilter(from: Literal.at(70)), [2], [2, 3]),
  ])
  func theFilterTakesCPUTimeAndTasks(_ filter: RowFilter, _ segments: [Int], _ runs: [Int]) throws {
    let report = Report(Literal.context(Self.timeline, filter: filter))
    #expect(try report.ids("segments") == segments)
    #expect(try report.ids("runs") == runs)
  }

  /// Without them the report has no such table, rather than one without rows.
  @Test func rowsThatWereNotAskedForMakeNoTable() {
    var timeline = Self.timeline
    timeline.made = [.segments]
    let report = Report(Literal.context(timeline))
    #expect(report.table("segments") != nil)
    #expect(report.table("runs") == nil)
    #expect(report.table("waits") != nil)
  }

  @Test func aTableSaysWhichRowsItNeeds() {
    #expect(AnalysisRegistry.rows(for: "segments") == .segments)
    #expect(AnalysisRegistry.rows(for: "runs") == .runs)
    #expect(AnalysisRegistry.rows(for: "delays") == .delays)
    #expect(AnalysisRegistry.rows(for: "waits") == [])
    #expect(AnalysisRegistry.rows() == .all)
  }
}
