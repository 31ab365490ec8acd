import ArgumentParser
import CMalloc
import Glibc
import ProxyReport
import TraceCore

/// The program. Flags in, a call, an exit status out.
@main
enum Program {
  static func main() {
    StandardStreams.prepare()
    // Fixed: it would grow with the largest block that was freed, and from then on what grows would leave holes in the heap.
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    do {
      var command = try Proxytrace.parseAsRoot(
        CommandHabits.arguments(Array(CommandLine.arguments.dropFirst())))
      try command.run()
    } catch {
      fail(error)
    }
  }

  /// Ends with an error, or with the help that was asked for. Arguments may come from anywhere, and errors repeat them.
  private static func fail(_ error: any Error) -> Never {
    let code = Proxytrace.exitCode(for: error)
    if code.isSuccess || error is ExitCode { Proxytrace.exit(withError: error) }
    let lines = Proxytrace.fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
    StandardStreams.writeError(lines.map { TextEscape.terminal(String($0)) }.joined(separator: "\n") + "\n")
    exit(code.rawValue)
  }
}

struct Proxytrace: ParsableCommand {
  static let programVersion = ToolVersion.text

  static let configuration = CommandConfiguration(
    commandName: "proxytrace",
    abstract: "Explains Linux scheduler captures where the task that runs is not the task that was picked.",
    discussion: """
      With proxy execution a task that blocks on a kernel mutex stays on the runqueue, and lends its place to the mutex's \
      owner. proxytrace reads what trace-cmd has recorded, and tells who ran, who waited for whom, and why.

      A capture without a command is reported: proxytrace trace.dat.

      Record with one of:
        sudo proxytrace record -- COMMAND
        trace-cmd record -C mono -b 20000 -e sched -e lock

      Exit status: 0 done; 1 failed; 2 a rule of check is broken; 3 done, but damage in the capture was skipped (the report says where); 64 usage.
      """,
    version: VersionText.text,
    subcommands: [
      ReportCommand.self, ExplainCommand.self, CompareCommand.self, CheckCommand.self, InfoCommand.self,
      RecordCommand.self, DoctorCommand.self, RestoreCommand.self,
      ExportCommand.self, SQLCommand.self,
    ])
}
