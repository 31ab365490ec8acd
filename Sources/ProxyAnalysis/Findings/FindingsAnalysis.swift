import ProxyModel
import TraceCore

/// What is wrong, by what it cost.
enum FindingsAnalysis: Analysis {
  static let name = "findings"
  static let purpose = "what is wrong, by what it cost"
  static let needs = [EventNeed.event(.switched)]
  static let tableRows: RowKinds = [.waits, .inversions, .stalls, .handoffs, .migrations, .deadlocks]
  static let summaryRows = tableRows

  static func tables(_ context: ReportContext) -> [Table] {
    let findings = context.findings
    return [
      Table(name, rows: ChosenRows(Rows(count: findings.count) { findings[$0] }), columns: columns(context))
    ]
  }

  private static func columns(_ context: ReportContext) -> [TableColumn<Finding>] {
    var columns: [TableColumn<Finding>] = [
      .word("kind", "what is wrong: \(Finding.Kind.allCases.map(\.rawValue).joined(separator: ", "))") {
        $0.kind.rawValue
      },
      .duration("cost_ns", "length of all its windows together; where windows overlap, time counts once") { $0.cost },
      .count("waits", "waits that it held up") { UInt64($0.waits) },
      .count("windows", "stretches of time that it is made of, counted for each wait") { UInt64($0.windows) },
      .duration("worst_ns", "its longest window") { $0.worst.length },
      .instant("begin_ns", "beginning of its first window") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of its last window") { $0.end },
      TableColumn("lock", .address, "address of the lock; empty where it is about none") {
        $0.lock.map { .address($0.rawValue) } ?? .empty
      },
      TableColumn("symbol", .text, "name of the lock; empty where the capture has none") { finding in
        finding.lock.flatMap { context.symbols[$0] }.map(Cell.text) ?? .empty
      },
      TableColumn("lock_kind", .word, "kind of the lock; empty where it is about none") {
        $0.lockKind.map { .word($0.rawValue) } ?? .empty
      },
      .number("cpu", "the CPU where it happened most") { $0.cpu },
    ]
    columns += taskColumns(
      "", "the task that it is about: the owner that should have run, who was to get the lock", in: context
    ) { $0.task }
    columns += evidenceColumns("how it is known: as the weakest of its windows") { $0.evidence }
    columns += [
      .flag("matters", "no: so little that the text report only sums it up") { $0.matters },
      TableColumn(
        "explain", .word,
        "arguments of proxytrace, besides the capture, that show its worst window; empty where none do"
      ) { $0.worst.place == .capture ? .empty : .word("explain \($0.worst.place.option)") },
    ]
    return columns
  }
}
