import ProxyModel
import TraceCore

/// What each wait was spent on, stretch by stretch.
enum SegmentsAnalysis: Analysis {
  static let name = "segments"
  static let purpose = "what each wait was spent on, stretch by stretch"
  static let needs = [EventNeed].waits
  static let rows = OptionalRows.segments
  // A filter by task looks at the waiter.
  static let tableRows: RowKinds = .waits
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    var columns: [TableColumn<SegmentRow>] = [
      .reference("wait_id", "the wait, in the table waits") { $0.wait },
      .instant("begin_ns", "beginning of the stretch") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of the stretch: the next one of the wait begins, or the wait ends") { $0.end },
      .word("class", "what the wait was spent on: \(WaitClass.allCases.map(\.name).joined(separator: ", "))") {
        $0.kind.name
      },
      .number("cpu", "self: the CPU that the waiter is on; else that whose runqueue the chain's last owner is on") {
        $0.cpu
      },
    ]
    columns += taskColumns("owner", "the chain's last owner; empty where the class does not depend on it", in: context)
    { $0.owner }
    columns += taskColumns("curr", "the task that runs on cpu, 0 for the idle task", in: context) { $0.curr }
    columns += taskColumns(
      "donor", "the task on whose account curr runs; empty for its own, or where not known", in: context
    ) {
      $0.donor
    }
    columns += evidenceColumns("how the row is known: as its weakest part") { $0.evidence }
    return [Table(name, rows: context.rows.segments, columns: columns)]
  }
}
