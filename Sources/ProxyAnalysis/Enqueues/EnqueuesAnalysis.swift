import ProxyModel
import TraceCore

/// Where a sched_ext scheduler put the blocked donors that it was handed.
enum EnqueuesAnalysis: Analysis {
  static let name = "enqueues"
  static let purpose = "where a BPF scheduler put blocked donors"
  static let needs = [
    EventNeed.event(.contentionBegan), .event(.switched), .anyOf(.enqueued, .message),
  ]
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.enqueues, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = EnqueueRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == EnqueueRow {
      output.instant("time_ns", "when ops.enqueue() was called") { $0.time }
      output.seconds("time_s", "time_ns since the capture began") { $0.time }
      output.task("donor", "the blocked task") { $0.donor }
      output.number("cpu", "the CPU on whose runqueue it was") { $0.cpu }
      output.task("owner", "the owner of the mutex that it waited for") { $0.owner }
      output.number("owner_cpu", "where the owner ran, or ran last") { $0.ownerCPU }
      output.word(
        "owner_state", "what the owner did: \(EnqueueRow.OwnerState.allCases.map(\.rawValue).joined(separator: ", "))",
        by: { $0.ownerState })
      output.word(
        "reason", "why the scheduler was asked: \(EnqueueRow.Reason.allCases.map(\.rawValue).joined(separator: ", "))",
        by: { $0.reason })
      output.number(
        "placed_cpu", "the CPU of the local dispatch queue that it was put into, or else where it next donated"
      ) {
        $0.placedCPU
      }
      output.address(Column("placed_dsq", .address, "the dispatch queue that the mark states")) { $0.dispatchQueue }
      output.duration(
        "donated_after_ns", "until an owner ran on its account; empty where none did before the wait ended"
      ) {
        $0.donatedAfter
      }
      output.reference("wait_id", "the wait, in the table waits; empty where the capture does not show it") { $0.wait }
      output.evidence("how the owner and the reason are known") { $0.evidence }
    }
  }
}
