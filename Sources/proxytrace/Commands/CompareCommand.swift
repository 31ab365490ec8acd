import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyCompare
import ProxyPictures
import ProxyReport
import TraceCore

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Puts captures beside each other: what has changed, and whether the change is real.",
    discussion: """
      The first capture is the base. Means and percentiles have a 95 % interval of the difference, and a verdict: better, \
      worse, no difference shown, too few samples. Few samples have a permutation test instead of the interval \
      (docs/compare.md tells how they are found).

      Examples:
        proxytrace compare off.dat on.dat
        proxytrace compare --label 7.2 --label 7.3-rc1 --label 7.3 a.dat b.dat c.dat
        proxytrace compare --skip 1 off.dat on.dat
        proxytrace compare --base a1.dat a2.dat --new b1.dat b2.dat
        proxytrace compare --format csv off.dat on.dat
        proxytrace compare --html compared.html off.dat on.dat
      """)

  @Argument(help: ArgumentHelp("Captures, the base first.", valueName: "file"), completion: .file())
  var files: [String] = []

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Captures that are the base together.", valueName: "file"),
    completion: .file())
  var base: [String] = []

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Captures that are held against it together.", valueName: "file"),
    completion: .file())
  var new: [String] = []

  @Option(help: ArgumentHelp("What to call a side, in their order.", valueName: "name"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "Names of locks and tasks that are the same on both sides: lines `lock ADDRESS NAME` and `task PATTERN NAME`.",
      valueName: "file"), completion: .file())
  var match: String?

  @OptionGroup var warmUp: WarmUpOptions

  @OptionGroup var output: OutputOptions

  @Option(
    help: ArgumentHelp(
      "Write the comparison of two sides as one HTML page with pictures, which needs no other file and no network.",
      valueName: "file"), completion: .file())
  var html: String?

  @Flag(help: "Put no apostrophe before CSV cells that a spreadsheet would take for formulas.")
  var csvRaw = false

  @OptionGroup var model: ModelOptions

  @OptionGroup var reading: ReadingOptions

  private var sides: [[String]] { files.isEmpty ? [base, new] : files.map { [$0] } }

  func validate() throws {
    if files.isEmpty, base.isEmpty || new.isEmpty {
      throw ValidationError("name two captures, or --base FILE… and --new FILE…")
    }
    if !files.isEmpty, !base.isEmpty || !new.isEmpty {
      throw ValidationError("--base and --new take all files there are")
    }
    if files.count == 1 { throw ValidationError("one capture has nothing to be compared with") }
    if html != nil, sides.count > 2 { throw ValidationError("--html takes two sides: a page is about two") }
    if label.count > sides.count { throw ValidationError("there are more labels than sides") }
  }

  func run() throws {
    var status = RunStatus()
    do {
      let figures = try loadSides(&status)
      if let figures {
        let comparison = Comparison(figures)
        if let html { try Self.writePage(comparison, to: html) }
        // A page alone, unless a format is named too.
        if html == nil || output.isChosen {
          let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
          try write(comparison, to: sink)
          try sink.flush()
        }
      }
    } catch let error as OutputError {
      status.fail(error)
    } catch let error as TraceError {
      status.fail(error)
    }
    try status.exit()
  }

  private static func writePage(_ comparison: Comparison, to path: String) throws(OutputError) {
    let page = ComparePage(comparison, version: Proxytrace.programVersion)
    try WholeFile.write(to: path) { sink throws(OutputError) in try page.write(to: sink) }
  }

  private func write(_ comparison: Comparison, to sink: ByteSink) throws(OutputError) {
    switch output.choice {
    case .text:
      try CompareText(comparison, isColoured: reading.color.isColoured, width: StandardStreams.columns).write(to: sink)
    case .json: try CompareJSON(version: Proxytrace.programVersion).write(comparison, to: sink)
    case .csv:
      let isTerminal = StandardStreams.isTerminal(STDOUT_FILENO)
      try CompareCSV(CSVWriter(isRaw: csvRaw, escapesControls: isTerminal)).write(comparison, to: sink)
    }
  }

  /// `nil` where a capture cannot be read: a side without it would be another.
  private func loadSides(_ status: inout RunStatus) throws -> [ComparedSide]? {
    let map = try UserFile.matchMap(match)
    let names = SideLabels.labels(of: sides)
    var figures: [ComparedSide] = []
    for (index, side) in sides.enumerated() {
      var contexts: [ReportContext] = []
      for file in side {
        guard let context = reading.load(file, model, kinds: ComparedSide.rows, &status) else { return nil }
        for problem in CaptureText.problems(of: context) { RunStatus.warn(problem) }
        contexts.append(context)
      }
      let name = index < label.count ? label[index] : names[index]
      figures.append(ComparedSide(label: name, contexts, matching: map, skipping: warmUp.skip))
    }
    if let problem = figures.clockProblem {
      throw TraceError(
        .unsupported, path: problem.path, problem.text,
        advice: "compare captures that were recorded with the same clock")
    }
    return figures
  }
}
