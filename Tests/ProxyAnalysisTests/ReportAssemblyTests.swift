import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

/// How a report puts analyses together.
struct ReportAssemblyTests {
  /// An analysis with two blocks and one table.
  private enum Alarm: Analysis {
    static let name = "alarm"
    static let purpose = "what is wrong"
    static let needs = [EventNeed.event(.contentionBegan)]

    static func tables(_ context: ReportContext) -> [Table] {
      [Table("alarms", rows: [1, 2], columns: [])]
    }

    static func blocks(_ context: ReportContext) -> [SummaryBlock] {
      [SummaryBlock(.top, place: 2, "second", []), SummaryBlock(.proxyExecution, "first", [])]
    }

    static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
      [UnavailableResult("the donor, exactly", needs: [.event(.probedSwitch)])]
    }
  }

  /// Another one, whose block comes between those of the first.
  private enum Bell: Analysis {
    static let name = "bell"
    static let purpose = "what else is wrong"
    static let needs: [EventNeed] = []

    static func tables(_ context: ReportContext) -> [Table] { [] }
    static func blocks(_ context: ReportContext) -> [SummaryBlock] { [SummaryBlock(.top, place: 1, "between", [])] }
  }

  @Test func blocksAreSortedByPartAndPlace() {
    let report = Report(Literal.context(Literal.timeline()), analyses: [Alarm.self, Bell.self])
    #expect(report.blocks.map(\.title) == ["first", "between", "second"])
  }

  @Test func anAnalysisWithoutItsEventsHasATableAndNothingElse() throws {
    let report = Report(Literal.context(Literal.timeline(), missing: [.contentionBegan]), analyses: [Alarm.self])
    #expect(report.table("alarms")?.missing == [.event(.contentionBegan)])
    #expect(report.table("alarms")?.notAvailable == "not available: needs lock:contention_begin")
    #expect(report.blocks.isEmpty)
    #expect(report.unavailable == ["what is wrong: needs lock:contention_begin"])
    let availability = try #require(report.availability.first)
    #expect(availability.name == "alarm" && availability.purpose == "what is wrong")
    #expect(availability.missing == [.event(.contentionBegan)])
  }

  @Test func anAvailableAnalysisSaysWhatItLacks() {
    let report = Report(Literal.context(Literal.timeline()), analyses: [Alarm.self])
    #expect(report.table("alarms")?.notAvailable == nil)
    #expect(report.availability.first?.missing == [])
    #expect(report.unavailable == ["the donor, exactly: needs proxytrace:switch"])
  }

  /// Analyses on several threads give the report of one thread.
  @Test(arguments: [2, 3, 100]) func threadsChangeNothing(_ jobs: Int) throws {
    let timeline = Literal.timeline {
      $0.cpus = [CPURow(cpu: 0)]
      $0.waits = [Literal.wait(from: 10, for: 20, owner: Literal.owner, times: [.running: 20], depth: 1)]
      $0.gaps = [GapRow(cpu: 0, begin: Literal.at(1), end: Literal.at(2), lostEvents: nil)]
    }
    let (one, several) = (Report(Literal.context(timeline)), Report(Literal.context(timeline), jobs: jobs))
    #expect(one.blocks == several.blocks && one.unavailableResults == several.unavailableResults)
    #expect(one.findingLines == several.findingLines)
    for name in Report.tableNames { #expect(try one.lines(name) == several.lines(name)) }
  }

  /// Recorded events that did not happen are an answer: an empty table, not a missing one.
  @Test func emptyTablesAreAvailable() throws {
    let report = Report(Literal.context(Literal.timeline { $0.seen = [.switched, .running, .stopping] }))
    // A capture always has itself, and here its tasks.
    for name in Report.tableNames where !["tasks", "capture"].contains(name) { #expect(try report.lines(name) == []) }
    #expect(report.table("no such table") == nil)
  }

  @Test func alternativesAreNamed() {
    let needs = [EventNeed.event(.switched), .anyOf(.contendedRelease, .waking)]
    #expect(needs.explanation == "needs sched:sched_switch and (lock:contended_release or sched:sched_waking)")
    #expect(needs[1].isMet(by: [.waking]))
    #expect(!needs[1].isMet(by: [.switched]))
  }

  @Test func everyRoleHasTheEventThatTheReaderKnows() {
    for role in EventRole.allCases {
      let name = role.eventName.split(separator: ":").map(String.init)
      #expect(EventRole.standard(system: name[0], name: name[1]) == role)
    }
  }
}
