import ProxyModel
import TraceCore

/// How fast CPU time went from donor to owner, and locks from owner to waiter.
enum HandoffsAnalysis: Analysis {
  static let name = "handoffs"
  static let purpose = "how fast locks and CPU time were handed on"
  static let needs = [EventNeed].owners
  static let tableRows: RowKinds = .handoffs
  static let summaryRows: RowKinds = [.waits, .handoffs]

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.handoffs, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = HandoffRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == HandoffRow {
      output.word(
        "kind", "donation: of CPU time, from donor to owner; release: of the lock, from owner to waiter",
        by: { $0.kind })
      output.reference("wait_id", "the wait, in the table waits") { $0.wait }
      output.lock("address of the lock") { $0.lock }
      output.task("from", "the donor, or the former owner") { $0.from }
      output.task("to", "the task that runs now, or the new owner") { $0.to }
      output.instant("begin_ns", "donation: the waiter leaves its CPU; release: the lock is released") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "donation: the owner runs on the donor's account; release: contention_end") { $0.end }
      output.duration("latency_ns", "from begin_ns to end_ns") { $0.end - $0.begin }
      // Not by key paths: a step is read for each row.
      output.duration("wake_ns", "part of a release: until sched_waking; empty where a step did not happen") {
        $0.kind == .release ? $0.wake : nil
      }
      output.duration("queue_ns", "part of a release: from sched_waking to sched_wakeup") {
        $0.kind == .release ? $0.queue : nil
      }
      output.duration("run_ns", "part of a release: from sched_wakeup to the switch to the new owner") {
        $0.kind == .release ? $0.run : nil
      }
      output.duration("acquire_ns", "part of a release: from that switch to contention_end") {
        $0.kind == .release ? $0.acquire : nil
      }
      output.duration("admit_ns", "part of a donation: until a BPF scheduler was asked where to put the donor") {
        $0.admit
      }
      output.duration(
        "place_ns", "part of a donation: from then until the donor was on the CPU where the owner runs"
      ) {
        $0.place
      }
      output.duration("pick_ns", "part of a donation: from then to ops.running() for the donor") { $0.pick }
      output.duration("start_ns", "part of a donation: from then until the owner runs") { $0.start }
      output.flag("migrated", "yes: the kernel moved the waiter to another CPU in it; no") { $0.migrated }
      output.flag("steered", "yes: a BPF scheduler moved the donor to the CPU where the owner runs; no") { $0.steered }
      output.evidence("how it is known") { $0.evidence }
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    var donations = Durations()
    // Donations are of mutexes alone; releases of other locks are another matter.
    var releases = WaitKind.allCases.map { _ in Durations() }
    let timeline = context.timeline
    let mutex = WaitKind.allCases.firstIndex(of: .mutex) ?? 0
    for row in context.handoffBriefs {
      switch row.kind {
      case .donation: donations.append(row.end - row.begin)
      case .release:
        let isKnown = row.isMutex || row.wait >= timeline.waits.count
        let kind = isKnown ? .mutex : timeline.brief(ofWait: row.wait).kind
        // Not by the raw value, which is a text.
        let place = kind == .mutex ? mutex : WaitKind.allCases.firstIndex(of: kind) ?? 0
        releases[place].append(row.end - row.begin)
      }
    }
    let byKind = zip(WaitKind.allCases, releases).map { ("release, \($0.rawValue)", $1) }
    let latencies = [("donation", donations)] + byKind.sorted { $0.0 < $1.0 }
    let rows = latencies.filter { !$0.1.isEmpty }.map { name, durations -> [TextFragment] in
      let distribution = Distribution(durations)
      return [.plain(name), .count(UInt64(distribution.count))]
        + [50, 90, 99].map { .duration(distribution.percentile($0)) } + [.duration(distribution.max)]
    }
    guard !rows.isEmpty else { return [] }
    let table = SummaryTable(
      columns: [
        .init("handoff", .text), .init("count", .number), .init("p50", .duration), .init("p90", .duration),
        .init("p99", .duration), .init("max", .duration),
      ], rows: rows)
    return [SummaryBlock(.top, place: 6, "Handoff latency", [.table(table)])]
  }
}
