import ArgumentParser
import Foundation
import Robustness
import TraceCore
import TraceTestKit

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does every kind of damage to captures in every way, and prints what became of them.",
    discussion: """
      Status 1 if a result is silent or broken. A crash or a hang names the damage; --only repeats it.

      Examples:
        proxytrace-dev fuzz sweep Fixtures/captures/*/crowd.dat
        proxytrace-dev fuzz sweep --class 'zeroed page' --only 7 --keep bad.dat capture.dat
      """)

  @Option(name: .customLong("class"), help: "Only this kind of damage.") var className: String?
  @Option(help: "Only this way of doing it.") var only: Int?
  @Option(help: "Write the damaged capture to a file.") var keep: String?
  @Option(help: "Every n-th way only.") var stride = 1
  @Option(help: "How many of a kind to name for each capture.") var show = 5
  @Flag(help: "Name every damage that nothing betrays.") var unnoticed = false
  @Argument(help: "The captures.", completion: .file()) var captures: [String]

  func run() throws {
    Watchdog.install(seconds: 20)
    var sums: [String: Tally] = [:]
    let classes = DamageClass.all.filter { className == nil || $0.name == className }
    for path in captures {
      let map = try CaptureMap([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
      let examiner = Examiner()
      let whole = examiner.examine(map.bytes)
      guard whole.violations.isEmpty, whole.status == 0 else {
        throw ValidationError("\(path) itself: status \(whole.status), \(whole.violations)")
      }
      for kind in classes {
        try sweep(kind, map, path, examiner, whole, &sums[kind.name, default: Tally()])
      }
    }
    print(Tally.header)
    for kind in classes { print(sums[kind.name, default: Tally()].row(kind.name)) }
    if sums.values.contains(where: \.hasDefects) { throw ExitCode(1) }
  }

  private func sweep(
    _ kind: DamageClass, _ map: CaptureMap, _ path: String, _ examiner: Examiner, _ whole: Examination,
    _ tally: inout Tally
  ) throws {
    let ways = kind.count(map)
    var shown = 0
    for index in Swift.stride(from: only ?? 0, to: only.map { min($0 + 1, ways) } ?? ways, by: stride) {
      guard let damage = kind.damage(map, index) else { continue }
      if let keep { try Data(damage.bytes).write(to: URL(fileURLWithPath: keep)) }
      Watchdog.note("\(path): --class '\(kind.name)' --only \(index): \(damage.what)")
      let start = ContinuousClock.now
      let judgement = Judgement(damage, examiner.examine(damage.bytes), whole: whole)
      tally.add(judgement.outcome, ContinuousClock.now - start, judgement.examination.calmPeriods)
      let isDefect = judgement.outcome == .silent || judgement.outcome == .broken
      if isDefect || unnoticed && judgement.outcome == .unnoticeable || only != nil {
        shown += 1
        guard shown <= show else { continue }
        let reasons = judgement.reasons.prefix(3).joined(separator: "; ")
        print("\(judgement.outcome): \(path): \(kind.name) \(index): \(damage.what): \(reasons)")
      }
      if only != nil {
        for entry in judgement.examination.diagnostics.all { print("  ", entry) }
        print("  ", judgement.examination.error.map { "\($0)" } ?? "status \(judgement.examination.status)")
      }
    }
  }
}

/// What became of one kind of damage.
private struct Tally {
  private var counts: [Outcome: Int] = [:]
  private var slowest = Duration.zero
  private var time = Duration.zero
  private var calm = CalmShare()

  mutating func add(_ outcome: Outcome, _ duration: Duration, _ calmPeriods: Int) {
    calm.add(calmPeriods)
    counts[outcome, default: 0] += 1
    slowest = max(slowest, duration)
    time += duration
  }

  var hasDefects: Bool { counts[.silent, default: 0] + counts[.broken, default: 0] > 0 }

  static let header =
    "| damage | tried | " + Outcome.allCases.map(\.rawValue).joined(separator: " | ")
    + " | fast path | slowest, ms | s |"

  func row(_ name: String) -> String {
    let cells = Outcome.allCases.map { String(counts[$0, default: 0]) }
    let slow = String(format: "%.1f", slowest / .milliseconds(1))
    let sum = String(format: "%.1f", time / .seconds(1))
    return "| \(name) | \(counts.values.reduce(0, +)) | " + cells.joined(separator: " | ")
      + " | \(calm.calmRuns) | \(slow) | \(sum) |"
  }
}
