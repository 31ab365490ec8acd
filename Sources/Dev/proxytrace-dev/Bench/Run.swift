import ArgumentParser
import Foundation
import TraceTestKit

/// Whole processes against each other, in turn, in one run.
struct BenchRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "proxytrace against trace-cmd report, wc and cat: whole processes in turn, medians and ratios.",
    discussion: """
      Makes its inputs first, and keeps them in --folder for the next time. Example: \
      proxytrace-dev bench run --millions 1,3,10 --folder /tmp/bench
      """)

  @Option(help: "Where captures are kept.") var folder = NSTemporaryDirectory() + "proxytrace-bench"
  @Option(help: "Captures of one machine, for the real mix; crowd.dat among them for the contended one.") var captures =
    "Fixtures/captures/proxy-on-plain"
  @Option(help: "Another capture in which somebody always waits.") var melee =
    "Fixtures/donors/other-workloads/on-probed-melee.dat"
  @Option(help: "Millions of events of the real mix.") var millions = "1,3,10"
  @Option(help: "CPUs of made captures.") var cpus = "2,8,64,256"
  @Option(help: "Millions of events of those in which few tasks take locks.") var sparse = 1
  @Option(help: "Rounds of which the median is taken.") var rounds = 5
  @Option(help: "The program.") var program = ".build/release/proxytrace"
  @Flag(help: "Only the real and the contended mix.") var real = false
  @Flag(help: ArgumentHelp("Make the inputs and stop.", visibility: .hidden)) var makeOnly = false

  func run() throws {
    let place = URL(filePath: folder)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    if makeOnly {
      for workload in workloads { _ = try workload.make(in: place, from: URL(filePath: captures)) }
      return
    }
    // In a process of their own: what a child's peak is counts its parent's too, and captures are made in memory.
    _ = try ChildRun(CommandLine.arguments + ["--make-only"])
    print(Self.head)
    for workload in workloads { try measure(workload, in: place) }
  }

  private var workloads: [Workload] {
    let sizes = millions.split(separator: ",").compactMap { Int($0) }
    var all = sizes.map { Workload(contention: .real, events: $0 * 1_000_000) }
    all += sizes.map { Workload(contention: .contended, events: $0 * 1_000_000) }
    all.append(
      Workload(contention: .contended, events: (sizes.max() ?? 1) * 1_000_000, capture: URL(filePath: melee)))
    let compressed = sizes.filter { $0 <= 10 }.max() ?? 1
    all.append(Workload(contention: .real, events: compressed * 1_000_000, version: 7, compression: .zstd))
    if real { return all }
    for count in cpus.split(separator: ",").compactMap({ Int($0) }) {
      all.append(Workload(contention: .sparse, events: sparse * 1_000_000, cpus: count))
      if count > 2 { all.append(Workload(contention: .beside, events: sparse * 1_000_000, cpus: count)) }
    }
    all.append(Workload(contention: .dense, events: 1_000_000, cpus: 4))
    return all
  }

  private static let head = """
    | capture | size | trace-cmd report | --jobs 1 | ratio | --jobs 2 | ratio | --csv | ratio | --json | ratio | text | ratio | wc -l | cat | peak memory |
    |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
    """

  private func measure(_ workload: Workload, in place: URL) throws {
    let file = try workload.make(in: place, from: URL(filePath: captures)).path
    let tables = place.appending(path: "tables").path
    let text = try Self.text(of: file, in: place)
    let commands: [[String]] = [
      ["trace-cmd", "report", "-t", file], [program, "report", "--jobs", "1", file],
      [program, "report", "--jobs", "2", file], [program, "report", "--jobs", "2", "--csv", tables, file],
      [program, "report", "--jobs", "2", "--json", file], [program, "report", text], ["wc", "-l", file], ["cat", file],
    ]
    var samples: [[ChildRun]] = Array(repeating: [], count: commands.count)
    for _ in 0..<rounds {
      for (index, command) in commands.enumerated() { samples[index].append(try ChildRun(command)) }
    }
    let times = samples.map { runs in runs.map(\.seconds).sorted()[runs.count / 2] }
    let memory = samples[1...2].joined().map(\.peakMemory).max() ?? 0
    let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
    func ratio(_ index: Int) -> String { String(format: "%.1f", times[0] / times[index]) }
    print(
      "| \(workload.name) | \(size >> 20) MB | \(seconds(times[0])) | \(seconds(times[1])) | \(ratio(1)) "
        + "| \(seconds(times[2])) | \(ratio(2)) | \(seconds(times[3])) | \(ratio(3)) | \(seconds(times[4])) | \(ratio(4)) "
        + "| \(seconds(times[5])) | \(ratio(5)) | \(seconds(times[6])) | \(seconds(times[7])) | \(memory >> 20) MB |")
  }

  /// What trace-cmd prints of a capture, kept beside it.
  private static func text(of file: String, in place: URL) throws -> String {
    let text = file + ".txt"
    if FileManager.default.fileExists(atPath: text) { return text }
    _ = try ChildRun(["trace-cmd", "report", "-t", file], output: text)
    return text
  }
}

/// One process, from its start to its end.
struct ChildRun {
  var seconds: Double
  /// Peak resident memory in bytes.
  var peakMemory: Int

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// - Parameter output: The file that its output goes to.
  init(_ command: [String], output: String = "/dev/null") throws {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let begin = DispatchTime.now().uptimeNanoseconds
    var child = pid_t()
    guard posix_spawnp(&child, command[0], &actions, nil, &arguments, environ) == 0 else {
      throw Failure(description: "\(command[0]) cannot be run")
    }
    var (status, usage) = (Int32(0), rusage())
    guard wait4(child, &status, 0, &usage) == child, status == 0 else {
      throw Failure(description: "\(command.joined(separator: " ")) ended with \(status)")
    }
    seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
    peakMemory = usage.ru_maxrss << 10
  }
}
