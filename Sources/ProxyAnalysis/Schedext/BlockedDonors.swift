package import ProxyModel
import TraceCore

/// What a BPF scheduler made of the blocked donors that it was handed, for each donor and in all.
package struct BlockedDonors: Sendable {
  /// Figures of one donor, or of all.
  package struct Figures: Sendable {
    /// Calls of `ops.enqueue()` for it while it was blocked.
    package var calls = 0
    /// Those of them that put it where its owner was, and those of which both CPUs are known.
    package var onOwnersCPU = 0
    package var placed = 0
    /// Waits with a call.
    package var waits = 0
    /// Waits in which an owner came to run on its account.
    package var donations = 0
    /// Moves to another CPU while it was blocked, by the kernel and by the scheduler.
    package var movedByKernel = 0
    package var steered = 0
    /// Time that others ran on its account.
    package var paid: Int64 = 0

    /// Calls for each wait; `nil` without waits. Likewise ``callsPerDonation``.
    package var callsPerWait: Double? { waits > 0 ? Double(calls) / Double(waits) : nil }
    package var callsPerDonation: Double? { donations > 0 ? Double(calls) / Double(donations) : nil }
    /// Part of the calls that put the donor where its owner was.
    package var onOwnersCPUShare: Double? { placed > 0 ? Double(onOwnersCPU) / Double(placed) : nil }
  }

  /// By task, for tasks with a call.
  package private(set) var donors: [TaskIndex: Figures] = [:]
  package private(set) var total = Figures()
  /// Waits in which no owner came to run on the donor's account, by what the owner did when the scheduler was asked last.
  package private(set) var withoutDonation: [EnqueueRow.OwnerState: Int] = [:]
  /// Those of them whose waiter had migration disabled.
  package private(set) var pinned = 0

  package init(_ timeline: Timeline) {
    self.init(
      enqueues: ChosenRows(timeline.enqueues), handoffs: ChosenRows(timeline.handoffs),
      migrations: ChosenRows(timeline.migrations), splits: ChosenRows(timeline.splits), waits: timeline.waits)
  }

  init(_ rows: RowSelection, waits: Rows<WaitRow>) {
    self.init(
      enqueues: rows.enqueues, handoffs: rows.handoffs, migrations: rows.migrations, splits: rows.splits, waits: waits)
  }

  private init(
    enqueues: ChosenRows<EnqueueRow>, handoffs: ChosenRows<HandoffRow>, migrations: ChosenRows<MigrationRow>,
    splits: ChosenRows<SplitRow>, waits rows: Rows<WaitRow>
  ) {
    var waits: [Int: EnqueueRow.OwnerState] = [:]
    for row in enqueues {
      let isFirst = row.wait.map { waits.updateValue(row.ownerState, forKey: $0) == nil } ?? false
      add(row.donor.index) { figures in
        figures.calls += 1
        if isFirst { figures.waits += 1 }
        guard let isThere = row.isOnOwnersCPU else { return }
        figures.placed += 1
        if isThere { figures.onOwnersCPU += 1 }
      }
    }
    if donors.isEmpty { return }
    for row in handoffs where row.kind == .donation && waits.removeValue(forKey: row.wait) != nil {
      add(row.from.index) { $0.donations += 1 }
    }
    for state in waits.values { withoutDonation[state, default: 0] += 1 }
    pinned = waits.keys.count { rows.indices.contains($0) && rows[$0].isPinned }
    for row in migrations where donors[row.task.index] != nil {
      switch row.kind {
      case .proxy: add(row.task.index) { $0.movedByKernel += 1 }
      case .steered: add(row.task.index) { $0.steered += 1 }
      case .return: break
      }
    }
    for row in splits where donors[row.donor.index] != nil { add(row.donor.index) { $0.paid &+= row.end - row.begin } }
  }

  private mutating func add(_ task: TaskIndex, _ body: (inout Figures) -> Void) {
    body(&donors[task, default: Figures()])
    body(&total)
  }
}

/// How a donor came to the CPU where its owner ran.
package enum DonorMove: String, Sendable, CaseIterable {
  /// It was there.
  case none = "not moved"
  /// The kernel moved it (`proxy_migrate_task()`).
  case kernel = "by the kernel"
  /// Its scheduler moved it.
  case steered

  package init(_ row: HandoffRow) { self = row.steered ? .steered : row.migrated ? .kernel : .none }
}
