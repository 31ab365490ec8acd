import ProxyModel
import TraceCore

/// Whether the traced kernel proxies, and how that is known. Everything else rests on it.
enum VerdictAnalysis: Analysis {
  static let name = "verdict"
  static let purpose = "whether the kernel proxies"
  static let needs = [EventNeed.event(.switched)]
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] { [] }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let verdict = context.timeline.verdict
    let answer =
      switch verdict.answer {
      case .on: "on"
      case .off: "off"
      case .undecided: "undecided"
      }
    let text = verdict.reasons.isEmpty ? answer : "\(answer): \(verdict.reasonText)\(verdict.evidence.note)"
    return [SummaryBlock(.proxyExecution, "Proxy execution", [.line([.plain(text)])] + bracket(verdict))]
  }

  /// What hangs on an undecided verdict, and what would decide it.
  private static func bracket(_ verdict: ProxyVerdict) -> [SummaryBlock.Content] {
    guard verdict.answer == .undecided else { return [] }
    let time: [TextFragment] =
      verdict.ifProxied.map { ["proxied: 0 to ", .duration($0), ", counted as run on its own account"] }
      ?? ["time on donors' accounts is counted as run on its own account"]
    return [
      .line(time),
      .line(["to decide: probes, or the kernel's command line and configuration in the capture (proxytrace record)"]),
    ]
  }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    guard context.timeline.verdict.evidence != .probe else { return [] }
    return [UnavailableResult("who donates, exactly instead of inferred", needs: [.event(.probedSwitch)])]
  }
}
