import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

/// The whole of every format, for a small capture.
struct ReportTests {
  private static func text(_ context: ReportContext, coloured: Bool = false) throws -> String {
    let sink = ByteSink()
    try TextReport(isColoured: coloured).write(Report(context), to: sink)
    return sink.text
  }

  @Test func goldenText() throws {
    try Golden.expect(Self.text(Sample.context(symbols: [Sample.mutex: "big\u{1b}_mutex"])), equals: "sample.txt")
  }

  @Test func goldenTextOfAnInversion() throws {
    let context = Sample.context(Sample.inversion, symbols: [Sample.mutex: "big_mutex"], proxies: true)
    try Golden.expect(Self.text(context), equals: "inversion.txt")
    for name in ["chains", "splits", "inversions"] {
      let sink = ByteSink()
      try CSVWriter().write(#require(Report(context).table(name)), to: sink)
      try Golden.expect(sink.text, equals: "inversion-\(name).csv")
    }
  }

  @Test func goldenTextOfAClockWithoutNanoseconds() throws {
    try Golden.expect(Self.text(Sample.context(clock: Sample.counter)), equals: "counter.txt")
  }

  /// Analyses that run beside each other come to what they come to one after the other.
  @Test func threadsChangeNothing() throws {
    for context in [Sample.context(), Sample.context(Sample.inversion, proxies: true)] {
      let outputs = try [1, 2, 8].map { jobs in
        let sink = ByteSink()
        let report = Report(context, jobs: jobs)
        try JSONWriter(version: "0").write(report, to: sink)
        try TextReport().write(report, to: sink)
        return sink.bytes
      }
      #expect(!outputs[0].isEmpty && outputs[0] == outputs[1] && outputs[0] == outputs[2])
    }
  }

  @Test func goldenJSON() throws {
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(Sample.context()), to: sink)
    try Golden.expect(sink.text, equals: "sample.json")
  }

  @Test(arguments: Report.tableNames) func goldenCSV(_ name: String) throws {
    let sink = ByteSink()
    try CSVWriter().write(#require(Report(Sample.context()).table(name)), to: sink)
    try Golden.expect(sink.text, equals: "\(name).csv")
  }

  @Test func goldenInfo() throws {
    var census = CaptureCensus()
    for event in Sample.events { census.count(event) }
    let sink = ByteSink()
    try InfoText().write(Report(Sample.context(roles: [.switched, .contentionBegan])), census, to: sink)
    try Golden.expect(sink.text, equals: "info.txt")
  }

  @Test func aTableAsTextShowsEveryColumn() throws {
    let (sink, report) = (ByteSink(), Report(Sample.context()))
    try TextReport().write(#require(report.table("gaps")), of: report.context, to: sink)
    #expect(
      sink.text == """
        id  cpu     begin_ns       end_ns  lost_events
         1    1  15001180000  15001500000           12

        """)
  }

  @Test func withoutNanosecondsNothingIsASecond() throws {
    let context = Sample.context(clock: Sample.counter)
    let text = try Self.text(context)
    #expect(!text.contains(" ms") && !text.contains(" s from"))
    #expect(text.contains("steps"))
    let waits = try #require(Report(context).table("waits")).table
    let place = try #require(waits.columns.firstIndex { $0.name == "begin_s" })
    waits.forEachRow { #expect($0[place] == .empty) }
    #expect(waits.columns[place - 1].unit(of: context.capture.clock) == "clock steps")
  }

  @Test func whatIsNotAvailableNamesTheEvent() throws {
    let events = [Sample.switched(0, cpu: 0, Sample.idle, .running, Sample.donor)]
    let text = try Self.text(Sample.context(events, roles: [.switched]))
    #expect(text.contains("who waited for which lock: needs lock:contention_begin and lock:contention_end"))
    #expect(!text.contains("Top"))
    // A sum that nothing was counted for is not 0 but unknown.
    let tasks = try #require(Report(Sample.context(events, roles: [.switched])).table("tasks")).table
    let place = try #require(tasks.columns.firstIndex { $0.name == "wait_ns" })
    tasks.forEachRow { #expect($0[place] == .empty) }
  }

  /// That nobody waited is said only where it shows.
  @Test func noWaitIsNotAWaitThatIsNotShown() throws {
    func verdict(_ context: ReportContext) throws -> String {
      try Self.text(context).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    #expect(try verdict(Sample.context([])).contains("No task waited for a mutex."))
    let events = [Sample.switched(0, cpu: 0, Sample.idle, .running, Sample.donor)]
    let unseen = try verdict(Sample.context(events, roles: [.switched, .contentionEnded]))
    #expect(unseen.contains("Who waits is not recorded: needs lock:contention_begin") && !unseen.contains("No task"))
    var filtered = Sample.context()
    filtered.filter.pids = NumberList("99999")
    let none = try verdict(filtered)
    #expect(none.contains("The filter chooses no wait for a mutex.") && !none.contains("No task"))
  }

  @Test func recordedEventsThatDidNotHappenAreAnAnswer() throws {
    let events = [Sample.switched(0, cpu: 0, Sample.idle, .running, Sample.donor)]
    let report = Report(Sample.context(events))
    #expect(report.table("waits")?.notAvailable == nil)
    #expect(try Self.text(Sample.context(events)).contains("no task waited for a sleeping lock"))
  }

  /// The columns of the ten classes sum to wait_ns, in every row.
  @Test func classesSumToTheWait() throws {
    let waits = try #require(Report(Sample.context()).table("waits")).table
    func integer(_ name: String, _ cells: [Cell]) -> Int64? {
      guard let place = waits.columns.firstIndex(where: { $0.name == name }), case .integer(let value) = cells[place]
      else { return nil }
      return value
    }
    let classes = "self handoff unknown proxied running inverted preempted delayed waking sleeping"
      .split(separator: " ")
    waits.forEachRow { cells in
      let sum = classes.reduce(Int64(0)) { $0 + (integer("\($1)_ns", cells) ?? .min) }
      #expect(sum == integer("wait_ns", cells))
    }
  }

  @Test func linesAreNotTooWide() throws {
    for line in try Self.text(Sample.context()).split(separator: "\n") { #expect(line.count <= 80) }
  }

  @Test func coloursGoWhereTheyAreWanted() throws {
    #expect(try !Self.text(Sample.context()).contains("\u{1b}"))
    #expect(try Self.text(Sample.context(), coloured: true).contains("\u{1b}[1mCPUs\u{1b}[0m"))
  }
}
