import ArgumentParser
import Robustness
import TraceCore

struct Losses: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes holes in captures, and counts what is claimed to be known and is not.",
    discussion: """
      Seeds go through the kinds of loss one after the other. Status 1 if a claim is wrong though the capture tells of the loss. \
      Example: proxytrace-dev fuzz losses --seeds 26 Fixtures/captures/proxy-*/*.dat
      """)

  @Option(help: "How often each capture gets a loss.") var seeds = 26
  @Option(help: "How many wrong claims to print for each capture.") var show = 5
  @Option(help: "The number of the first seed.") var from: UInt64 = 0
  @Argument(help: "The captures.", completion: .file()) var captures: [String]

  func run() throws {
    var sums: [LossKind: LossScore] = [:]
    var calm = CalmShare()
    for path in captures {
      let capture = try CaptureEvents(path: path)
      let whole = capture.result(capture.events)
      var wrong: [String] = []
      for seed in from..<from + UInt64(seeds) {
        let kind = SeededLoss.kind(seed)
        let damaged = capture.result(SeededLoss.events(capture.events, kind, seed: seed))
        var one =
          kind.changesTimes
          ? LossScore(laws: damaged.timeline) : LossScore(whole: whole.timeline, damaged: damaged.timeline)
        one.wrong += damaged.differences
        calm.add(damaged.calmPeriods)
        if kind.isTold { wrong += one.wrong.map { "\(path), \(kind.rawValue), seed \(seed): \($0)" } }
        sums[kind, default: LossScore()] += one
      }
      for line in wrong.prefix(show) { print(line) }
    }
    print(calm.summary)
    print(
      "| kind | runs | claims | wrong | \(LossScore.Subject.allCases.map(\.rawValue).joined(separator: " | ")) | lost | unknown |"
    )
    print("|---|---|---|---|\(LossScore.Subject.allCases.map { _ in "---|" }.joined())---|---|")
    for kind in LossKind.allCases { print("| \(kind.rawValue) \((sums[kind] ?? LossScore()).row)") }
    let told = LossKind.allCases.filter(\.isTold).compactMap { sums[$0] }.reduce(into: LossScore()) { $0 += $1 }
    print("told: \(told.runs) runs, \(told.claimCount) claims, \(told.wrong.count) wrong")
    if !told.wrong.isEmpty { throw ExitCode(1) }
  }
}

extension LossScore {
  /// A row of a table in Markdown, behind its first cell.
  fileprivate var row: String {
    func share(_ part: Int64, of all: Int64) -> String {
      "\((Double(part) / Double(max(all, 1)) * 10000).rounded() / 100) %"
    }
    let subjects = Subject.allCases.map { "\(wrongClaims[$0, default: 0])" }.joined(separator: " | ")
    return "| \(runs) | \(claimCount) | \(wrong.count) | \(subjects) | \(share(lost, of: cpuTime)) | "
      + "\(share(turnedUnknown, of: waited)) |"
  }
}
