public import ArgumentParser
import Foundation
import ProxyAnalysis
import ProxyReport
public import TraceCapture

struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Records a capture with everything that the analysis can use, and prints its report's first screen.",
    discussion: """
      Records through a tracefs instance of its own and removes it again, however it ends. Needs root. Without COMMAND or \
      --duration it records until Ctrl-C.

      Examples:
        sudo proxytrace record -- make -j8
        sudo proxytrace record -d 10 -o busy.dat
        sudo proxytrace record --snapshot 5 --on-threshold 20ms=stop
        sudo proxytrace record -p 4711 -c -d 5
      """)

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the capture goes.", valueName: "file"), completion: .file())
  var output = "trace.dat"

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Size of each CPU's buffer; by the rate of events if it is not given.", valueName: "kb"))
  var bufferSize: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
  var duration: Double?

  @Flag(help: "Use no probes: the same as --probes none.")
  var eventsOnly = false

  @Option(help: "Which probes to use: auto (the best that the kernel takes), exact, switch, none (docs/probes.md).")
  var probes = RecordOptions.Probes.auto

  @Option(help: "How the capture is compressed when the recording has ended: zstd, none.")
  var compression = RecordOptions.Compression.zstd

  @Option(
    help: ArgumentHelp(
      "Flight recorder: write nothing while it runs, and keep the last seconds when it ends.", valueName: "seconds"))
  var snapshot: Double?

  @Option(
    help: ArgumentHelp(
      """
      When a task waits longer for a lock than DURATION (5ms, 250us): stop; send SIGUSR1 to the command (signal); or run a \
      line of shell, which finds PROXYTRACE_PID, PROXYTRACE_LOCK and PROXYTRACE_WAIT_NS.
      """, valueName: "duration=stop|signal|cmd"))
  var onThreshold: String?

  @Option(name: [.customShort("p"), .long], help: ArgumentHelp("Record these processes alone.", valueName: "pid,…"))
  var pid: String?

  @Flag(name: [.customShort("c"), .long], help: "With -p: their children as well.")
  var children = false

  @Option(name: [.customShort("C"), .long], help: ArgumentHelp("Record these CPUs alone.", valueName: "list"))
  var cpu: String?

  @Flag(help: "Print no report at the end.")
  var noReport = false

  @Option(help: .hidden)
  var systemRoot = ""

  @Argument(parsing: .postTerminator, help: ArgumentHelp("A command to run and record.", valueName: "command"))
  var command: [String] = []

  func validate() throws { _ = try options() }

  private func options() throws -> RecordOptions {
    var options = RecordOptions()
    options.output = output
    options.bufferSize = bufferSize
    options.duration = duration
    options.probes = eventsOnly ? .none : probes
    options.compression = compression
    options.keeps = snapshot
    options.command = command
    options.followsChildren = children
    options.recorder = "proxytrace \(Proxytrace.programVersion)"
    if let bufferSize, bufferSize < 4 { throw ValidationError("-b needs at least 4 KB") }
    if let duration, !(duration > 0) { throw ValidationError("-d needs a number of seconds above 0") }
    if let snapshot, !(snapshot > 0) { throw ValidationError("--snapshot needs a number of seconds above 0") }
    if eventsOnly, probes != .auto, probes != .none {
      throw ValidationError("--events-only and --probes \(probes.rawValue) exclude each other")
    }
    if let onThreshold {
      guard let threshold = RecordOptions.Threshold(onThreshold) else {
        throw ValidationError("--on-threshold needs DURATION=stop, DURATION=signal or DURATION=CMD, as in 5ms=stop")
      }
      if threshold.action == .signal, command.isEmpty {
        throw ValidationError("--on-threshold \(onThreshold) needs a command to send the signal to")
      }
      options.threshold = threshold
    }
    if let pid {
      options.pids = pid.split(separator: ",").compactMap { Int32($0) }
      if options.pids.isEmpty || options.pids.contains(where: { $0 <= 0 }) {
        throw ValidationError("-p needs process ids, as in 12,34")
      }
    }
    if children, pid == nil { throw ValidationError("-c needs -p: without it all tasks are recorded") }
    if let cpu {
      guard let cpus = RecordOptions.cpus(cpu) else { throw ValidationError("-C needs a list of CPUs, as in 0,2-3") }
      options.cpus = cpus
    }
    return options
  }

  func run() throws {
    let options = try options()
    var line = RecordingLine()
    let summary: RecordSummary
    do throws(CaptureError) {
      let recorder = Recorder(options, SystemPaths(root: systemRoot))
      summary = try recorder.record(note: { RunStatus.warn($0) }, progress: { line.show($0) })
    } catch {
      line.erase()
      RunStatus.warn(error.description)
      throw ExitCode(1)
    }
    line.erase()
    for problem in summary.problems { RunStatus.warn(problem) }
    StandardStreams.writeError(TextEscape.terminal(summary.sentence(output)) + "\n")
    var status: Int32 = summary.problems.isEmpty ? 0 : 3
    if case .outputFailed(let error) = summary.end {
      RunStatus.warn(
        "\(error.place): \(error.problem); it ended there, what was recorded before is kept; \(error.advice)")
      status = 1
    }
    if !noReport { try FirstScreen.print(of: output) }
    if status != 0 { throw ExitCode(status) }
  }
}

extension RecordOptions.Probes: ExpressibleByArgument {}
extension RecordOptions.Compression: ExpressibleByArgument {}

/// The one place where a recording meets the report.
enum FirstScreen {
  private static let lines = 24

  static func print(of path: String) throws {
    let reading = try ReadingOptions.parse([])
    var status = RunStatus()
    let contents = ReportContents.summary
    guard let context = reading.load(path, try ModelOptions.parse([]), kinds: contents.rows(), &status) else {
      return try status.exit()
    }
    let memory = ByteSink()
    try? TextReport(isColoured: reading.color.isColoured, width: StandardStreams.columns).write(
      Report(context, contents, jobs: reading.jobs), to: memory)
    let text = memory.text.split(separator: "\n", omittingEmptySubsequences: false)
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try sink.write(text.prefix(lines).joined(separator: "\n") + "\n")
      if text.count > lines { try sink.write("\nThe whole report: proxytrace report \(TextEscape.terminal(path))\n") }
      try sink.flush()
    } catch {
      status.fail(error)
    }
    try status.exit()
  }
}

/// How far a recording is, on a terminal.
private struct RecordingLine {
  private let isWanted = StandardStreams.isTerminal(STDERR_FILENO)
  private var isShown = false

  mutating func show(_ progress: RecordProgress) {
    guard isWanted else { return }
    isShown = true
    var parts = ["recording \(Self.fixed(progress.seconds, 1)) s"]
    if let kept = progress.kept {
      parts.append("the last \(Self.fixed(kept, 1)) s are kept")
    } else {
      parts += [
        "\(progress.bytes >> 20) MB", "\(Int(progress.rate / 1024)) KB/s", "lost \(progress.lostEvents) events",
      ]
    }
    StandardStreams.writeError("\r\u{1b}[K" + parts.joined(separator: ", "))
  }

  mutating func erase() {
    if isShown { StandardStreams.writeError("\r\u{1b}[K") }
    isShown = false
  }

  static func fixed(_ number: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", number) }
}

extension RecordSummary {
  /// What was recorded, and why it ended.
  fileprivate func sentence(_ path: String) -> String {
    let size = bytes < 10 << 20 ? "\(bytes >> 10) KB" : "\(bytes >> 20) MB"
    return
      "\(path): \(String(format: "%.3f", duration)) s, \(size), lost \(lostEvents) events, probes \(probes.rawValue); \(reason)"
  }

  private var reason: String {
    switch end {
    case .commandEnded(let status) where status < 0: "the command was killed by signal \(-status)"
    case .commandEnded(let status): "the command ended with status \(status)"
    case .timeIsUp: "the time is up"
    case .interrupted: "interrupted"
    case .threshold(let pid, let wait): "pid \(pid) waited \(String(format: "%.3f", Double(wait) / 1e6)) ms"
    case .outputFailed: "it could not be written any further"
    }
  }
}

/// The helper process of a recorder (``Restorer``).
struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Restorer.command, abstract: "Removes what a recorder has put into tracefs.", shouldDisplay: false)

  @Argument var arguments: [String]

  func run() throws { throw ExitCode(Restorer.helperMain(arguments)) }
}
