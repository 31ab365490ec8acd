import ProxyModel
import TraceCore

/// Where a sched_ext scheduler's running and stopping callbacks do not fit what ran.
enum PairingAnalysis: Analysis {
  static let name = "pairing"
  static let purpose = "whether sched_ext callbacks are paired"
  static let needs = [
    EventNeed.event(.switched), .anyOf(.running, .message), .anyOf(.stopping, .message),
  ]

  static func tables(_ context: ReportContext) -> [Table] {
    [
      Table(
        "pairing", rows: context.rows.pairing,
        columns: [
          .word("kind", "what is wrong: \(PairingRow.Kind.allCases.map(\.rawValue).joined(separator: ", "))") {
            $0.kind.rawValue
          },
          .number("cpu", "the CPU where the task runs; the callback may have been called on another") { $0.cpu },
          .instant("time_ns", "when the callback was called") { $0.time },
          .seconds("time_s", "time_ns since the capture began", in: context) { $0.time },
          .pid("pid", "pid of the task that it was called for") { $0.task },
          .comm("comm", "name of that task") { $0.task.comm },
          .number("other_cpu", "the CPU of the event that it clashes with") { $0.clash?.cpu },
          .instant("other_time_ns", "when that event was") { $0.clash?.time },
          .text("detail", "the two events in words, with pids") { detail($0) },
        ])
    ]
  }

  static func findings(_ context: ReportContext) -> [FindingKey] {
    context.rows.pairing.enumerated().map { place, row in FindingKey(.broken, cost: 0, time: row.time, place: place) }
  }

  static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
    let row = context.rows.pairing[Int(key.place)]
    return Finding(
      key.gravity, kind: row.kind.rawValue, cost: key.cost, time: key.time, text: sentence(row), table: name,
      row: context.rows.pairing.id(at: Int(key.place)))
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

  private static func sentence(_ row: PairingRow) -> [TextFragment] {
    var text: [TextFragment] = [.plain("\(row.callback.name) of "), .task(row.task), " on ", .cpu(row.cpu)]
    switch row.kind {
    case .runningWithoutStopping: text.append(", and no stopping before ")
    case .stoppingWithoutRunning: text.append(", and no running since ")
    case .donorRunning:
      text.append(", which is blocked")
      if let owner = row.owner { text += [" on a mutex of ", .task(owner)] }
      text.append(" and does not start: next comes ")
    case .undispatchedOwner:
      text.append(", which runs on the account of its donor alone: ")
    }
    guard let clash = row.clash else { return text + ["anything"] }
    let what = clash.what == .switchedIn ? "the switch to " : "\(clash.what.rawValue) of "
    text += [.plain(what), .task(clash.task), " at ", .instant(clash.time)]
    if row.kind == .undispatchedOwner { text.append(" has no stopping yet") }
    return text
  }
}
