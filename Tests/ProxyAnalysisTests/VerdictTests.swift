import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct VerdictTests {
  private static func report(_ verdict: ProxyVerdict) -> Report {
    Report(Literal.context(Literal.timeline { $0.verdict = verdict }))
  }

  private static let decides =
    "to decide: probes, or the kernel's command line and configuration in the capture (proxytrace record)"

  @Test func theBlockHasAnswerReasonsAndRule() {
    func lines(_ answer: ProxyVerdict.Answer, _ reasons: [VerdictReason], _ evidence: Evidence) -> [String]? {
      Self.report(ProxyVerdict(answer: answer, reasons: reasons, evidence: evidence)).block("Proxy execution")
    }
    #expect(
      lines(.on, [.statedByUser, .namedDonors(1)], .probe) == ["on: said by the user; 1 time an event named a donor"])
    #expect(lines(.off, [.statedByUser], .inferred(.stayedHome)) == ["off: said by the user (inferred: stayedHome)"])
    #expect(
      lines(.undecided, [.builtIn], .unknown) == [
        "undecided: the kernel's symbols show that it is built in",
        "time on donors' accounts is counted as run on its own account", Self.decides,
      ])
    let bracket = ProxyVerdict(answer: .undecided, reasons: [], evidence: .unknown, ifProxied: 7_000)
    #expect(
      Self.report(bracket).block("Proxy execution") == [
        "undecided", "proxied: 0 to 7000ns, counted as run on its own account", Self.decides,
      ])
  }

  /// Only the probe states the donor; without it the report says what would.
  @Test func theProbeIsNamedWhereThereIsNone() {
    let missing = "who donates, exactly instead of inferred: needs proxytrace:switch"
    #expect(!Self.report(ProxyVerdict(answer: .on, reasons: [], evidence: .probe)).unavailable.contains(missing))
    for evidence in [Evidence.event, .inferred(.movedSilently), .unknown] {
      #expect(Self.report(ProxyVerdict(answer: .on, reasons: [], evidence: evidence)).unavailable.contains(missing))
    }
  }

  /// Without switches nothing is said of it but what it needs. It has no table.
  @Test func itNeedsSwitches() {
    let report = Report(Literal.context(Literal.timeline { $0.seen = [] }, missing: Set(EventRole.allCases)))
    #expect(report.block("Proxy execution") == nil)
    #expect(report.unavailable.contains("whether the kernel proxies: needs sched:sched_switch"))
    #expect(!Report.tableNames.contains("verdict"))
  }
}
