import ProxyCompare
import TraceCore

/// The result of a rule in words. Nothing is escaped.
enum RuleText {
  static func word(_ outcome: RuleResult.Outcome) -> String {
    switch outcome {
    case .kept: "ok"
    case .broken: "BROKEN"
    case .undecidable: "NOT DECIDABLE"
    }
  }

  /// What was found: `: 12.345 ms`, `: 12.345 ms, against 5.000 ms`, or why nothing was.
  static func finding(_ result: RuleResult) -> String {
    if result.outcome == .undecidable { return ": \(result.reason)" }
    guard let value = result.value else { return "" }
    let found = ": \(number(value, result))" + (result.reason.isEmpty ? "" : " (\(result.reason))")
    guard result.rule.comparesWithBase, let bound = result.bound else { return found }
    return found + ", against \(number(bound, result))"
  }

  private static func number(_ value: Double, _ result: RuleResult) -> String {
    if result.isTime { return NumberText.fixed(value / 1e6, 3) + " ms" }
    if result.isShare { return NumberText.fixed(value * 100, 2) + " %" }
    return NumberText.exact(value)
  }

  /// The unit of a rule's figures in data.
  static func unitName(_ result: RuleResult) -> String { result.isTime ? "ns" : result.isShare ? "share" : "count" }

  /// A row that broke a rule, in pieces: `inversions 3`, `donor:61`, `12.345 ms`, `lock big_mutex`, `event`.
  static func row(_ row: Sample, _ result: RuleResult) -> [String] {
    let lock = row.address.rawValue == 0 ? [] : ["lock \(row.lock ?? row.address.description)"]
    let value = result.table == "pairing" ? row.kind : NumberText.fixed(Double(row.value) / 1e6, 3) + " ms"
    return ["\(result.table) \(row.id)", "\(row.comm):\(row.pid)", value] + lock + [row.evidence.name]
  }
}
