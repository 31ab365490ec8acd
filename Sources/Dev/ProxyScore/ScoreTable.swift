public import Foundation
import TraceCore
import TraceTestKit

/// The score of several captures as a Markdown table, a row a capture and one a folder.
public enum ScoreTable {
  /// Captures of a directory that have a truth and a clock that compares with it: `FOLDER/NAME.dat` beside
  /// `FOLDER/NAME.truth.csv`.
  public static func captures(below directory: URL, folders: [String]) throws -> [ScoredCapture] {
    var result: [ScoredCapture] = []
    for folder in folders {
      let inside = directory.appending(path: folder)
      let names = try FileManager.default.contentsOfDirectory(atPath: inside.path).filter { $0.hasSuffix(".dat") }
      for name in names.sorted() {
        let stem = String(name.dropLast(4))
        let truth = try Truth(csv: String(contentsOf: inside.appending(path: "\(stem).truth.csv"), encoding: .utf8))
        result.append(
          try ScoredCapture(name: "\(folder)/\(stem)", path: inside.appending(path: name).path, truth: truth))
      }
    }
    return result
  }

  /// The folders whose captures have truth on the trace's own clock and no lost events.
  public static let folders = [
    "proxy-on-plain", "proxy-on-probed", "proxy-off-plain", "proxy-off-probed", "linux-6.12",
  ]

  /// The folders of a directory that hold captures with truth.
  public static func folders(of directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().filter { folder in
      let names = try? FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)
      return names?.contains { $0.hasSuffix(".truth.csv") } ?? false
    }
  }

  /// A row a capture and one a folder.
  public static func markdown(_ scores: [CaptureScore]) -> String {
    var lines = [
      "| capture | proxies | waits | owners right | unknown | splits P / R, inferred | with probes "
        + "| proxied ms | inverted | laws broken |",
      "|---|---|---|---|---|---|---|---|---|---|",
    ]
    var folder = ""
    var sum = CaptureScore()
    for score in scores {
      if score.folder != folder {
        if !folder.isEmpty { lines.append(row("**\(folder)**", sum)) }
        (folder, sum) = (score.folder, CaptureScore())
      }
      lines.append(row(score.name, score))
      sum += score
    }
    if !folder.isEmpty { lines.append(row("**\(folder)**", sum)) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What each rule decides of all captures together, and how much of it is right.
  public static func rules(_ scores: [CaptureScore]) -> String {
    var sum = CaptureScore()
    for score in scores { sum += score }
    var lines = ["| evidence | decides | right | precision | share of all |", "|---|---|---|---|---|"]
    func add(_ evidence: Evidence, _ what: String, _ said: Double, _ right: Double, of all: Double, _ unit: String) {
      let name = evidence.rule?.rawValue ?? "(\(evidence.name))"
      lines.append(
        String(
          format: "| %@ | %.0f%@ %@ | %.0f%@ | %.4f | %.4f |", name, said, unit, what, right, unit,
          right / max(said, 1),
          right / max(all, 1)))
    }
    for (evidence, count) in sum.owners.byEvidence.sorted(by: { $0.value.known > $1.value.known }) {
      add(evidence, "owners", Double(count.known), Double(count.right), of: Double(sum.owners.waits), "")
    }
    for (evidence, time) in sum.holds.byEvidence.sorted(by: { $0.value.said > $1.value.said }) {
      let all = sum.holds.byEvidence.values.reduce(0) { $0 + $1.said }
      add(
        evidence, "of holds", Double(time.said) / 1e6, Double(time.said - time.wrong) / 1e6, of: Double(all) / 1e6,
        " ms")
    }
    for (evidence, time) in sum.inferredSplits.byEvidence.sorted(by: { $0.value.said > $1.value.said }) {
      add(
        evidence, "of splits", Double(time.said) / 1e6, Double(time.agreed) / 1e6,
        of: Double(sum.inferredSplits.seen) / 1e6, " ms")
    }
    for (evidence, count) in sum.verdicts.sorted(by: { $0.value.known > $1.value.known }) {
      add(evidence, "verdicts", Double(count.known), Double(count.right), of: Double(scores.count), "")
    }
    let stints = sum.inferredSwitchSplits
    lines.append(
      "\nAgainst the switch probe alone, each donor lasting until the next switch: precision "
        + String(format: "%.4f, recall %.4f.", stints.precision, stints.recall))
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(_ name: String, _ score: CaptureScore) -> String {
    let owners = score.owners
    let cells = [
      name, score.verdict, "\(owners.waits)", "\(owners.right) of \(owners.known) (\(percent(owners.precision)))",
      percent(owners.unknown), splits(score.inferredSplits), splits(score.probedSplits),
      String(format: "%.1f", Double(score.claimed) / 1e6),
      percent(score.waited == 0 ? 0 : Double(score.inverted) / Double(score.waited)), "\(score.brokenLaws)",
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private static func splits(_ score: SplitScore) -> String {
    score.seen == 0 && score.said == 0 ? "" : String(format: "%.4f / %.4f", score.precision, score.recall)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }
}
