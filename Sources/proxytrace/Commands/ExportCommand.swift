import ArgumentParser
import ProxyAnalysis
import ProxyExport
import ProxyModel
import ProxyReport
import ProxyTraceKit
import TraceCore

/// A format that captures are exported to: its option, and what it makes of them. A new one is a file with such a type, and its
/// line in ``ExportCommand``.
protocol ExportOption: ParsableArguments {
  /// Begins the export, if the option is there.
  /// - Throws: `OutputError`.
  func begin() throws -> (any ExportFormat)?
  /// Whether the option is there.
  var isChosen: Bool { get }
  /// Whether one export holds any number of captures.
  var takesMany: Bool { get }
  /// Whether it shows findings and not only tables.
  var needsFindings: Bool { get }
}

extension ExportOption {
  var needsFindings: Bool { false }
}

/// An export under way.
protocol ExportFormat {
  /// Adds a capture.
  /// - Throws: `TraceError` where this capture cannot be exported; `OutputError` where no other can be either.
  mutating func add(_ capture: ExportSource) throws
  /// Writes what there is to write at the end.
  /// - Throws: `OutputError`.
  mutating func finish() throws
}

/// A capture that is to be exported.
struct ExportSource {
  var report: Report
  var instance: String?
  var labels: [ExportLabel]
  /// How the report was asked for, where not as usual.
  var options: String
  /// What the report was read from.
  var session: CaptureSession
  /// How the model was asked to read it.
  var model: ModelOptions

  /// The capture's tables under its id.
  /// - Throws: `cannotOpen` where the file cannot be read again for its id.
  func tables() throws(TraceError) -> ExportedCapture {
    let id = try CaptureID(path: report.context.capture.path, instance: instance)
    return ExportedCapture(report, id: id, labels: labels, options: options)
  }
}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes captures for other programs: tables, a page, a trace.",
    discussion: """
      Parquet for DuckDB, Spark, ClickHouse and the like: DIR/<table>/<capture id>.parquet, so that a folder is one table of \
      all captures. The id comes from the capture's content: exported again, it takes its own place. SQLite: all tables of \
      all captures in one file. Views to ask them: proxytrace sql --print.

      HTML: one page for a browser, with pictures of the worst waits; no request to anywhere. Perfetto: a trace for \
      ui.perfetto.dev, which shows on whose account each CPU runs; docs/pictures.md tells what is in them.

      Examples:
        proxytrace export --parquet tables trace.dat
        proxytrace export --html report.html trace.dat
        proxytrace export --perfetto trace.pftrace trace.dat
        proxytrace export --sqlite captures.db --label kernel=next one.dat two.dat
        find captures -name '*.dat' -print0 | xargs -0 -n 16 -P 8 proxytrace export --parquet tables
      """)

  @Argument(
    help: ArgumentHelp("Captures to export; trace.dat if none is named.", valueName: "file"), completion: .file())
  var files: [String] = []

  @OptionGroup(title: "Formats") var parquet: ParquetExport
  @OptionGroup(title: "Formats") var sqlite: SQLiteExport

  @OptionGroup(title: "Formats") var html: HTMLExport
  @OptionGroup(title: "Formats") var perfetto: PerfettoExport

  /// Every format: a line each.
  private var formats: [any ExportOption] { [parquet, sqlite, html, perfetto] }

  @Option(
    name: .customLong("label"),
    help: ArgumentHelp(
      "What to say of these captures, in the column labels; may be given again.", valueName: "key=value"))
  var labels: [String] = []

  @Option(
    help: ArgumentHelp(
      "Addresses of locks: hash for a number for each lock of a capture, or raw.", valueName: "hash|raw"))
  var addresses = AddressChoice.hash

  @OptionGroup var model: ModelOptions

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    for label in labels where ExportLabel(label) == nil {
      throw ValidationError("--label '\(label)': write KEY=VALUE, with a key of letters, digits, '_', '-' and '.'")
    }
    let chosen = formats.filter(\.isChosen)
    if chosen.isEmpty {
      throw ValidationError("name a format: --parquet DIR, --sqlite FILE, --html FILE or --perfetto FILE")
    }
    if files.count > 1, chosen.contains(where: { !$0.takesMany }) {
      throw ValidationError("this format takes one capture")
    }
  }

  func run() throws {
    var status = RunStatus()
    do {
      var exports = try formats.compactMap { try $0.begin() }
      for file in files.isEmpty ? ["trace.dat"] : files { try export(file, to: &exports, &status) }
      for place in exports.indices { try exports[place].finish() }
    } catch let error as OutputError {
      status.fail(error)
    }
    try status.exit()
  }

  private func export(_ file: String, to exports: inout [any ExportFormat], _ status: inout RunStatus) throws {
    // What is drawn and traced is what the findings are about.
    let contents: ReportContents = formats.contains { $0.isChosen && $0.needsFindings } ? .all : .tables
    let kinds = contents == .all ? RowKinds.all : contents.rows()
    let loaded = reading.loadToRead(file, model, kinds: kinds, making: AnalysisRegistry.rows(), &status)
    guard let (context, session) = loaded else { return }
    let shown = addresses.applied(to: context)
    for problem in CaptureText.problems(of: context) { RunStatus.warn(problem) }
    let source = ExportSource(
      report: Report(shown, contents, jobs: reading.jobs), instance: reading.instance,
      labels: labels.compactMap(ExportLabel.init),
      options: options, session: session, model: model)
    do {
      for place in exports.indices { try exports[place].add(source) }
    } catch let error as TraceError {
      status.fail(error)
    }
  }

  private var options: String {
    var words: [String] = []
    if model.ignoreProbes { words.append("--ignore-probes") }
    if model.proxyExec != .auto { words.append("--proxy-exec \(model.proxyExec.rawValue)") }
    if addresses == .raw { words.append("--addresses raw") }
    if let instance = reading.instance { words.append("--instance \(instance)") }
    if let events = reading.events.events { words.append("--events \(events)") }
    if let marks = reading.events.marks { words.append("--marks \(marks)") }
    return words.joined(separator: " ")
  }
}
