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
    ]
    columns += taskColumns("", "the task that runs: rq->curr", in: context) { $0.task }
    columns += taskColumns(
      "donor", "rq->donor where it is another task; empty for its own account, or where not known", in: context
    ) {
      $0.donor
    }
    columns += evidenceColumns("how the account is known; unknown: it may be another task's") { $0.evidence }
    return [Table(name, rows: context.rows.runs, columns: columns)]
  }
}
