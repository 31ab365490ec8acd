import ProxyModel
import TraceCore

/// When a less urgent task kept a lock's owner from running.
enum InversionsAnalysis: Analysis {
  static let name = "inversions"
  static let purpose = "when a less urgent task kept a lock's owner from running"
  static let needs = [EventNeed].owners
  static let tableRows: RowKinds = .inversions
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.inversions, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = InversionRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == InversionRow {
      output.reference("wait_id", "the wait, in the table waits") { $0.wait }
      output.instant("begin_ns", "beginning of the window") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the window") { $0.end }
      output.duration("duration_ns", "length of the window") { $0.length }
      output.task("waiter", "the waiting task") { $0.waiter }
      output.lock("address of the lock that it waits for") { $0.lock }
      output.task("owner", "the chain's last owner, which should have run") { $0.owner }
      output.number("cpu", "the CPU on which it should have run") { $0.cpu }
      output.task("culprit", "the task that ran instead, the longest of them") { $0.culprits.first?.task }
      output.pids(
        "culprits", "pids of all that ran instead, the longest first", "+",
        count: { $0.culprits.count },
        add: { row, list in for culprit in row.culprits { list.add(culprit.task.pid) } })
      output.evidence("how the owner is known") { $0.evidence }
    }
  }
}
