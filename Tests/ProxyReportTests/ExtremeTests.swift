import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore

/// Figures that only a damaged file can hold must not end the program.
struct ExtremeTests {
  private static func context(begin: UInt64, end: UInt64) -> ReportContext {
    var context = Sample.context(Sample.inversion, proxies: true)
    context.timeline.begin = Timestamp(begin)
    context.timeline.end = Timestamp(end)
    context.timeline.cpus += context.timeline.cpus
    for i in context.timeline.cpus.indices {
      context.timeline.cpus[i].busy = .max
      context.timeline.cpus[i].lost = .max
      context.timeline.cpus[i].switches = .max
      context.timeline.cpus[i].lostEvents = .max
    }
    let timeline = context.timeline
    context.timeline.waits = changed(timeline.waits + Array(timeline.waits)) { $0.length = .max }
    context.timeline.holds = changed(timeline.holds) { $0.end = Timestamp(0) }
    context.timeline.splits = changed(timeline.splits) { $0.end = Timestamp(.max) }
    context.timeline.inversions = changed(timeline.inversions) { $0.begin = Timestamp(.max) }
    context.timeline.handoffs = changed(timeline.handoffs + Array(timeline.handoffs)) { $0.end = Timestamp(1 << 63) }
    return context
  }

  private static func changed<Row>(_ rows: some Sequence<Row>, _ change: (inout Row) -> Void) -> Rows<Row> {
    Rows(
      rows.map { row in
        var row = row
        change(&row)
        return row
      })
  }

  private static let spans: [(UInt64, UInt64)] = [
    (0, .max), (.max, 0), (1 << 63, (1 << 63) - 1), (0, UInt64(Int64.max)),
  ]

  @Test(arguments: spans)
  func nothingTraps(_ begin: UInt64, _ end: UInt64) throws {
    let report = Report(Self.context(begin: begin, end: end))
    let sink = ByteSink()
    try TextReport().write(report, to: sink)
    try JSONWriter(version: "0").write(report, to: sink)
    try InfoText().write(report, CaptureCensus(), to: sink)
    for table in report.tables {
      try CSVWriter().write(table, to: sink)
      try TextReport().write(table, of: report.context, to: sink)
    }
    #expect(!sink.bytes.isEmpty)
  }
}
