import ProxyModel
import TraceCore

/// Whether the traced kernel proxies, and how that is known. Everything else rests on it.
enum VerdictAnalysis: Analysis {
  static let name = "verdict"
  static let purpose = "whether the kernel proxies"
  static let needs: [EventNeed] = []

  static func tables(_ context: ReportContext) -> [Table] { [] }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let verdict = context.timeline.verdict
    let answer =
      switch verdict.answer {
      case .on: "on"
      case .off: "off"
      case .notShown: "not shown by this capture; reported as off"
      }
    let text = verdict.reasons.isEmpty ? answer : "\(answer): \(verdict.reasonText)\(verdict.evidence.note)"
    return [SummaryBlock(.proxyExecution, "Proxy execution", [.line([.plain(text)])])]
  }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    guard context.timeline.verdict.evidence != .probe else { return [] }
    return [UnavailableResult("who donates, exactly instead of inferred", needs: [.event(.probedSwitch)])]
  }
}
