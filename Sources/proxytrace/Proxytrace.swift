import ArgumentParser
import CMalloc
import Glibc

/// The program. Flags in, a call, an exit status out.
@main
enum Program {
  static func main() {
    StandardStreams.prepare()
    // Fixed: it would grow with the largest block that was freed, and from then on what grows would leave holes in the heap.
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    Proxytrace.main()
  }
}

struct Proxytrace: ParsableCommand {
  static let programVersion = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "proxytrace",
    abstract: "Explains Linux scheduler captures where the task that runs is not the task that was picked.",
    discussion: """
      With proxy execution a task that blocks on a kernel mutex stays on the runqueue, and lends its place to the mutex's \
      owner. proxytrace reads what trace-cmd has recorded, and tells who ran, who waited for whom, and why.

      Record with:
        trace-cmd record -C mono -e sched -e lock

      Exit status: 0 done; 1 failed; 2 a rule of check is broken; 3 done, but damage in the capture was skipped (the report says where); 64 usage.
      """,
    version: programVersion,
    subcommands: [
      ReportCommand.self, ExplainCommand.self, CompareCommand.self, CheckCommand.self, InfoCommand.self,
    ])
}

/// Descriptors 0 to 2 as the program expects them.
enum StandardStreams {
  static func prepare() {
    // A reader that leaves early is no error; writes then fail with EPIPE.
    signal(SIGPIPE, SIG_IGN)
    // Were a standard descriptor closed, the next file opened would take its number, and be written to as standard output.
    // Opened for reading only, it still fails when written to, as a closed one does.
    while true {
      let descriptor = open("/dev/null", O_RDONLY)
      if descriptor > 2 || descriptor < 0 {
        if descriptor >= 0 { close(descriptor) }
        return
      }
    }
  }

  /// Writes to standard error, in one piece. Where that fails there is nobody left to tell.
  static func tell(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
}
