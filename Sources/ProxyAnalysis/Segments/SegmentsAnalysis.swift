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
    [Table(name, of: context.rows.segments, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = SegmentRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == SegmentRow {
      output.reference("wait_id", "the wait, in the table waits") { $0.wait }
      output.instant("begin_ns", "beginning of the stretch") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the stretch: the next one of the wait begins, or the wait ends") { $0.end }
      output.word(
        Column(
          "class", .word, "what the wait was spent on: \(WaitClass.allCases.map(\.name).joined(separator: ", "))"),
        by: { $0.kind }, word: { $0.name })
      output.number(
        "cpu", "self: the CPU that the waiter is on; else that whose runqueue the chain's last owner is on"
      ) { $0.cpu }
      output.task("owner", "the chain's last owner; empty where the class does not depend on it") { $0.owner }
      output.task("curr", "the task that runs on cpu, 0 for the idle task") { $0.curr }
      output.task("donor", "the task on whose account curr runs; empty for its own, or where not known") { $0.donor }
      output.evidence("how the row is known: as its weakest part") { $0.evidence }
    }
  }
}
