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
    [Table(name, of: context.rows.runs, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = RunRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == RunRow {
      output.number("cpu", "the CPU") { $0.cpu }
      output.instant("begin_ns", "beginning of the stretch") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the stretch: the CPU runs another task, or on another account") { $0.end }
      output.task("", "the task that runs: rq->curr") { $0.task }
      output.task("donor", "rq->donor where it is another task; empty for its own account, or where not known") {
        $0.donor
      }
      output.evidence("how the account is known; unknown: it may be another task's") { $0.evidence }
    }
  }
}
