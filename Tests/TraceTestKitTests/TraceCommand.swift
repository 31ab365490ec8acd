import Foundation

/// Debian's `trace-cmd report`, the judge of what the writer writes.
enum TraceCommand {
  /// A line of `trace-cmd report -t -R`.
  struct Line: Hashable {
    /// Name of the buffer instance; empty for the top one.
    var instance = ""
    var pid: Int32
    var cpu: Int32
    /// As printed: `seconds.nanoseconds`, or the number of a clock that counts something else.
    var time: String
    var event: String
    var fields: String
  }

  struct Output {
    var lines: [Line] = []
    /// `CPU:n [EVENTS DROPPED]` and what else is no record.
    var remarks: [String] = []
    var complaints: String
    var status: Int32
  }

  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/trace-cmd")

  static func report(_ capture: [UInt8]) throws -> Output {
    let file = try TemporaryFile(capture)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/trace-cmd")
    process.arguments = ["report", "-t", "-R", "-i", file.url.path]
    let (out, errors) = (try TemporaryFile([]), try TemporaryFile([]))
    process.standardOutput = try FileHandle(forWritingTo: out.url)
    process.standardError = try FileHandle(forWritingTo: errors.url)
    try process.run()
    process.waitUntilExit()
    var output = Output(complaints: try errors.text(), status: process.terminationStatus)
    for line in try out.text().split(separator: "\n") where !line.hasPrefix("cpus=") {
      if let record = parse(line) { output.lines.append(record) } else { output.remarks.append(String(line)) }
    }
    return output
  }

  /// `comm-pid [cpu] time: event: fields`; the comm of the tests has no spaces.
  private static func parse(_ line: Substring) -> Line? {
    let pattern = /^(?:(\w+):)? *\S*-(\d+) +\[(\d+)\] *([\d.]+): ([a-z_0-9]+): *(.*)$/
    guard let match = line.wholeMatch(of: pattern), let pid = Int32(match.2), let cpu = Int32(match.3) else {
      return nil
    }
    // What a probe finds behind a null pointer is not worth comparing.
    let fields = String(match.6).replacing(/donor3=0x0 donor3_pid=[-\d]+/, with: "donor3=0x0 donor3_pid=*")
    return Line(
      instance: String(match.1 ?? ""), pid: pid, cpu: cpu, time: String(match.4), event: String(match.5), fields: fields
    )
  }
}

/// A file that goes when its owner does.
final class TemporaryFile {
  let url: URL

  init(_ content: [UInt8]) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("testkit-\(UUID().uuidString)")
    try Data(content).write(to: url)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }
}
