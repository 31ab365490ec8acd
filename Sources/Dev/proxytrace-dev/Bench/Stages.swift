import ArgumentParser
import Foundation
import ProxyAnalysis
import ProxyReport
import ProxyTraceKit
import TraceReader

struct Stages: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What each stage costs, in nanoseconds an event.",
    discussion: """
      Each stage is run together with those before it, and the difference is printed; medians of several rounds. Decoding is
      reading one CPU after the other; merging is what it costs more to read them in order. Tables are written alone.
      Example: proxytrace-dev bench stages big.dat
      """)

  @Option(help: "Rounds of which the median is taken.") var rounds = 5
  @Argument(help: "The captures.", completion: .file()) var files: [String]

  func run() throws {
    print("| capture | events | open | decode | + merge | + model | + report | all | tables | peak memory |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for file in files { try run(file) }
  }

  private func run(_ file: String) throws {
    var samples: [[Double]] = Array(repeating: [], count: 6)
    var count: UInt64 = 0
    for _ in 0..<rounds {
      samples[0].append(try seconds { _ = try CaptureSession(path: file) })
      samples[1].append(try seconds { count = try read(file, ReadingWay(isMerged: false)) })
      samples[2].append(try seconds { count = try read(file, ReadingWay()) })
      samples[3].append(try seconds { _ = try model(file) })
      samples[4].append(try seconds { _ = try report(file) })
      let made = try report(file)
      samples[5].append(try seconds { try writeTables(made) })
    }
    let medians = samples.map { $0.sorted()[$0.count / 2] }
    func each(_ seconds: Double) -> String {
      String(format: "%.1f", max(0, seconds) * 1e9 / Double(max(1, count)))
    }
    let steps = (1...4).map { each(medians[$0] - medians[$0 - 1]) }
    let name = (file as NSString).lastPathComponent
    print(
      "| \(name) | \(count) | \(String(format: "%.1f ms", medians[0] * 1e3)) | \(steps.joined(separator: " | ")) "
        + "| \(each(medians[4])) | \(each(medians[5])) | \(peakMemory() >> 20) MB |")
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let begin = DispatchTime.now().uptimeNanoseconds
    try body()
    return Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
  }

  private func read(_ file: String, _ way: ReadingWay) throws -> UInt64 {
    var options = CaptureSession.Options()
    (options.jobs, options.way) = (1, way)
    var count: UInt64 = 0
    try CaptureSession(path: file, options).forEachBatch { batch in
      count = UInt64(batch.events.count) + (batch.isFirst ? 0 : count)
    }
    return count
  }

  private func model(_ file: String) throws -> LoadedCapture {
    var options = CaptureSession.Options()
    options.jobs = 1
    return try CaptureSession(path: file, options).load()
  }

  private func report(_ file: String) throws -> Report {
    let report = Report(try model(file).context())
    try withSink { try TextReport().write(report, to: $0) }
    return report
  }

  /// All of them, as `--csv` does it.
  private func writeTables(_ report: Report) throws {
    try withSink { sink in
      for table in report.tables { try CSVWriter(isRaw: false).write(table, to: sink) }
    }
  }

  /// Does something with a sink that leads nowhere.
  private func withSink(_ body: (ByteSink) throws -> Void) throws {
    let null = open("/dev/null", O_WRONLY)
    defer { close(null) }
    let sink = ByteSink(descriptor: null, place: "/dev/null")
    try body(sink)
    try sink.flush()
  }

  /// Of this process so far, in bytes.
  private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }
}
