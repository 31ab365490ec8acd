import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyModel
import ProxyReport
import ProxyTraceKit
import TraceCore

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tells the story of one wait, event by event.",
    discussion: """
      Who ran where while a task waited for a lock, and what it meant for the wait: chains, donors, silent migrations, \
      inversions, the steps of the handoff. Times are the trace's own, so that each line can be found in trace-cmd report \
      and KernelShark. What is inferred names its rule; at the end stands where the time went. Long stretches of the same \
      are folded. Ids are those of the tables waits and inversions. The capture is read twice.

      Examples:
        proxytrace explain trace.dat --wait 12
        proxytrace explain trace.dat --inversion 1
      """)

  @Argument(help: ArgumentHelp("The capture.", valueName: "file"))
  var file = "trace.dat"

  @Option(help: ArgumentHelp("The wait with this id.", valueName: "id"))
  var wait: Int?

  @Option(help: ArgumentHelp("The wait of the inversion window with this id.", valueName: "id"))
  var inversion: Int?

  @Flag(help: "Print every event, without folding long stretches of the same.")
  var all = false

  @OptionGroup var model: ModelOptions

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    if (wait == nil) == (inversion == nil) { throw ValidationError("say either --wait ID or --inversion ID") }
  }

  func run() throws {
    var status = RunStatus()
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do throws(TraceError) {
      let session = try reading.session(file, model)
      let context = try session.loadShowingProgress().context(top: 1)
      try context.requireSwitches()
      status.note(damage: context.diagnostics.hasDamage)
      let story = try readStory(context, session)
      show(story, context, sink, &status)
    } catch {
      status.fail(error)
    }
    try status.exit()
  }

  /// Reads the capture again, for the wait alone.
  private func readStory(_ context: ReportContext, _ session: CaptureSession) throws(TraceError) -> WaitStory {
    var builder = try builder(context.timeline)
    try session.forEachEvent { event in
      // CPUs' own clocks may be off: a later stamp does not mean that the wait is over on the other CPUs.
      if builder.isPast(event), context.capture.clock.isGlobal { return false }
      builder.apply(event)
      return true
    }
    return builder.finish()
  }

  /// `validate()` has checked that there is one id.
  private func builder(_ timeline: Timeline) throws(TraceError) -> StoryBuilder {
    if let wait { return StoryBuilder(of: try place(wait, of: timeline.waits.count, "wait"), in: timeline) }
    let window = try place(inversion ?? 0, of: timeline.inversions.count, "inversion")
    return StoryBuilder(of: timeline.inversions[window].wait, in: timeline, highlighting: window)
  }

  private func place(_ id: Int, of count: Int, _ what: String) throws(TraceError) -> Int {
    guard id >= 1, id <= count else {
      let ids = count == 0 ? "it has none" : "its ids are 1 to \(count)"
      throw TraceError(.noSuchRow, path: file, "there is no \(what) \(id)", advice: ids)
    }
    return id - 1
  }

  private func show(_ story: WaitStory, _ context: ReportContext, _ sink: ByteSink, _ status: inout RunStatus) {
    do throws(OutputError) {
      try StoryText(showsAll: all, isColoured: reading.color.isColoured).write(story, of: context, to: sink)
      try sink.flush()
    } catch {
      status.fail(error)
    }
  }
}
