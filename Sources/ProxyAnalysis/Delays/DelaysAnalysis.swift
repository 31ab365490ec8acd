import ProxyModel
import TraceCore

/// How long runnable tasks waited for a CPU.
enum DelaysAnalysis: Analysis {
  static let name = "delays"
  static let purpose = "how long runnable tasks waited for a CPU"
  static let needs = [EventNeed.event(.switched), .event(.wakeup)]
  static let rows = OptionalRows.delays
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.delays.choosing(context.timeline.delayBriefs), in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = DelayBrief

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == DelayBrief {
      output.task("", "the task that was runnable") { $0.task }
      output.instant("begin_ns", "it became runnable") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "it was switched in; empty where the capture ended first") { $0.end }
      output.duration("delay_ns", "from begin_ns to end_ns, or to the capture's end") { $0.length }
      output.duration(
        "waking_ns", "from its sched_waking to begin_ns; empty where it was not woken, or that was not seen"
      ) {
        $0.waking
      }
      output.number("cpu", "the CPU on whose runqueue it was, at last") { $0.cpu }
      output.word(
        "cause",
        "woken; preempted: it left its CPU runnable; new: for the first time; migrated: any of these, and moved since",
        by: { $0.cause })
      output.task("culprit", "the task that ran there meanwhile, the longest of them") { $0.culprit }
      output.pids(
        "culprits", "pids of those that ran meanwhile, the longest first; 16 at most", "+",
        count: { $0.culpritCount },
        add: { row, list in for place in 0..<row.culpritCount { list.add(row.culprits[place]) } })
      output.reference("wait_id", "the wait that it was in, in the table waits; empty for none") { $0.wait }
      output.evidence("how the row is known") { $0.evidence }
    }
  }
}
