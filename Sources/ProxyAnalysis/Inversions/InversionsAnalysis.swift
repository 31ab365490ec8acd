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
    var columns: [TableColumn<InversionRow>] = [
      .reference("wait_id", "the wait, in the table waits") { $0.wait },
      .instant("begin_ns", "beginning of the window") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of the window") { $0.end },
      .duration("duration_ns", "length of the window") { $0.length },
    ]
    columns += taskColumns("waiter", "the waiting task", in: context) { $0.waiter }
    columns += lockColumns("address of the lock that it waits for", in: context) { $0.lock }
    columns += taskColumns("owner", "the chain's last owner, which should have run", in: context) { $0.owner }
    columns.append(.number("cpu", "the CPU on which it should have run") { $0.cpu })
    columns += taskColumns("culprit", "the task that ran instead, the longest of them", in: context) {
      $0.culprits.first?.task
    }
    columns += [
      .word("culprits", "pids of all that ran instead, the longest first") { row in
        JoinedNumbers.pids(row.culprits, "+") { $0.task.pid }
      }
    ]
    columns += evidenceColumns("how the owner is known") { $0.evidence }
    return [
      Table("inversions", rows: context.rows.inversions, columns: columns)
    ]
  }
}
