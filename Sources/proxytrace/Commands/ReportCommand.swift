import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyModel
import ProxyReport
import TraceCore

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Analyses captures and prints the report.",
    discussion: """
      Prints text for people unless told otherwise. Tables hold every figure; an empty cell means: not known. Several \
      captures are reported one after the other.

      Examples:
        proxytrace report trace.dat
        proxytrace report --csv tables trace.dat
        proxytrace report --table waits --format csv trace.dat | head
        proxytrace report --json trace.dat > report.json
        proxytrace report --html report.html trace.dat
        proxytrace report --from 15.0004 --to 15.0036 --comm 'kworker/*' trace.dat
        proxytrace report --cpu 0,2-3 --pid 61 --table splits trace.dat

      --cpu, --from, --to, --pid and --comm choose what is reported; the whole capture is analysed all the same. Rows \
      keep their ids, and those that cross an edge of the time their durations.
      """)

  @Argument(
    help: ArgumentHelp("Captures to read; trace.dat if none is named.", valueName: "file"), completion: .file())
  var named: [String] = []

  @OptionGroup var input: InputOption

  private var files: [String] { named + input.files }

  @Option(
    help: ArgumentHelp("Write every table as DIR/<table>.csv, whole or not at all; DIR is made.", valueName: "dir"),
    completion: .directory)
  var csv: String?

  @Option(
    help: ArgumentHelp("Print one table: \(Report.tableNames.joined(separator: ", ")).", valueName: "name"),
    completion: .list(Report.tableNames))
  var table: String?

  @Option(help: "What to print: text, json, or csv (one table only; the default for one).")
  var format: OutputFormat?

  @Flag(help: "The same as --format json.")
  var json = false

  @Flag(help: "Put no apostrophe before CSV cells that a spreadsheet would take for formulas.")
  var csvRaw = false

  @Option(
    help: ArgumentHelp(
      "Write the report as one HTML page with pictures and tables, which needs no other file and no network.",
      valueName: "file"), completion: .file())
  var html: String?

  @Option(
    help: ArgumentHelp(
      """
      Addresses of locks: raw, or hash for a number for each lock, in what leaves the machine. (default: raw; hash with \
      --html)
      """, valueName: "hash|raw"))
  var addresses: AddressChoice?

  @Option(help: ArgumentHelp("How many locks, tasks and findings the text lists.", valueName: "n"))
  var top = 10

  @OptionGroup var model: ModelOptions

  @OptionGroup(title: "Filters") var filters: FilterOptions

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    if let table, !Report.tableNames.contains(table) {
      throw ValidationError("there is no table '\(table)'; there are \(Report.tableNames.joined(separator: ", "))")
    }
    if top < 1 { throw ValidationError("--top needs a number of at least 1") }
    let choice = try OutputFormat.choice(format, json: json)
    if choice == .csv, table == nil {
      throw ValidationError("CSV on standard output is one table: add --table NAME, or use --csv DIR for all")
    }
    if files.count > 1 {
      if html != nil { throw ValidationError("--html takes one capture: a page is about one") }
      if csv != nil {
        throw ValidationError("--csv takes one capture: the tables of another would overwrite its files")
      }
      if table != nil, output == .csv {
        throw ValidationError("--table as CSV takes one capture: it has one header row")
      }
    }
    if csvRaw, csv == nil, output != .csv {
      throw ValidationError("--csv-raw changes CSV alone, and none is asked for")
    }
  }

  /// What goes to standard output; `nil` for nothing.
  private var output: OutputFormat? {
    if let choice = try? OutputFormat.choice(format, json: json) { return choice }
    if table != nil { return .csv }
    return csv == nil && html == nil ? .text : nil
  }

  /// What the tables need that are written: text alone shows none.
  private var rows: OptionalRows {
    if csv != nil || html != nil || output == .json && table == nil { return AnalysisRegistry.rows() }
    return table.map { AnalysisRegistry.rows(for: $0) } ?? []
  }

  /// What the outputs need.
  private var contents: ReportContents {
    if html != nil { return .all }
    let printed: ReportContents =
      switch (output, table) {
      case (nil, _): .availability
      case (_, let table?): .table(table)
      // It says how many rows of each table a filter chooses.
      case (.text, nil): filters.isEmpty ? .summary : .all
      case (.json, nil): ReportContents(tables: nil, hasFindings: true)
      case (.csv, nil): .tables
      }
    return csv == nil ? printed : printed.union(.tables)
  }

  func run() throws {
    var status = RunStatus()
    let sink = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
    do {
      for (number, file) in (files.isEmpty ? ["trace.dat"] : files).enumerated() {
        let contents = contents
        // A page draws rows of every kind.
        let kinds = html == nil ? contents.rows() : .all
        guard let loaded = reading.loadToRead(file, model, kinds: kinds, top: top, making: rows, &status) else {
          continue
        }
        var context = (addresses ?? (html == nil ? .raw : .hash)).applied(to: loaded.context)
        context.filter = try filters.rowFilter(for: context)
        let report = Report(context, contents, jobs: reading.jobs)
        if number > 0, output == .text { try sink.write("\n") }
        try write(report, to: sink)
        if let html { try PageOutput(report, loaded.session, model).write(to: html) }
        try sink.flush()
      }
    } catch let error as OutputError {
      status.fail(error)
    } catch let error as TraceError {
      status.fail(error)
    }
    try status.exit()
  }

  private func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    if let csv { try CSVDirectory.write(report, to: csv, with: CSVWriter(isRaw: csvRaw, jobs: reading.jobs)) }
    let result = table.flatMap(report.table)
    let text = TextReport(isColoured: reading.color.isColoured, width: StandardStreams.columns)
    let json = JSONWriter(version: Proxytrace.programVersion, jobs: reading.jobs)
    switch (output, result) {
    case (.text, nil): try text.write(report, to: sink)
    case (.text, let table?): try text.write(table, of: report.context, to: sink)
    case (.json, nil): try json.write(report, to: sink)
    case (.json, let table?): try json.write(table, of: report.context, to: sink)
    case (.csv, let table?):
      let isTerminal = StandardStreams.isTerminal(STDOUT_FILENO)
      try CSVWriter(isRaw: csvRaw, escapesControls: isTerminal, jobs: reading.jobs).write(table, to: sink)
    case (.csv, nil), (nil, _): break
    }
    if let csv, output == nil {
      let count = report.tables.reduce(0) { $0 + $1.table.rowCount }
      try sink.write("\(TextEscape.terminal(csv)): \(report.tables.count) tables with \(count) rows\n")
    }
    // Whole reports contain what was lost or skipped; tables alone do not.
    let isWholeReport = table == nil && (output == .text || output == .json)
    if !isWholeReport {
      for problem in CaptureText.problems(of: report.context) { RunStatus.warn(problem) }
      if output == .csv, let table = result, let reason = table.notAvailable {
        RunStatus.warn("\(report.context.capture.path): \(table.name): \(reason)")
      }
      // Text says it in the table's place.
      for table in result.map({ [$0] }) ?? report.tables where table.isEmptiedByFilter && output != .text {
        RunStatus.warn("\(report.context.capture.path): \(FilterText.nothingChosen(in: table))")
      }
    }
  }
}
