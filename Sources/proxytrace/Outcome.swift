import ArgumentParser
import Glibc
import ProxyReport
import TraceCore

/// How a run ends: the worst of what happened to its inputs.
struct Outcome {
  private var hasFailed = false
  private var hasSkippedDamage = false
  private var hasBrokenRule = false

  mutating func note(damage: Bool) { hasSkippedDamage = hasSkippedDamage || damage }

  mutating func note(brokenRule: Bool) { hasBrokenRule = hasBrokenRule || brokenRule }

  /// Tells what went wrong, in one line on standard error.
  mutating func fail(_ error: TraceError) { fail(error.description) }

  /// The same for output. A reader that has left is no failure; the run just ends.
  mutating func fail(_ error: OutputError) {
    guard case .failed(let place, let problem, let advice) = error else { return }
    fail("\(place): \(problem); \(advice)")
  }

  private mutating func fail(_ line: String) {
    hasFailed = true
    Self.complain(line)
  }

  /// `proxytrace: LINE` on standard error; a single line whatever file names and the capture hold.
  static func complain(_ line: String) { StandardStreams.tell("proxytrace: \(TextEscape.terminal(line))\n") }

  /// Ends the run with the status for what was noted.
  func exit() throws {
    if hasFailed { throw ExitCode(1) }
    if hasBrokenRule { throw ExitCode(2) }
    if hasSkippedDamage { throw ExitCode(3) }
  }
}

/// When to use colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// For output on standard output. `NO_COLOR` (any value but the empty one) decides where the choice is left to us.
  var isColoured: Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      StandardStreams.isTerminal(STDOUT_FILENO) && environment("NO_COLOR").isEmpty && environment("TERM") != "dumb"
    }
  }

  private func environment(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
}

/// Options of every command that reads a capture and prints.
struct ReadingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Read this buffer instance instead of the top one.", valueName: "name"))
  var instance: String?

  @Option(
    help: ArgumentHelp(
      "Threads: 1, or with 2 and more the capture is read on one of its own. The results are the same.", valueName: "n")
  )
  var jobs = ReadingOptions.usefulJobs

  @OptionGroup(title: "Other kernels and schedulers") var events: EventOptions

  @Option(help: "Colours: auto (on a terminal, unless NO_COLOR is set), always, never.")
  var color = ColorChoice.auto

  func validate() throws {
    if jobs < 1 { throw ValidationError("--jobs needs a number of at least 1") }
  }

  /// As many as there is work for and CPUs to do it.
  private static var usefulJobs: Int { min(2, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
