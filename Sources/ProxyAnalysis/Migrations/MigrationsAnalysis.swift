import ProxyModel
import TraceCore

/// Where blocked donors were moved.
enum MigrationsAnalysis: Analysis {
  static let name = "migrations"
  static let purpose = "where blocked donors were moved"
  static let needs = [EventNeed.event(.contentionBegan), .event(.waking)]
  static let tableRows: RowKinds = .migrations
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.migrations, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = MigrationRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == MigrationRow {
      output.word(
        "kind",
        "proxy: to its owner's CPU, which emits no event; return: back, when it is woken; steered: by its BPF scheduler",
        by: { $0.kind })
      output.task("", "the donor") { $0.task }
      output.number("from_cpu", "the CPU that it leaves") { $0.from }
      output.number("to_cpu", "the CPU that it comes to") { $0.to }
      output.instant("time_ns", "when it moves, or when that shows") { $0.time }
      output.seconds("time_s", "time_ns since the capture began") { $0.time }
      output.reference("wait_id", "the donor's wait, in the table waits; empty where none is known") { $0.wait }
      output.evidence("how it is known") { $0.evidence }
    }
  }
}
