import ProxyModel
import TraceCore

/// Who ran on each CPU, and on whose account.
enum RunsAnalysis: Analysis {
  static let name = "runs"
  static let purpose = "who ran on each CPU, and on whose account"
  static let needs = [EventNeed.event(.switched)]
  static let rows = OptionalRows.runs
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    var columns: [TableColumn<RunRow>] = [
      .number("cpu", "the CPU") { $0.cpu },
      .instant("begin_ns", "beginning of the stretch") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of the stretch: the CPU runs another task, or on another account") { $0.end },
      .pid("pid", "pid of the task that runs: rq->curr") { $0.task },
      .comm("comm", "its name") { $0.task.comm },
      .priority("prio", "its kernel priority; smaller is more urgent") { $0.task.priority },
    ]
    columns += taskColumns("donor", "rq->donor where it is another task; empty for its own account, or where not known")
    {
      $0.donor
    }
    columns += [
      .evidence("how the account is known; unknown: it may be another task's") { $0.evidence },
      .rule { $0.evidence },
    ]
    return [Table(name, rows: context.rows.runs, columns: columns)]
  }
}
