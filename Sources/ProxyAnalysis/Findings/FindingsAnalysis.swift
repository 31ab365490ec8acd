import ProxyModel
import TraceCore

/// What is wrong, by what it cost.
enum FindingsAnalysis: Analysis {
  static let name = "findings"
  static let purpose = "what is wrong, by what it cost"
  static let needs = [EventNeed.event(.switched)]
  static let tableRows: RowKinds = [.waits, .waitSums, .inversions, .problemStalls, .handoffs, .migrations, .deadlocks]
  static let summaryRows = tableRows

  static func tables(_ context: ReportContext) -> [Table] {
    let figures = FindingFiguresList(context.findings)
    return [
      Table(
        name, of: ChosenRows(Rows(count: context.findings.count) { figures[$0] }), in: context, Columns())
    ]
  }

  private struct Columns: RowColumns {
    typealias Row = FindingFigures

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == FindingFigures {
      output.word(
        "kind", "what is wrong: \(Finding.Kind.allCases.map(\.rawValue).joined(separator: ", "))"
      ) { $0.kind.rawValue }
      output.duration("cost_ns", "length of all its windows together; where windows overlap, time counts once") {
        $0.cost
      }
      output.count("waits", "waits that it held up") { UInt64($0.waits) }
      output.count("windows", "stretches of time that it is made of, counted for each wait") { UInt64($0.windows) }
      output.duration("worst_ns", "its longest window") { $0.worst.length }
      output.instant("begin_ns", "beginning of its first window") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of its last window") { $0.end }
      output.address(Column("lock", .address, "address of the lock; empty where it is about none")) {
        $0.lock?.rawValue
      }
      let symbols = output.facts.symbols
      output.text("symbol", "name of the lock; empty where the capture has none") { $0.lock.flatMap { symbols[$0] } }
      output.word(Column("lock_kind", .word, "kind of the lock; empty where it is about none")) {
        $0.lockKind?.rawValue
      }
      output.number("cpu", "the CPU where it happened most") { $0.cpu }
      output.task("", "the task that it is about: the owner that should have run, who was to get the lock") { $0.task }
      output.evidence("how it is known: as the weakest of its windows") { $0.evidence }
      output.flag("matters", "no: so little that the text report only sums it up") { $0.matters }
      output.word(
        Column(
          "explain", .word,
          "arguments of proxytrace, besides the capture, that show its worst window; empty where none do")
      ) { $0.worst.place == .capture ? nil : "explain \($0.worst.place.option)" }
    }
  }
}
