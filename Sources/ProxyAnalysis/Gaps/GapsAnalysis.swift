import ProxyModel
import TraceCore

/// Where the ring buffer dropped records.
enum GapsAnalysis: Analysis {
  static let name = "gaps"
  static let purpose = "where events were lost"
  static let needs: [EventNeed] = []
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.gaps, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = GapRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == GapRow {
      output.number("cpu", "the CPU whose records are missing") { $0.cpu }
      output.instant("begin_ns", "the last record before the gap, or the capture's beginning") { $0.begin }
      output.instant("end_ns", "the first record after the gap, or the capture's end") { $0.end }
      output.count(
        "lost_events",
        "records that are missing; empty where the ring buffer did not count; 0 before a CPU's first record and after its last"
      ) {
        $0.lostEvents
      }
    }
  }
}
