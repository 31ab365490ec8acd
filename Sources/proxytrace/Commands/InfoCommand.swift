import ArgumentParser
import EventMaps
import Glibc
import ProxyAnalysis
import ProxyReport
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

  @Argument(help: ArgumentHelp("The capture.", valueName: "file"))
  var file = "trace.dat"

  @Flag(help: "Print the standard map of events and roles, as --events takes one, and read no capture.")
  var printEventMap = false

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    var status = RunStatus()
    if printEventMap {
      print(EventMap.standardText, &status)
      return try status.exit()
    }
    do throws(TraceError) {
      let events = try reading.events.choice()
      let capture = try LoadedCapture(
        path: file, instance: reading.instance, events: events, top: 1, jobs: reading.jobs, counts: true)
      status.note(damage: capture.context.diagnostics.hasDamage)
      show(capture, &status)
    } catch {
      status.fail(error)
    }
    try status.exit()
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

  private func show(_ capture: LoadedCapture, _ status: inout RunStatus) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try InfoText(isColoured: reading.color.isColoured).write(Report(capture.context), capture.census, to: sink)
      try sink.flush()
    } catch {
      status.fail(error)
    }
  }
}
