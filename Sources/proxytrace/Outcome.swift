import ArgumentParser
import Glibc
import ProxyAnalysis
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
      """
      Threads: with 2 or more another one reads ahead, a text together with this one, and at most so many make the report. \
      The results are the same.
      """, valueName: "n")
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

extension ReadingOptions {
  /// Reads a capture that says something about scheduling.
  /// - Returns: `nil` where it cannot be read, which has been told then.
  func load(_ file: String, _ model: ModelOptions, top: Int = 10, _ outcome: inout Outcome) -> ReportContext? {
    do throws(TraceError) {
      let capture = try LoadedCapture(
        path: file, instance: instance, events: try events.choice(), top: top, jobs: jobs, options: model.options)
      try capture.context.requireSwitches()
      outcome.note(damage: capture.context.diagnostics.hasDamage)
      return capture.context
    } catch {
      outcome.fail(error)
      return nil
    }
  }
}

/// Options of commands whose results are a table or two.
struct OutputOptions: ParsableArguments {
  @Option(help: "What to print: text, json, csv.")
  var format: ReportCommand.Format?

  @Flag(help: "The same as --format json.")
  var json = false

  var choice: ReportCommand.Format { json ? .json : format ?? .text }

  func validate() throws {
    if json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
  }
}
