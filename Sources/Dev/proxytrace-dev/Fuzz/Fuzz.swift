public import ArgumentParser
import Foundation
public import Robustness
import TraceTestKit

extension FuzzTarget: ExpressibleByArgument {}

/// Makes the inputs to begin with.
struct Seeds: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a target's first inputs to a directory.",
    discussion: "Example: proxytrace-dev fuzz seeds pages corpus Fixtures/captures/formats/v7-none.dat")

  @Argument(help: "The target.") var target: FuzzTarget
  @Argument(help: "The directory, which is made.", completion: .directory) var directory: String
  @Argument(help: "Whole captures.", completion: .file()) var captures: [String] = []

  func run() throws {
    let wholes = try captures.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for (index, seed) in try target.seeds(from: wholes).enumerated() {
      try Data(seed).write(to: URL(fileURLWithPath: "\(directory)/seed-\(index)"))
    }
  }
}

/// Runs inputs once each.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a target on files.", discussion: "Status 1 if a rule is broken that holds for every input.")

  @Argument(help: "The target.") var target: FuzzTarget
  @Argument(help: "The inputs.", completion: .file()) var inputs: [String]

  func run() throws {
    Watchdog.install(seconds: 60)
    var isBroken = false
    var calm = CalmShare()
    for input in inputs {
      Watchdog.note(input)
      let start = ContinuousClock.now
      let result = target.run([UInt8](try Data(contentsOf: URL(fileURLWithPath: input))))
      let violations = result.violations
      calm.add(result.calmPeriods)
      let time = String(format: "%.1f ms", (ContinuousClock.now - start) / .milliseconds(1))
      print("\(input): \(time): \(violations.isEmpty ? "well" : violations.prefix(3).joined(separator: "; "))")
      isBroken = isBroken || !violations.isEmpty
    }
    if target.reachesModel { print(calm.summary) }
    if isBroken { throw ExitCode(1) }
  }
}

/// In how many runs the model entered its fast path: attacks that never do say nothing about it.
struct CalmShare {
  private(set) var runs = 0
  private(set) var calmRuns = 0

  /// Counts a run by how often it entered.
  mutating func add(_ calmPeriods: Int) {
    runs += 1
    if calmPeriods > 0 { calmRuns += 1 }
  }

  var summary: String { "fast path entered in \(calmRuns) of \(runs) runs" }
}

#if LIBFUZZER
  /// libFuzzer, called instead of being the program, so that one program has all targets (compiler-rt's FuzzerInterface.h).
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  /// The callback of C can hold nothing.
  nonisolated(unsafe) private var chosenTarget = FuzzTarget.container
  nonisolated(unsafe) private var fuzzedShare = CalmShare()

  struct FuzzRun: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Runs libFuzzer on a target.",
      discussion: "Example: proxytrace-dev fuzz run model -max_total_time=30 corpus", aliases: ["fuzz"])

    @Argument(help: "The target.") var target: FuzzTarget
    @Argument(parsing: .captureForPassthrough, help: "libFuzzer's own arguments.") var arguments: [String] = []

    func run() throws {
      chosenTarget = target
      var count = Int32(arguments.count + 1)
      // libFuzzer keeps them; they are never freed.
      let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 2)
      for (index, argument) in (["proxytrace-dev"] + arguments).enumerated() { list[index] = strdup(argument) }
      list[arguments.count + 1] = nil
      var pointer = list
      // libFuzzer ends the process itself.
      if target.reachesModel { atexit { print(fuzzedShare.summary) } }
      let status = runDriver(&count, &pointer) { data, size in
        let result = chosenTarget.run(UnsafeRawBufferPointer(start: data, count: size))
        fuzzedShare.add(result.calmPeriods)
        if let first = result.violations.first { fatalError(first) }
        return 0
      }
      throw ExitCode(status)
    }
  }
#endif
