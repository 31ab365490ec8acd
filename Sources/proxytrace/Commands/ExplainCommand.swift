import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyModel
import ProxyPictures
import ProxyReport
import ProxyTraceKit
import TraceCore

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tells the story of a finding, a wait or a lock, event by event.",
    discussion: """
      Who ran where while a task waited for a lock, and what it meant for the wait: chains, donors, silent migrations, \
      inversions, the steps of the handoff, callbacks of a sched_ext scheduler. Times are the trace's own, so that each line \
      can be found in trace-cmd report and KernelShark. What is inferred names its rule; at the end stands where the time \
      went. Long stretches of the same are folded. A number alone is that of a finding of the report, which is told with its \
      worst instance; other ids are those of the tables. The capture is read twice.

      Examples:
        proxytrace explain trace.dat 1
        proxytrace explain trace.dat --wait 12
        proxytrace explain trace.dat --inversion 1
        proxytrace explain trace.dat --lock cgroup_mutex
        proxytrace explain trace.dat 1 --svg finding1.svg
      """)

  @Argument(
    help: ArgumentHelp("The capture, and the number of a finding.", valueName: "file"), completion: .file())
  var words: [String] = []

  @OptionGroup var input: InputOption

  @Option(help: ArgumentHelp("The finding with this number; the same as the number alone.", valueName: "id"))
  var finding: Int?

  @Option(help: ArgumentHelp("The wait with this id.", valueName: "id"))
  var wait: Int?

  @Option(help: ArgumentHelp("The wait of the inversion window with this id.", valueName: "id"))
  var inversion: Int?

  @Option(help: ArgumentHelp("The wait of the handoff with this id.", valueName: "id"))
  var handoff: Int?

  @Option(help: ArgumentHelp("The sched_ext callback without a partner with this id.", valueName: "id"))
  var pairing: Int?

  @Option(help: ArgumentHelp("The lock with this symbol or address, and its longest wait.", valueName: "lock"))
  var lock: String?

  @Flag(help: "Print every event, without folding long stretches of the same.")
  var all = false

  @Option(
    help: ArgumentHelp("Draw it as an SVG picture instead: CPUs, tasks and locks over time.", valueName: "file"),
    completion: .file())
  var svg: String?

  @Option(
    help: ArgumentHelp(
      """
      Addresses of locks in a picture: hash for a number for each lock, or raw. The story has them as they are. (default: \
      hash)
      """, valueName: "hash|raw"))
  var addresses: AddressChoice?

  @OptionGroup var model: ModelOptions

  @OptionGroup var reading: ReadingOptions

  /// A number is that of a finding, unless a file is called so. Before the capture or after it.
  private var rankPlace: Int? { words.lastIndex { Int($0) != nil && access($0, F_OK) != 0 } }
  private var rank: Int? { rankPlace.flatMap { Int(words[$0]) } }
  private var files: [String] { words.indices.filter { $0 != rankPlace }.map { words[$0] } + input.files }
  private var file: String { files.first ?? "trace.dat" }

  private var request: ExplainRequest? {
    let requests: [ExplainRequest?] = [
      (rank ?? finding).map { .finding($0) }, wait.map { .place(.wait($0)) }, inversion.map { .place(.inversion($0)) },
      handoff.map { .place(.handoff($0)) }, pairing.map { .place(.pairing($0)) }, lock.map { .lock($0) },
    ]
    let given = requests.compactMap { $0 }
    return given.count == 1 && (rank == nil || finding == nil) ? given[0] : nil
  }

  func validate() throws {
    if files.count > 1 { throw ValidationError("explain takes one capture, and there are \(files.count)") }
    if svg != nil, pairing != nil || lock != nil {
      throw ValidationError("--svg draws a finding, a wait, an inversion or a handoff")
    }
    if svg == nil, addresses == .hash {
      throw ValidationError("the story has the capture's own addresses; --addresses hash is for --svg")
    }
    if request == nil {
      throw ValidationError(
        "say what to explain: the number of a finding, or one of --wait, --inversion, --handoff, --pairing, --lock")
    }
  }

  func run() throws {
    var status = RunStatus()
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    guard let request else { return }
    do {
      let session = try reading.session(file, model, making: .segments)
      // A picture goes into a mail; what is read beside the capture has its addresses.
      let choice = addresses ?? (svg == nil ? .raw : .hash)
      let report = Report(choice.applied(to: try session.loadShowingProgress().context(top: 1)))
      try report.context.requireSwitches()
      status.note(damage: report.context.diagnostics.hasDamage)
      if let svg {
        draw(try readScene(report, session), to: svg, &status)
      } else {
        let explanation = Explanation(
          report: report, session: session, path: file, showsAll: all, isColoured: reading.color.isColoured)
        try explanation.write(request, to: sink)
        try sink.flush()
      }
    } catch let error as TraceError {
      status.fail(error)
    } catch let error as OutputError {
      status.fail(error)
    }
    try status.exit()
  }

  /// Reads the capture again, for what is to be seen around the wait.
  private func readScene(_ report: Report, _ session: CaptureSession) throws(TraceError) -> Scene {
    var events = PictureEvents([try window(report)], report.context.timeline, ignoresProbes: model.ignoreProbes)
    try session.forEachBatch { events.apply($0.events, isFirst: $0.isFirst) }
    return events.scenes(PictureText(report.context))[0]
  }

  /// What is to be drawn. `validate()` has checked that there is one id.
  private func window(_ report: Report) throws(TraceError) -> PictureWindow {
    let timeline = report.context.timeline
    if let wait { return PictureWindow(of: try place(wait, of: timeline.waits.count, "wait"), in: timeline) }
    if let inversion {
      let place = try place(inversion, of: timeline.inversions.count, "inversion")
      return PictureWindow(of: timeline.inversions[place].wait, marking: place, in: timeline)
    }
    if let handoff {
      let row = timeline.handoffs[try place(handoff, of: timeline.handoffs.count, "handoff")]
      let mark = PictureWindow.Mark(begin: row.begin, length: row.end - row.begin)
      return PictureWindow(of: row.wait, mark, in: timeline)
    }
    let rank = try place(rank ?? finding ?? 0, of: report.findings.count, "finding") + 1
    if let window = PictureWindow(of: report.findings[rank - 1], rank: rank, in: timeline) { return window }
    throw TraceError(.noSuchRow, path: file, "finding \(rank) is about no wait", advice: "the report says it in words")
  }

  private func draw(_ scene: Scene, to path: String, _ status: inout RunStatus) {
    do throws(OutputError) {
      try WholeFile.write(to: path) { sink throws(OutputError) in try scene.writeSVG(to: sink) }
    } catch {
      status.fail(error)
    }
  }

  private func place(_ id: Int, of count: Int, _ what: String) throws(TraceError) -> Int {
    guard id >= 1, id <= count else {
      let ids = count == 0 ? "it has none" : "its ids are 1 to \(count)"
      throw TraceError(.noSuchRow, path: file, "there is no \(what) \(id)", advice: ids)
    }
    return id - 1
  }
}
