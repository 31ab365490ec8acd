import ProxyModel
import TraceCore

/// Where a sched_ext scheduler's running and stopping callbacks do not fit what ran.
enum PairingAnalysis: Analysis {
  static let name = "pairing"
  static let purpose = "whether sched_ext callbacks are paired"
  static let needs = [
    EventNeed.event(.switched), .anyOf(.running, .message), .anyOf(.stopping, .message),
  ]
  static let tableRows: RowKinds = []
  static let summaryRows: RowKinds = []

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.pairing, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = PairingRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == PairingRow {
      output.word("kind", "what is wrong: \(PairingRow.Kind.allCases.map(\.rawValue).joined(separator: ", "))") {
        $0.kind.rawValue
      }
      output.number("cpu", "the CPU where the task runs; the callback may have been called on another") { $0.cpu }
      output.instant("time_ns", "when the callback was called") { $0.time }
      output.seconds("time_s", "time_ns since the capture began") { $0.time }
      output.number("pid", "pid of the task that it was called for") { $0.task.pid }
      output.comm(Column("comm", .text, "name of that task")) { $0.task.comm }
      output.number("prio", "kernel priority of that task; smaller is more urgent") { $0.task.priority?.rawValue }
      output.number("other_cpu", "the CPU of the event that it clashes with") { $0.clash?.cpu }
      output.instant("other_time_ns", "when that event was") { $0.clash?.time }
      output.text("detail", "the two events in words, with pids") { PairingAnalysis.detail($0) }
    }
  }

  /// Words of the program and numbers alone, so that no format has to escape them.
  private static func detail(_ row: PairingRow) -> String {
    var text = row.callback.name
    switch row.kind {
    case .runningWithoutStopping: text += " is followed by"
    case .stoppingWithoutRunning: text += " without running since"
    case .donorRunning: text += " for a blocked task that does not start, then"
    case .undispatchedOwner: text += " for an owner that runs for its donor, after"
    }
    guard let clash = row.clash else { return text + " nothing" }
    return "\(text) \(clash.what.rawValue) of \(clash.task.pid)"
  }
}
