import ArgumentParser
import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import TraceCore
import TraceReader

struct Stages: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What each stage costs, in nanoseconds an event.",
    discussion: """
      Each stage is run together with those before it, and the difference is printed; medians of several rounds.
      Example: proxytrace-bench stages big.dat
      """)

  @Option(help: "Rounds of which the median is taken.") var rounds = 5
  @Argument(help: "The captures.", completion: .file()) var files: [String]

  func run() throws {
    print("| capture | events | open | read | + model | + report | all | read + count | peak memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    for file in files { try run(file) }
  }

  private func run(_ file: String) throws {
    var samples: [[Double]] = [[], [], [], [], []]
    var count: UInt64 = 0
    for _ in 0..<rounds {
      samples[0].append(try seconds { _ = try CaptureReader(path: file) })
      samples[1].append(try seconds { count = try read(file) })
      samples[2].append(try seconds { _ = try model(file) })
      samples[3].append(try seconds { try report(file) })
      samples[4].append(try seconds { _ = try census(file) })
    }
    let medians = samples.map { $0.sorted()[$0.count / 2] }
    func each(_ seconds: Double) -> String {
      String(format: "%.1f", max(0, seconds) * 1e9 / Double(max(1, count)))
    }
    let name = (file as NSString).lastPathComponent
    print(
      "| \(name) | \(count) | \(String(format: "%.1f ms", medians[0] * 1e3)) | \(each(medians[1] - medians[0])) "
        + "| \(each(medians[2] - medians[1])) | \(each(medians[3] - medians[2])) | \(each(medians[3])) "
        + "| \(each(medians[4] - medians[0])) | \(peakMemory() >> 20) MB |")
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let begin = DispatchTime.now().uptimeNanoseconds
    try body()
    return Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
  }

  private func read(_ file: String) throws -> UInt64 {
    var batches = ReadAhead(try CaptureReader(path: file), onThread: false)
    var count: UInt64 = 0
    while let events = batches.nextBatch() { count += UInt64(events.count) }
    return count
  }

  private func census(_ file: String) throws -> CaptureCensus {
    var batches = ReadAhead(try CaptureReader(path: file), onThread: false)
    var census = CaptureCensus()
    while let events = batches.nextBatch() { for event in events { census.count(event) } }
    return census
  }

  private func model(_ file: String) throws -> (CaptureInfo, Timeline) {
    let reader = try CaptureReader(path: file)
    var options = ProxyMachine.Options()
    options.savedComms = reader.savedComms
    options.cpuCount = reader.info.cpuCount
    var machine = ProxyMachine(options)
    var batches = ReadAhead(reader, onThread: false)
    while let events = batches.nextBatch() { machine.apply(events) }
    return (batches.finish().info, machine.finish())
  }

  private func report(_ file: String) throws {
    let (info, timeline) = try model(file)
    let null = open("/dev/null", O_WRONLY)
    defer { close(null) }
    let sink = ByteSink(descriptor: null, place: "/dev/null")
    try TextReport().write(Report(ReportContext(capture: info, timeline: timeline)), to: sink)
    try sink.flush()
  }

  /// Of this process so far, in bytes.
  private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }
}
