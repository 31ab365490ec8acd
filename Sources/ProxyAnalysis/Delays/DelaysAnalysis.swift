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
    var columns: [TableColumn<DelayRow>] = taskColumns("", "the task that was runnable", in: context) { $0.task }
    columns += [
      .instant("begin_ns", "it became runnable") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "it was switched in; empty where the capture ended first") { $0.end },
      .duration("delay_ns", "from begin_ns to end_ns, or to the capture's end") { $0.length },
      .duration("waking_ns", "from its sched_waking to begin_ns; empty where it was not woken, or that was not seen") {
        $0.waking
      },
      .number("cpu", "the CPU on whose runqueue it was, at last") { $0.cpu },
      .word(
        "cause",
        "woken; preempted: it left its CPU runnable; new: for the first time; migrated: any of these, and moved since"
      ) { $0.cause.rawValue },
    ]
    columns += taskColumns("culprit", "the task that ran there meanwhile, the longest of them", in: context) {
      $0.culprits.first?.task
    }
    columns += [
      .word("culprits", "pids of those that ran meanwhile, the longest first; 16 at most") { row in
        row.culprits.map { String($0.task.pid) }.joined(separator: "+")
      },
      .reference("wait_id", "the wait that it was in, in the table waits; empty for none") { $0.wait },
    ]
    columns += evidenceColumns("how the row is known") { $0.evidence }
    return [Table(name, rows: context.rows.delays, columns: columns)]
  }
}
