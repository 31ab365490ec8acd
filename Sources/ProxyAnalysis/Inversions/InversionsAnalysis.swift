import ProxyModel
import TraceCore

/// When a less urgent task kept a lock's owner from running.
enum InversionsAnalysis: Analysis {
  static let name = "inversions"
  static let purpose = "when a less urgent task kept a lock's owner from running"
  static let needs = [EventNeed].owners

  static func tables(_ context: ReportContext) -> [Table] {
    var columns: [TableColumn<InversionRow>] = [
      .reference("wait_id", "the wait, in the table waits") { $0.wait },
      .instant("begin_ns", "beginning of the window") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of the window") { $0.end },
      .duration("duration_ns", "length of the window") { $0.length },
    ]
    columns += taskColumns("waiter", "the waiting task") { $0.waiter }
    columns.append(.lock("lock", "address of the lock that it waits for") { $0.lock })
    columns += taskColumns("owner", "the chain's last owner, which should have run") { $0.owner }
    columns.append(.number("cpu", "the CPU on which it should have run") { $0.cpu })
    columns += taskColumns("culprit", "the task that ran instead, the longest of them") { $0.culprits.first?.task }
    columns += [
      .word("culprits", "pids of all that ran instead, the longest first") { row in
        row.culprits.map { String($0.task.pid) }.joined(separator: "+")
      },
      .evidence("how the owner is known") { $0.evidence },
    ]
    return [
      Table("inversions", rows: context.rows.inversions, columns: columns)
    ]
  }

  static func findings(_ context: ReportContext) -> [FindingKey] {
    context.rows.inversions.enumerated().map { place, row in
      FindingKey(.inversion, cost: row.length, time: row.begin, place: place)
    }
  }

  static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
    let row = context.rows.inversions[Int(key.place)]
    var text: [TextFragment] = [.task(row.waiter), " waits for ", .task(row.owner)]
    if let culprit = row.culprits.first?.task { text += [", while ", .task(culprit), " runs on ", .cpu(row.cpu)] }
    if row.culprits.count > 1 { text.append(.plain(" and \(row.culprits.count - 1) more")) }
    text.append(.plain(row.evidence.note))
    return Finding(
      key.gravity, kind: "inversion", cost: key.cost, time: key.time, text: text, lock: row.lock, table: name,
      row: context.rows.inversions.id(at: Int(key.place)))
  }
}
