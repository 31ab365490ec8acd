import ArgumentParser
import Foundation
import ProxyTraceKit

struct Threads: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What each thread costs while a capture is read, in nanoseconds of CPU an event.",
    discussion: """
      Read from /proc while the model runs; medians of several rounds. What can be decompressed on threads of its own is, also \
      where there are fewer cores than threads: the sums are those of a machine with enough of them.
      Example: proxytrace-dev bench threads --jobs 3 big.dat
      """)

  @Option(help: "Threads, as for report.") var jobs = 3
  @Option(help: "Rounds of which the median is taken.") var rounds = 5
  @Argument(help: "The captures.", completion: .file()) var files: [String]

  private static let names = ["model", "second pass", "reader", "decompressor"]

  func run() throws {
    print("| capture | events | jobs | \(Self.names.joined(separator: " | ")) |")
    print("|---|---|---|\(String(repeating: "---|", count: Self.names.count))")
    for file in files {
      let times = try (0..<rounds).map { _ in try read(file) }
      let medians = Self.names.map { name in
        let each = times.map { Double($0.times[name] ?? 0) / Double(max(1, $0.count)) }.sorted()
        return String(format: "%.1f", each[each.count / 2])
      }
      let name = (file as NSString).lastPathComponent
      print("| \(name) | \(times[0].count) | \(jobs) | \(medians.joined(separator: " | ")) |")
    }
  }

  /// Nanoseconds by thread, several of one name together, up to one of the last batches, and the events up to there.
  private func read(_ file: String) throws -> (times: [String: UInt64], count: Int) {
    var options = CaptureSession.Options()
    (options.jobs, options.waitsForAhead) = (jobs, true)
    let session = try CaptureSession(path: file, options)
    let before = Self.times()
    var (batches, count) = (0, 0)
    var last: (times: [Thread: UInt64], count: Int) = (before, 0)
    _ = try session.load { batch in
      // Each look costs as much as a thousand events. A thread that has ended keeps what it had.
      if batches % 32 == 0 { last = (last.times.merging(Self.times()) { $1 }, count) }
      batches += 1
      count += batch.events.count
    }
    var sums: [String: UInt64] = [:]
    for (thread, time) in last.times { sums[thread.name, default: 0] += time - (before[thread] ?? 0) }
    return (sums, last.count)
  }

  private struct Thread: Hashable {
    var id: String
    var name: String
  }

  /// CPU time of this process's threads; the one that called `main` runs the model.
  private static func times() -> [Thread: UInt64] {
    var times: [Thread: UInt64] = [:]
    for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
      func content(_ file: String) -> String {
        (try? String(contentsOfFile: "/proc/self/task/\(thread)/\(file)", encoding: .utf8)) ?? ""
      }
      let name = thread == "\(getpid())" ? "model" : content("comm").trimmingCharacters(in: .newlines)
      times[Thread(id: thread, name: name)] = content("schedstat").split(separator: " ").first.flatMap { UInt64($0) }
    }
    return times
  }
}
