import ArgumentParser
import EventMaps
import Glibc
import ProxyAnalysis
import ProxyReport
import ProxyTraceKit
import TraceCore

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Shows what a capture is and which results it allows.",
    discussion: """
      Version, kernel, clock, buffer instances, CPUs with their events and losses, recorded events, and for every result \
      whether the capture has the events that it needs.

      Examples:
        proxytrace info trace.dat
        proxytrace info --print-event-map > map.yaml
      """)

  @Argument(help: ArgumentHelp("The capture; trace.dat if none is named.", valueName: "file"), completion: .file())
  var named: String?

  @OptionGroup var input: InputOption

  private var file: String { named ?? input.files.first ?? "trace.dat" }

  @Flag(help: "Print the standard map of events and roles, as --events takes one, and read no capture.")
  var printEventMap = false

  @Flag(help: "Print the tables, their columns and what these mean as JSON, and read no capture.")
  var printTables = false

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    var status = RunStatus()
    if printEventMap {
      print(EventMap.standardText, &status)
      return try status.exit()
    }
    if printTables {
      printTableDescriptions(&status)
      return try status.exit()
    }
    do throws(TraceError) {
      let (capture, census) = try reading.session(file).loadCounting()
      status.note(damage: capture.diagnostics.hasDamage)
      show(capture.context(top: 1), census, &status)
    } catch {
      status.fail(error)
    }
    try status.exit()
  }

  func validate() throws {
    if (named == nil ? 0 : 1) + input.files.count > 1 { throw ValidationError("info takes one capture") }
  }

  private func printTableDescriptions(_ status: inout RunStatus) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try JSONWriter(version: Proxytrace.programVersion).writeTableDescriptions(to: sink)
      try sink.flush()
    } catch {
      status.fail(error)
    }
  }

  private func print(_ text: String, _ status: inout RunStatus) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try sink.write(text)
      try sink.flush()
    } catch {
      status.fail(error)
    }
  }

  private func show(_ context: ReportContext, _ census: CaptureCensus, _ status: inout RunStatus) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try InfoText(isColoured: reading.color.isColoured, width: StandardStreams.columns).write(
        Report(context, .availability), census, to: sink)
      try sink.flush()
    } catch {
      status.fail(error)
    }
  }
}
