import ProxyModel
import TraceCore

/// Who waited for which sleeping lock, how long, and how it ended.
enum WaitsAnalysis: Analysis {
  static let name = "waits"
  static let purpose = "who waited for which lock"
  static let needs = [EventNeed].waits
  static let tableRows: RowKinds = .waits
  static let summaryRows: RowKinds = .waits

  static func tables(_ context: ReportContext) -> [Table] {
    [Table("waits", rows: context.rows.waits, columns: columns(context))]
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] { WaitingTime.blocks(context) }

  static func unavailableResults(_ context: ReportContext) -> [UnavailableResult] {
    let missing = [EventNeed].owners.filter { !$0.isMet(by: context.recordedRoles) }
    return missing.isEmpty
      ? [] : [UnavailableResult("who owned the locks, and where waiting time went", needs: missing)]
  }

  private static func columns(_ context: ReportContext) -> [TableColumn<WaitRow>] {
    var columns: [TableColumn<WaitRow>] = [.word("kind", "kind of lock") { $0.kind.rawValue }]
    columns += taskColumns("waiter", "the waiting task", in: context) { $0.waiter }
    columns += lockColumns("address of the lock", in: context) { $0.lock }
    columns += [
      .instant("begin_ns", "the first contention_begin; with gap = start the earliest instant that is certain") {
        $0.begin
      },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "the contention_end; empty where the capture has none") { $0.end },
      .duration("wait_ns", "length; of an open wait to the capture's end, of a lost one to the gap") { $0.length },
      .word("result", "acquired, failed and the errno, open (the capture ended) or lost (a gap swallowed the end)") {
        $0.result.name
      },
    ]
    columns += reconstructed(context)
    columns.append(
      .word("gap", "gap: lost events overlap the wait; start: it began before what is recorded; start+gap; no") {
        $0.gapNote
      })
    return columns
  }

  private static func reconstructed(_ context: ReportContext) -> [TableColumn<WaitRow>] {
    let classes: [(WaitClass, String)] = [
      (.own, "the waiter itself was on a CPU"),
      (.handoff, "the lock, or one further up the chain, was released and no later owner is known"),
      (.unknown, "the chain's last owner is not known, or on whose account it ran"),
      (.proxied, "the chain's last owner ran on the account of the waiter or of a task of its chain"),
      (.running, "the chain's last owner ran on its own account or another's"),
      (.inverted, "a task less urgent than its most urgent waiter ran instead of the chain's last owner"),
      (.preempted, "a task as urgent or more ran instead of the chain's last owner"),
      (.delayed, "the chain's last owner was runnable on an idle CPU"),
      (.waking, "the chain's last owner was woken and not queued yet"),
      (.sleeping, "the chain's last owner slept on something else than a mutex"),
    ]
    var columns = taskColumns("owner", "the lock's owner when the wait began", in: context) { (row: WaitRow) in
      row.owner
    }
    columns += evidenceColumns("how the owner is known", prefix: "owner_") { $0.ownerEvidence }
    columns += [
      .count("depth", "number of locks in the deepest chain; empty where no owner is known") {
        $0.depth > 0 ? UInt64($0.depth) : nil
      }
    ]
    for (kind, doc) in classes {
      columns.append(.duration("\(kind.name)_ns", "part of wait_ns: \(doc)") { $0.times[kind] })
    }
    return columns
  }
}

extension WaitResult {
  /// As the tables print it: `failed -4`.
  var name: String {
    switch self {
    case .acquired: "acquired"
    case .failed(let errno): "failed \(errno)"
    case .open: "open"
    case .lost: "lost"
    }
  }
}

extension WaitRow {
  /// What lost events do to the row.
  var gapNote: String {
    switch (isCutAtBegin, touchesGap) {
    case (false, false): "no"
    case (false, true): "gap"
    case (true, false): "start"
    case (true, true): "start+gap"
    }
  }

  /// Whether its length is only a lower bound: the capture does not contain all of the wait.
  var isCut: Bool { isCutAtBegin || result == .open || result == .lost }
}
