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
    [Table(name, rows: context.rows.enqueues, columns: columns(context))]
  }

  private static func columns(_ context: ReportContext) -> [TableColumn<EnqueueRow>] {
    var columns: [TableColumn<EnqueueRow>] = [
      .instant("time_ns", "when ops.enqueue() was called") { $0.time },
      .seconds("time_s", "time_ns since the capture began", in: context) { $0.time },
    ]
    columns += taskColumns("donor", "the blocked task", in: context) { $0.donor }
    columns.append(.number("cpu", "the CPU on whose runqueue it was") { $0.cpu })
    columns += taskColumns("owner", "the owner of the mutex that it waited for", in: context) { $0.owner }
    columns += [
      .number("owner_cpu", "where the owner ran, or ran last") { $0.ownerCPU },
      .word(
        "owner_state", "what the owner did: \(EnqueueRow.OwnerState.allCases.map(\.rawValue).joined(separator: ", "))"
      ) { $0.ownerState.rawValue },
      .word(
        "reason", "why the scheduler was asked: \(EnqueueRow.Reason.allCases.map(\.rawValue).joined(separator: ", "))"
      ) { $0.reason.rawValue },
      .number("placed_cpu", "the CPU of the local dispatch queue that it was put into, or else where it next donated") {
        $0.placedCPU
      },
      TableColumn("placed_dsq", .address, "the dispatch queue that the mark states") {
        $0.dispatchQueue.map(Cell.address) ?? .empty
      },
      .duration("donated_after_ns", "until an owner ran on its account; empty where none did before the wait ended") {
        $0.donatedAfter
      },
      .reference("wait_id", "the wait, in the table waits; empty where the capture does not show it") { $0.wait },
    ]
    columns += evidenceColumns("how the owner and the reason are known") { $0.evidence }
    return columns
  }
}
