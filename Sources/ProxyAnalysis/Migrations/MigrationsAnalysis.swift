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
    var columns: [TableColumn<MigrationRow>] = [
      .word(
        "kind",
        "proxy: to its owner's CPU, which emits no event; return: back, when it is woken; steered: by its BPF scheduler"
      ) { $0.kind.rawValue }
    ]
    columns += taskColumns("", "the donor", in: context) { $0.task }
    columns += [
      .number("from_cpu", "the CPU that it leaves") { $0.from },
      .number("to_cpu", "the CPU that it comes to") { $0.to },
      .instant("time_ns", "when it moves, or when that shows") { $0.time },
      .seconds("time_s", "time_ns since the capture began", in: context) { $0.time },
      .reference("wait_id", "the donor's wait, in the table waits; empty where none is known") { $0.wait },
    ]
    columns += evidenceColumns("how it is known") { $0.evidence }
    return [Table("migrations", rows: context.rows.migrations, columns: columns)]
  }
}
