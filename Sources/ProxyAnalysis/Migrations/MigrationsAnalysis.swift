import ProxyModel
import TraceCore

/// Where blocked donors were moved.
enum MigrationsAnalysis: Analysis {
  static let name = "migrations"
  static let purpose = "where blocked donors were moved"
  static let needs = [EventNeed.event(.contentionBegan), .event(.waking)]

  static func tables(_ context: ReportContext) -> [Table] {
    [
      Table(
        "migrations", rows: context.rows.migrations,
        columns: [
          .word("kind", "proxy: to its owner's CPU, which emits no event; return: back, when it is woken") {
            $0.kind.rawValue
          },
          .pid("pid", "pid of the donor") { $0.task },
          .comm("comm", "name of the donor") { $0.task.comm },
          .number("from_cpu", "the CPU that it leaves") { $0.from },
          .number("to_cpu", "the CPU that it comes to") { $0.to },
          .instant("time_ns", "when it moves, or when that shows") { $0.time },
          .seconds("time_s", "time_ns since the capture began", in: context) { $0.time },
          .evidence("how it is known") { $0.evidence },
        ])
    ]
  }
}
