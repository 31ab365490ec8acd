import Foundation
import ProxyAnalysis
import ProxyModel
import ProxyReport
import Testing
import TraceCore

/// What reports say of a BPF scheduler, and of callbacks without a partner, in every format.
struct SchedextTests {
  /// Names are the capture's: a terminal's escape sequence, a formula, a quote.
  private static let evil = TaskSnapshot(pid: 71, priority: Priority(120), comm: Comm(Array("=x\u{1b}[2J\"<b>".utf8)))
  private static let other = TaskSnapshot(pid: 72, priority: Priority(100), comm: "other")

  private static func mark(_ time: UInt64, _ kind: MarkRecord.Kind, _ pid: Pid, current: Pid) -> SchedEvent {
    SchedEvent(timestamp: Sample.at(time), cpu: 0, pid: current, body: .mark(MarkRecord(kind, pid: pid)))
  }

  private static func note(_ time: UInt64, _ record: SchedExtRecord) -> SchedEvent {
    SchedEvent(timestamp: Sample.at(time), cpu: 0, pid: 71, body: .schedExt(record))
  }

  /// The second `running` of 71 lacks a `stopping` before it.
  private static let events: [SchedEvent] = [
    mark(0, .running, 72, current: 71), Sample.switched(1, cpu: 0, evil, .preempted, other),
    mark(10, .stopping, 72, current: 72), mark(11, .running, 71, current: 72),
    Sample.switched(12, cpu: 0, other, .preempted, evil),
    note(13, SchedExtRecord(.counter, name: ShortName(counter: "SCX_EV_BYPASS_DISPATCH".utf8), value: 3)),
    note(14, SchedExtRecord(.counter, name: ShortName(counter: "SCX_EV_BYPASS_DISPATCH".utf8), value: 4)),
    mark(20, .running, 71, current: 71), mark(25, .enqueue, 72, current: 71), mark(30, .stopping, 71, current: 71),
    Sample.switched(31, cpu: 0, evil, .interruptible, Sample.idle),
    note(40, SchedExtRecord(.exit, name: ShortName("bad\u{1b}[31m<i>"), value: 64)),
  ]

  private static func text(_ context: ReportContext) throws -> String {
    let sink = ByteSink()
    try TextReport().write(Report(context), to: sink)
    // Lines are broken where the screen ends.
    return sink.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test func textTellsOfTheScheduler() throws {
    let text = try Self.text(Sample.context(Self.events))
    #expect(text.contains("a BPF scheduler was loaded: seen from 15.000000 to 15.000030"))
    #expect(text.contains("callbacks: 3 running, 2 stopping, 1 enqueue; nr_blocked_enqueues 0"))
    #expect(text.contains("BYPASS_DISPATCH 7 2"))
    #expect(
      text.contains("scheduler bad\\x1b[31m<i> was unloaded at 15.000040 (reason 64: its program unregistered it)"))
    #expect(text.contains("sched_ext: running without stopping, once"))
    #expect(!text.unicodeScalars.contains("\u{1b}"))
  }

  @Test func whatWasNotRecordedIsNotKnown() throws {
    let roles = EventRole.allCases.filter { $0 != .contentionBegan }
    let text = try Self.text(Sample.context(Self.events, roles: roles))
    #expect(text.contains("nr_blocked_enqueues not known"))
    #expect(text.contains("nr_blocked_enqueues: needs"))
    #expect(text.contains("which callbacks were called for donors and owners: needs"))
  }

  @Test func withoutASchedulerNothingIsSaid() throws {
    #expect(!(try Self.text(Sample.context())).contains("sched_ext\n"))
  }

  @Test func everyFormatHasTheRow() throws {
    let report = Report(Sample.context(Self.events))
    let table = try #require(report.table("pairing"))
    let csv = ByteSink()
    try CSVWriter(isRaw: false).write(table, to: csv)
    let row = try #require(csv.text.split(separator: "\n").last)
    #expect(
      row.hasPrefix(
        "1,running-without-stopping,0,15000011000,0.000011000,71,\"'=x\u{1b}[2J\"\"<b>\",120,0,15000020000,"))
    #expect(row.hasSuffix(",running is followed by running of 71"))
    let json = ByteSink()
    try JSONWriter(version: "0").write(report, to: json)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
    let schedExt = try #require(object["sched_ext"] as? [String: Any])
    #expect(schedExt["running"] as? Int == 3 && schedExt["nr_blocked_enqueues"] as? Int == 0)
    #expect((schedExt["counters"] as? [[String: Any]])?.first?["sum"] as? Int == 7)
    #expect((schedExt["exits"] as? [[String: Any]])?.first?["scheduler"] as? String == "bad\u{1b}[31m<i>")
    #expect((schedExt["tasks"] as? [[String: Any]])?.count == 2)
  }

  @Test func filtersChooseRows() {
    var context = Sample.context(Self.events)
    context.filter = RowFilter(pids: NumberList("72"))
    #expect(Report(context).table("pairing")?.isEmptiedByFilter == true)
    context.filter = RowFilter(from: Sample.at(21))
    #expect(Report(context).table("pairing")?.isEmptiedByFilter == true)
    context.filter = RowFilter(from: Sample.at(15), to: Sample.at(16))
    #expect(Report(context).table("pairing")?.table.rowCount == 1)
  }
}
