import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct VerdictTests {
  private static func report(_ verdict: ProxyVerdict) -> Report {
    Report(Literal.context(Literal.timeline { $0.verdict = verdict }))
  }

  @Test func theBlockHasAnswerReasonsAndRule() {
    func lines(_ answer: ProxyVerdict.Answer, _ reasons: [String], _ evidence: Evidence) -> [String]? {
      Self.report(ProxyVerdict(answer: answer, reasons: reasons, evidence: evidence)).block("Proxy execution")
    }
    #expect(lines(.on, ["one", "two"], .probe) == ["on: one; two"])
    #expect(lines(.off, ["one"], .inferred(.stayedHome)) == ["off: one (inferred: stayedHome)"])
    #expect(lines(.notShown, ["one"], .unknown) == ["not shown by this capture; reported as off: one"])
    #expect(lines(.notShown, [], .unknown) == ["not shown by this capture; reported as off"])
  }

  /// Only the probe states the donor; without it the report says what would.
  @Test func theProbeIsNamedWhereThereIsNone() {
    let missing = "who donates, exactly instead of inferred: needs proxytrace:switch"
    #expect(!Self.report(ProxyVerdict(answer: .on, reasons: [], evidence: .probe)).unavailable.contains(missing))
    for evidence in [Evidence.event, .inferred(.movedSilently), .unknown] {
      #expect(Self.report(ProxyVerdict(answer: .on, reasons: [], evidence: evidence)).unavailable.contains(missing))
    }
  }

  /// The verdict needs no event and has no table.
  @Test func itIsAlwaysThere() {
    let context = Literal.context(Literal.timeline { $0.seen = [] }, missing: Set(EventRole.allCases))
    #expect(Report(context).block("Proxy execution")?.count == 1)
    #expect(!Report.tableNames.contains("verdict"))
  }
}
