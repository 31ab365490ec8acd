import Foundation
import TraceCore

/// What the inference of donors is worth: of captures with probes, the splits that are inferred without them against those that
/// the probes tell, by rule, weighted by time.
///
/// Two questions are kept apart: whether curr runs on another's account at all, and on whose.
public struct SplitCalibration {
  /// A folder's captures, or one's.
  struct Part {
    var name: String
    var splits: SplitScore
  }

  private(set) var parts: [Part] = []

  public init() {}

  /// Takes the captures of a folder in that have probes, and no marks of a sched_ext scheduler: with those nothing is inferred from
  /// priorities.
  public mutating func add(_ scores: [CaptureScore]) {
    for score in scores where !score.hasMarks && (score.inferredSplits.seen > 0 || score.inferredSplits.said > 0) {
      parts.append(Part(name: score.name, splits: score.inferredSplits))
    }
  }

  /// A row a capture, one for all but each folder, and one for all.
  public func captures() -> String {
    var lines = [
      "| capture | proxied, by probes | inferred | proxied at all P / R | whose account P / R |",
      "|---|---|---|---|---|",
    ]
    for part in parts { lines.append(Self.row(part.name, part.splits)) }
    for folder in folders {
      lines.append(Self.row("**\(folder)**", sum { $0 == folder }))
    }
    lines.append(Self.row("**all**", sum { _ in true }))
    return lines.joined(separator: "\n") + "\n"
  }

  /// A row a rule: what it claims of all captures, how much of that is right, and the last by folder, so that no folder
  /// alone makes it look good.
  public func rules() -> String {
    var lines = [
      "| rule | claims | proxied at all | whose account | or one of those listed | whose account, by folder |",
      "|---|---|---|---|---|---|",
    ]
    let all = sum { _ in true }
    let byTime = all.byEvidence.sorted { ($1.value.said, $0.key.word) < ($0.value.said, $1.key.word) }
    for (evidence, claims) in byTime {
      let byFolder = folders.compactMap { folder -> String? in
        guard let part = sum({ $0 == folder }).byEvidence[evidence], part.said > 0 else { return nil }
        return "\(folder) " + Self.share(part.agreed, part.said)
      }
      let cells = [
        evidence.word, Self.milliseconds(claims.said), Self.share(claims.proxied, claims.said),
        Self.share(claims.agreed, claims.said), Self.share(claims.listed, claims.said),
        byFolder.joined(separator: ", "),
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var folders: [String] {
    var seen: [String] = []
    for part in parts where seen.last != Self.folder(part) { seen.append(Self.folder(part)) }
    return seen
  }

  private static func folder(_ part: Part) -> String { String(part.name.prefix { $0 != "/" }) }

  private func sum(_ takes: (String) -> Bool) -> SplitScore {
    parts.reduce(into: SplitScore()) { if takes(Self.folder($1)) { $0 += $1.splits } }
  }

  private static func row(_ name: String, _ score: SplitScore) -> String {
    let cells = [
      name, milliseconds(score.seen), milliseconds(score.said),
      share(score.proxied, score.said) + " / " + share(score.proxied, score.seen),
      share(score.agreed, score.said) + " / " + share(score.agreed, score.seen),
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private static func milliseconds(_ time: Int64) -> String { String(format: "%.1f ms", Double(time) / 1e6) }
  private static func share(_ part: Int64, _ whole: Int64) -> String {
    whole == 0 ? "-" : String(format: "%.4f", Double(part) / Double(whole))
  }
}

extension Evidence {
  fileprivate var word: String { rule?.rawValue ?? name }
}
