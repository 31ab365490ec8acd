import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyCompare
import ProxyModel
import ProxyReport
import TraceCore

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Holds captures against rules: a gate for continuous integration.",
    discussion: """
      A rule is a figure, a comparison and a number with its unit. Exit status 2 if one is broken, or cannot be decided: a \
      capture without the events that a rule needs does not pass it.

      Figures: waits, holds, inversions, releases, donations with .count .sum .mean .min .max .p50 .p90 .p99, and in braces \
      what to choose by comm, pid, lock, kind; parts of them, such as waits.inverted_ns.max and releases.wake_ns.p99; \
      pairing.count; lost_share, inverted_share, inverted_time, proxied_time, blocked_enqueues, length. Where there is no \
      such row, and the capture has what would show one, the figure is 0.

      Examples:
        proxytrace check --rule 'inversions.max < 5ms' --rule 'pairing.count == 0' trace.dat
        proxytrace check --rule 'waits.p99{comm=vip*} < 2ms' --rule 'lost_share < 1%' trace.dat
        proxytrace check --rule 'waits.inverted_ns.max < 1ms' --rule 'releases.p99{kind=rwsem*} < 1ms' trace.dat
        proxytrace check --skip 1 --base old.dat --rule 'waits.mean <= base * 1.1' new.dat
        proxytrace check --rules ci.rules --junit results.xml trace.dat
      """)

  @Argument(help: ArgumentHelp("Captures to check, each by itself.", valueName: "file"), completion: .file())
  var files: [String]

  @Option(name: .customLong("rule"), help: ArgumentHelp("A rule; may be given again.", valueName: "expr"))
  var expressions: [String] = []

  @Option(help: ArgumentHelp("Rules, one a line; # begins a comment.", valueName: "file"), completion: .file())
  var rules: [String] = []

  @Option(help: ArgumentHelp("The capture that `base` in rules stands for.", valueName: "file"), completion: .file())
  var base: String?

  @OptionGroup var warmUp: WarmUpOptions

  @Option(
    help: ArgumentHelp("Write the results as JUnit XML, whole or not at all.", valueName: "file"), completion: .file())
  var junit: String?

  @OptionGroup var output: OutputOptions

  @OptionGroup var model: ModelOptions

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    if files.isEmpty { throw ValidationError("name a capture") }
    if expressions.isEmpty, rules.isEmpty { throw ValidationError("name a rule: --rule EXPR or --rules FILE") }
    for expression in expressions { _ = try Self.rule(expression) }
  }

  private static func rule(_ text: String) throws -> Rule {
    do throws(Rule.Problem) {
      return try Rule(text)
    } catch {
      throw ValidationError("--rule '\(text)', column \(error.column): \(error.text)")
    }
  }

  private func allRules() throws -> [Rule] {
    var all = try expressions.map(Self.rule)
    for file in rules { all += try UserFile.rules(file) }
    return all
  }

  func run() throws {
    var status = RunStatus()
    do {
      let rules = try allRules()
      if rules.isEmpty { throw ValidationError("there is no rule in \(self.rules.joined(separator: ", "))") }
      // Which waits are the first of their lock only the waits say.
      let rows = rules.reduce(warmUp.skip > 0 ? .waits : RowKinds()) { $0.union($1.rows) }
      var baseFigures: ComparedSide?
      if let base {
        guard let context = load(base, rows, &status) else { return try status.exit() }
        baseFigures = ComparedSide(label: base, [context], skipping: warmUp.skip)
      }
      var checked: [CheckedCapture] = []
      for file in files {
        guard let context = load(file, rows, &status) else { continue }
        let side = ComparedSide(label: file, [context], skipping: warmUp.skip)
        checked.append(CheckedCapture(path: file, results: rules.map { $0.check(side, base: baseFigures) }))
      }
      try write(checked)
      status.note(brokenRule: checked.contains { $0.failureCount > 0 })
    } catch let error as OutputError {
      status.fail(error)
    } catch let error as TraceError {
      status.fail(error)
    }
    try status.exit()
  }

  private func load(_ file: String, _ rows: RowKinds, _ status: inout RunStatus) -> ReportContext? {
    guard let context = reading.load(file, model, kinds: rows, &status) else { return nil }
    for problem in CaptureText.problems(of: context) { RunStatus.warn(problem) }
    return context
  }

  private func write(_ checked: [CheckedCapture]) throws(OutputError) {
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    switch output.choice {
    case .text:
      try CheckText(isColoured: reading.color.isColoured, width: StandardStreams.columns).write(checked, to: sink)
    case .json: try CheckJSON(version: Proxytrace.programVersion).write(checked, to: sink)
    case .csv:
      let isTerminal = StandardStreams.isTerminal(STDOUT_FILENO)
      try CheckCSV(CSVWriter(escapesControls: isTerminal)).write(checked, to: sink)
    }
    try sink.flush()
    guard let junit else { return }
    try WholeFile.write(to: junit) { file throws(OutputError) in try CheckJUnit().write(checked, to: file) }
  }
}
