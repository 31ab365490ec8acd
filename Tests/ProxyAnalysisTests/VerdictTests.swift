import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct VerdictTests {
  private static func report(_ verdict: ProxyVerdict) -> Report {
    Report(Literal.context(Literal.timeline { $0.verdict = verdict }))
  }

  @Test func theBlockHasAnswerReasonsAndRule() {
    func lines(_ answer: ProxyVerdict.Answer, _ reasons: [VerdictReason], _ evidence: Evidence) -> [String]? {
      Self.report(ProxyVerdict(answer: answer, reasons: reasons, evidence: evidence)).block("Proxy execution")
    }
    #expect(
      lines(.on, [.statedByUser, .namedDonors(1)], .probe) == ["on: said by the user; 1 time an event named a donor"])
    #expect(lines(.off, [.statedByUser], .inferred(.stayedHome)) == ["off: said by the user (inferred: stayedHome)"])
    #expect(
      lines(.notShown, [.statedByUser], .unknown) == ["not shown by this capture; reported as off: said by the user"])
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
