import Foundation

/// Programs that tests run.
enum Tool {
  struct Run {
    var status: Int32
    var output: String
    var errors: String
  }

  static let hasTraceCommand = FileManager.default.isExecutableFile(atPath: "/usr/bin/trace-cmd")

  /// The program itself, beside the tests' own bundle.
  static let path: String = {
    let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidates = [directory, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    return candidates.map { $0.appending(path: "proxytrace").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "proxytrace"
  }()

  static func run(_ program: String, _ arguments: [String]) throws -> Run {
    let process = try start(program, arguments)
    // Files, not pipes: nobody has to read while it runs.
    process.process.waitUntilExit()
    return Run(
      status: process.process.terminationStatus, output: try String(contentsOf: process.output, encoding: .utf8),
      errors: try String(contentsOf: process.errors, encoding: .utf8))
  }

  static func start(_ program: String, _ arguments: [String]) throws -> (process: Process, output: URL, errors: URL) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let (output, errors) = (try file(), try file())
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return (process, output, errors)
  }

  private static func file() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "tool-\(UUID().uuidString)")
    try Data().write(to: url)
    return url
  }

  /// Lines of `trace-cmd report` without the task's name before its pid, which comes from elsewhere.
  static func withoutNames(_ report: String) -> [String] {
    report.split(separator: "\n").map { line in
      guard let bracket = line.firstIndex(of: "[") else { return String(line) }
      let head = line[..<bracket]
      return String(head.split(separator: "-").last ?? head) + line[bracket...]
    }
  }
}
