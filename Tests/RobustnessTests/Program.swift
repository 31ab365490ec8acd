import Foundation

/// The program itself, as a process.
struct Program {
  struct Run {
    /// Exit status; negative = killed by that signal.
    var status: Int32
    var output: [UInt8]
    var errors: String
    /// The most memory that was resident, in bytes.
    var memory: Int
  }

  /// Beside the tests' own bundle.
  static let path: String = {
    let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidates = [directory, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    return candidates.map { $0.appending(path: "proxytrace").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "proxytrace"
  }()

  /// Runs it to its end. A shell sets the limit, and the program inherits it.
  /// - Parameters:
  ///   - output: A file that standard output is; `nil` = it is kept.
  ///   - seconds: After that long it is killed.
  static func run(_ arguments: [String], output: String? = nil, seconds: UInt32 = 120) throws -> Run {
    let quoted = ([path] + arguments).map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    return try shell("ulimit -t \(seconds); exec \(quoted)", output: output)
  }

  /// Runs a line of shell.
  static func shell(_ command: String, output: String? = nil) throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let out = output ?? folder.appending(path: "out").path
    let err = folder.appending(path: "err").path
    // Standard output and error are set before the line is read.
    let line = "exec >'\(out)' 2>'\(err)'; \(command)"
    var pid = pid_t()
    var list: [UnsafeMutablePointer<CChar>?] = ["/bin/sh", "-c", line].map { (text: String) in
      strdup(text)
    }
    list.append(nil)
    defer { for text in list { free(text) } }
    guard posix_spawn(&pid, "/bin/sh", nil, nil, &list, environ) == 0 else { throw POSIXError(.ENOENT) }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
    let code = status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
    return Run(
      status: code, output: output == nil ? [UInt8](try Data(contentsOf: URL(fileURLWithPath: out))) : [],
      errors: (try? String(contentsOfFile: err, encoding: .utf8)) ?? "", memory: Int(usage.ru_maxrss) * 1024)
  }
}
