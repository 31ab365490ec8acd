import ProxyModel
import TraceCore

/// How fast CPU time went from donor to owner, and locks from owner to waiter.
enum HandoffsAnalysis: Analysis {
  static let name = "handoffs"
  static let purpose = "how fast locks and CPU time were handed on"
  static let needs = [EventNeed].owners

  /// A release that takes this long to be taken up is worth a look: a tick at HZ=1000. Nanoseconds.
  private static let slow: Int64 = 1_000_000

  static func tables(_ context: ReportContext) -> [Table] {
    [Table("handoffs", rows: context.rows.handoffs, columns: columns(context))]
  }

  private static func columns(_ context: ReportContext) -> [TableColumn<HandoffRow>] {
    [
      .word("kind", "donation: of CPU time, from donor to owner; release: of the lock, from owner to waiter") {
        $0.kind.rawValue
      },
      .reference("wait_id", "the wait, in the table waits") { $0.wait },
      .lock("lock", "address of the lock") { $0.lock },
      .pid("from_pid", "pid of the donor, or of the former owner") { $0.from },
      .comm("from_comm", "its name") { $0.from.comm },
      .pid("to_pid", "pid of the task that runs now, or of the new owner") { $0.to },
      .comm("to_comm", "its name") { $0.to.comm },
      .instant("begin_ns", "donation: the waiter leaves its CPU; release: the lock is released") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "donation: the owner runs on the donor's account; release: contention_end") { $0.end },
      .duration("latency_ns", "from begin_ns to end_ns") { $0.end - $0.begin },
      .duration("wake_ns", "part of a release: until sched_waking; empty where a step did not happen") { $0.wake },
      .duration("queue_ns", "part of a release: from sched_waking to sched_wakeup") { $0.queue },
      .duration("run_ns", "part of a release: from sched_wakeup to the switch to the new owner") { $0.run },
      .duration("acquire_ns", "part of a release: from that switch to contention_end") { $0.acquire },
      .flag("migrated", "yes: the waiter was moved to another CPU in it; no") { $0.migrated },
      .evidence("how it is known") { $0.evidence },
    ]
  }

  static func findings(_ context: ReportContext) -> [FindingKey] {
    guard context.countsNanoseconds else { return [] }
    return context.rows.handoffs.enumerated().compactMap { place, row in
      guard row.kind == .release, row.end - row.begin >= slow else { return nil }
      return FindingKey(.slow, cost: row.end - row.begin, time: row.begin, place: place)
    }
  }

  static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
    let row = context.rows.handoffs[Int(key.place)]
    return Finding(
      key.gravity, kind: "slow handoff", cost: key.cost, time: key.time,
      text: ["from ", .task(row.from), " to ", .task(row.to), .plain(row.evidence.note)], lock: row.lock, table: name,
      row: context.rows.handoffs.id(at: Int(key.place)))
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    var latencies: [String: Durations] = [:]
    for row in context.rows.handoffs { latencies[row.kind.rawValue, default: Durations()].append(row.end - row.begin) }
    guard !latencies.isEmpty else { return [] }
    let rows = latencies.keys.sorted().map { kind -> [TextFragment] in
      let distribution = Distribution(latencies[kind] ?? Durations())
      return [.plain(kind), .count(UInt64(distribution.count))]
        + [50, 90, 99].map { .duration(distribution.percentile($0)) } + [.duration(distribution.max)]
    }
    let table = SummaryTable(
      columns: [
        .init("handoff", .text), .init("count", .number), .init("p50", .duration), .init("p90", .duration),
        .init("p99", .duration), .init("max", .duration),
      ], rows: rows)
    return [SummaryBlock(.top, place: 5, "Handoff latency", [.table(table)])]
  }
}
