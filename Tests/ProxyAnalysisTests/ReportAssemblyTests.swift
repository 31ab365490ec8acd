import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

/// How a report puts analyses together.
struct ReportAssemblyTests {
  /// An analysis with three findings, two blocks and one table.
  private enum Alarm: Analysis {
    static let name = "alarm"
    static let purpose = "what is wrong"
    static let needs = [EventNeed.event(.contentionBegan)]

    static func tables(_ context: ReportContext) -> [Table] {
      [Table("alarms", rows: [1, 2], columns: [])]
    }

    static func findings(_ context: ReportContext) -> [FindingKey] {
      [
        FindingKey(.inversion, cost: 1_000, time: Literal.at(1), place: 1),
        FindingKey(.inversion, cost: 2_000, time: Literal.at(2), place: 2),
        FindingKey(.broken, cost: 0, time: Literal.at(3), place: 3),
        FindingKey(.inversion, cost: 2_000, time: Literal.at(1), place: 4),
        FindingKey(.slow, cost: 9_000, time: Literal.at(0), place: 5),
      ]
    }

    static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
      Finding(
        key.gravity, kind: "alarm", cost: key.cost, time: key.time, text: [], table: "alarms", row: Int(key.place))
    }

    static func blocks(_ context: ReportContext) -> [SummaryBlock] {
      [SummaryBlock(.top, place: 2, "second", []), SummaryBlock(.cpus, "first", [])]
    }

    static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
      [UnavailableResult("the donor, exactly", needs: [.event(.probedSwitch)])]
    }
  }

  /// Another one, whose findings and blocks come between those of the first.
  private enum Bell: Analysis {
    static let name = "bell"
    static let purpose = "what else is wrong"
    static let needs: [EventNeed] = []

    static func tables(_ context: ReportContext) -> [Table] { [] }
    static func findings(_ context: ReportContext) -> [FindingKey] {
      [FindingKey(.inversion, cost: 2_000, time: Literal.at(1), place: 0)]
    }
    static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
      Finding(key.gravity, kind: "bell", cost: key.cost, time: key.time, text: [], table: "bells", row: 9)
    }
    static func blocks(_ context: ReportContext) -> [SummaryBlock] { [SummaryBlock(.top, place: 1, "between", [])] }
  }

  /// Serious kinds first, then by cost, time, analysis and row.
  @Test func findingsAreSorted() {
    let report = Report(Literal.context(Literal.timeline()), analyses: [Bell.self, Alarm.self])
    #expect(report.findings.map(\.row) == [3, 4, 9, 2, 1, 5])
    #expect(report.findings.count == 6)
  }

  @Test func blocksAreSortedByPartAndPlace() {
    let report = Report(Literal.context(Literal.timeline()), analyses: [Alarm.self, Bell.self])
    #expect(report.blocks.map(\.title) == ["first", "between", "second"])
  }

  @Test func anAnalysisWithoutItsEventsHasATableAndNothingElse() throws {
    let report = Report(Literal.context(Literal.timeline(), missing: [.contentionBegan]), analyses: [Alarm.self])
    #expect(report.table("alarms")?.missing == [.event(.contentionBegan)])
    #expect(report.table("alarms")?.notAvailable == "not available: needs lock:contention_begin")
    #expect(report.findings.isEmpty && report.blocks.isEmpty)
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
    #expect(needs.explanation == "needs sched:sched_switch and lock:contended_release or sched:sched_waking")
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
