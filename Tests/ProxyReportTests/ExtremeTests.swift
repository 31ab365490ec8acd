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
    context.timeline.waits += context.timeline.waits
    for i in context.timeline.waits.indices { context.timeline.waits[i].length = .max }
    for i in context.timeline.holds.indices { context.timeline.holds[i].end = Timestamp(0) }
    for i in context.timeline.splits.indices { context.timeline.splits[i].end = Timestamp(.max) }
    for i in context.timeline.inversions.indices { context.timeline.inversions[i].begin = Timestamp(.max) }
    context.timeline.handoffs += context.timeline.handoffs
    for i in context.timeline.handoffs.indices { context.timeline.handoffs[i].end = Timestamp(1 << 63) }
    return context
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
