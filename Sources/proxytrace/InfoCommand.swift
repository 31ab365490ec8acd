import ArgumentParser
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

      Example:
        proxytrace info trace.dat
      """)

  @Argument(help: ArgumentHelp("The capture.", valueName: "file"))
  var file = "trace.dat"

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    var outcome = Outcome()
    do throws(TraceError) {
      let capture = try LoadedCapture(path: file, instance: reading.instance, top: 1, jobs: reading.jobs)
      outcome.note(damage: capture.context.diagnostics.hasDamage)
      show(capture, &outcome)
    } catch {
      outcome.fail(error)
    }
    try outcome.exit()
  }

  private func show(_ capture: LoadedCapture, _ outcome: inout Outcome) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(OutputError) {
      try InfoText(isColoured: reading.color.isColoured).write(Report(capture.context), capture.census, to: sink)
      try sink.flush()
    } catch {
      outcome.fail(error)
    }
  }
}
