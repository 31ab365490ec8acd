import Foundation
import ProxyAnalysis
import ProxyReport
import Testing
import TraceCore

/// What reports say of filters, in every format.
struct FilterTests {
  private static func text(_ context: ReportContext, _ filter: RowFilter) throws -> String {
    var context = context
    context.filter = filter
    let sink = ByteSink()
    try TextReport().write(Report(context), to: sink)
    return sink.text
  }

  private static func window(_ from: UInt64, _ to: UInt64) -> RowFilter {
    RowFilter(from: Sample.at(from), to: Sample.at(to))
  }

  private static func tasks(_ pids: String) -> RowFilter { RowFilter(pids: NumberList(pids)) }

  private static let inversion = Sample.context(Sample.inversion, proxies: true)

  @Test func findingsAndBlocksAreOfTheChosenRows() throws {
    var context = Self.inversion
    context.filter = Self.window(3950, 9000)
    let report = Report(context)
    #expect(report.findings.map(\.worst.place) == [.handoff(2)])
    #expect(report.blocks.first { $0.title == "Top owners" } == nil)
    let text = try Self.text(Sample.context(), Self.window(1000, 1100))
    #expect(text.contains("besides 1 wait for other locks"))
    #expect(!text.contains("owner   60"))
  }

  @Test func theHeadSaysWhatWasChosen() throws {
    let filter = RowFilter(
      cpus: NumberList("0,2-3"), from: Sample.at(931), to: Sample.at(1200), pids: NumberList("62"),
      comm: CommPattern("\u{1b}*"))
    let text = try Self.text(Sample.context(), filter)
    #expect(text.contains("chosen: CPU 0,2-3; from 15.000931; to 15.001200; pid 62; name \\x1b*\n"))
    #expect(
      text.contains("rows: cpus 1 of 2, waits none of 4, segments none of 9, chains none of 3,\n  runs none of 6,"))
    #expect(text.contains("durations of rows that cross the window's edge are whole\n"))
    #expect(text.contains("sums per CPU and per task (cpus, tasks) are those of the whole trace\n"))
    #expect(text.contains("Top waiters\n  no wait is chosen\n"))
    for line in text.split(separator: "\n") { #expect(line.count <= 80) }
    #expect(try !Self.text(Sample.context(), RowFilter()).contains("chosen"))
  }

  @Test func cpusAreSummedAsChosen() throws {
    let context = Sample.context()
    #expect(try Self.text(context, Self.window(0, 1)).contains("  all    2.175   54.4"))
    #expect(try !Self.text(context, RowFilter(cpus: NumberList("0"))).contains("  all "))
    #expect(try !Self.text(context, RowFilter(cpus: NumberList("5"))).contains("\nCPUs\n"))
  }

  @Test func aTableWithNothingChosenSaysSo() throws {
    var context = Sample.context()
    context.filter = Self.tasks("99")
    let (sink, report) = (ByteSink(), Report(context))
    try TextReport().write(#require(report.table("waits")), of: report.context, to: sink)
    #expect(sink.text == "waits: the filters choose none of 4 rows\n")
    // A table that never had rows is another matter.
    #expect(report.table("splits")?.isEmptiedByFilter == false)
    #expect(report.table("gaps")?.isEmptiedByFilter == false)
  }

  @Test func jsonSaysWhatWasChosen() throws {
    var context = Sample.context()
    context.filter = RowFilter(from: Sample.at(1700), pids: NumberList("60"))
    let sink = ByteSink()
    try JSONWriter(version: "0").write(Report(context), to: sink)
    let document = try #require(JSONSerialization.jsonObject(with: Data(sink.bytes)) as? [String: Any])
    let filter = try #require(document["filter"] as? [String: Any])
    #expect(filter["pids"] as? String == "60")
    #expect(filter["from"] as? UInt64 == 15_001_700_000)
    #expect(filter["to"] is NSNull && filter["cpus"] is NSNull && filter["comm"] is NSNull)
    #expect((filter["notes"] as? [String])?.first == "durations of rows that cross the window's edge are whole")
    let tables = try #require(document["tables"] as? [String: [String: Any]])
    #expect(tables["waits"]?["unfiltered_rows"] as? Int == 4)
    #expect((tables["waits"]?["rows"] as? [Any])?.isEmpty == true)
  }
}
