import ArgumentParser
import Robustness
import TraceCore

struct Losses: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes holes in captures, and counts what is claimed to be known and is not.",
    discussion:
      "Status 1 if there is any. Example: proxytrace-dev fuzz losses --seeds 100 Fixtures/captures/proxy-*/*.dat")

  @Option(help: "How often each capture gets holes.") var seeds = 20
  @Option(help: "How many wrong claims to print for each capture.") var show = 5
  @Argument(help: "The captures.", completion: .file()) var captures: [String]

  func run() throws {
    var sum = LossScore()
    var calm = CalmShare()
    for path in captures {
      let capture = try CaptureEvents(path: path)
      let whole = capture.result(capture.events)
      var score = LossScore()
      for seed in 1...UInt64(seeds) {
        let damaged = capture.result(SeededLoss.events(capture.events, seed: seed))
        var one = LossScore(whole: whole.timeline, damaged: damaged.timeline)
        one.wrong += damaged.differences
        calm.add(damaged.calmPeriods)
        one.wrong = one.wrong.map { "seed \(seed): \($0)" }
        score += one
      }
      print("\(path): \(score.summary)")
      for wrong in score.wrong.prefix(show) { print("  \(wrong)") }
      sum += score
    }
    print(calm.summary)
    print("all: \(sum.summary)")
    if !sum.wrong.isEmpty { throw ExitCode(1) }
  }
}

extension LossScore {
  private var subjects: String {
    Subject.allCases.map { "\($0.rawValue) \(claims[$0, default: 0])" }.joined(separator: ", ")
  }

  fileprivate var summary: String {
    func share(_ part: Int64, of all: Int64) -> String {
      "\((Double(part) / Double(max(all, 1)) * 10000).rounded() / 100) %"
    }
    return "\(claimCount) claims (\(subjects)), \(wrong.count) wrong; "
      + "lost \(share(lost, of: cpuTime)) of the CPUs' time, \(share(turnedUnknown, of: waited)) of the waits turned unknown"
  }
}
