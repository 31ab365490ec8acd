import TraceCore

/// The rows of a capture, packed: what a ``Timeline`` unpacks them from.
final class RowStore: Sendable {
  private let waits: PackedLog<WaitRecord>
  private let rows: ReconstructedRows
  private let shared: SharedRows
  /// Addresses by ``LockIndex``.
  private let locks: [LockAddress]

  init(
    _ waits: consuming PackedLog<WaitRecord>, _ rows: consuming ReconstructedRows, _ shared: consuming SharedRows,
    locks: [LockAddress]
  ) {
    self.waits = waits
    self.rows = rows
    self.shared = shared
    self.locks = locks
  }

  func fill(_ timeline: inout Timeline) {
    timeline.waits = Rows(count: waits.count) { self.wait($0) }
    timeline.chains = Rows(count: rows.chains.count) { self.chain($0) }
    timeline.deadlocks = rows.chains.indices.filter {
      rows.chains.passed($0)
      return rows.chains[$0].terminalState == .deadlock
    }
    timeline.splits = Rows(count: rows.splits.count) { self.split($0) }
    timeline.inversions = Rows(count: rows.inversions.count) { self.inversion($0) }
    timeline.handoffs = Rows(count: rows.handoffs.count) { self.handoff($0) }
    timeline.holds = Rows(count: shared.holds.count) { self.hold($0) }
    timeline.migrations = Rows(count: rows.migrations.count) { self.migration($0) }
  }

  private func wait(_ index: Int) -> WaitRow {
    waits.passed(index)
    let row = waits[index]
    return WaitRow(
      kind: row.kind, waiter: shared.labels[row.waiter], lock: row.lock, begin: row.begin,
      isCutAtBegin: row.isCutAtBegin,
      end: row.hasEnd ? row.begin + row.length : nil, length: row.length, result: row.result, asleep: row.asleep.value,
      touchesGap: row.touchesGap, times: row.times, owner: shared.labels.label(row.owner),
      ownerEvidence: row.ownerEvidence, depth: Int(row.depth))
  }

  private func chain(_ index: Int) -> ChainRow {
    rows.chains.passed(index)
    let row = rows.chains[index]
    if index % PackedLog<ChainRecord>.pieceSize == 0 { rows.links.passedSome(row.links) }
    let locksBegin = row.links + Int(row.taskCount)
    return ChainRow(
      wait: Int(row.wait), begin: row.begin, end: row.end,
      path: (row.links..<locksBegin).map { shared.labels[LabelID(rawValue: rows.links[$0])] },
      locks: (locksBegin..<locksBegin + Int(row.lockCount)).map { locks[Int(rows.links[$0])] },
      terminalState: row.terminalState, evidence: row.evidence)
  }

  private func split(_ index: Int) -> SplitRow {
    rows.splits.passed(index)
    let row = rows.splits[index]
    return SplitRow(
      cpu: row.cpu, begin: row.begin, end: row.end, donor: shared.labels[row.donor], curr: shared.labels[row.curr],
      depth: row.depth < 0 ? nil : Int(row.depth), evidence: row.evidence)
  }

  private func inversion(_ index: Int) -> InversionRow {
    rows.inversions.passed(index)
    let row = rows.inversions[index]
    if index % PackedLog<InversionRecord>.pieceSize == 0 { rows.culprits.passedSome(row.culprits) }
    let culprits = (row.culprits..<row.culprits + Int(row.culpritCount)).map { place in
      InversionRow.Culprit(task: shared.labels[rows.culprits[place].task], ran: rows.culprits[place].ran)
    }
    return InversionRow(
      wait: Int(row.wait), begin: row.begin, end: row.end, waiter: shared.labels[row.waiter], lock: row.lock,
      owner: shared.labels[row.owner], cpu: row.cpu, culprits: culprits, evidence: row.evidence)
  }

  private func handoff(_ index: Int) -> HandoffRow {
    rows.handoffs.passed(index)
    let row = rows.handoffs[index]
    return HandoffRow(
      kind: row.kind, wait: Int(row.wait), lock: row.lock, from: shared.labels[row.from], to: shared.labels[row.to],
      begin: row.begin, end: row.end, wake: row.wake.value, queue: row.queue.value, run: row.run.value,
      acquire: row.acquire.value, migrated: row.migrated, evidence: row.evidence)
  }

  private func hold(_ index: Int) -> HoldRow {
    shared.holds.passed(index)
    let row = shared.holds[index]
    return HoldRow(
      lock: row.lock, owner: shared.labels[row.owner], begin: row.begin, end: row.end, waiters: Int(row.waiters),
      evidence: row.evidence)
  }

  private func migration(_ index: Int) -> MigrationRow {
    rows.migrations.passed(index)
    let row = rows.migrations[index]
    return MigrationRow(
      kind: row.kind, task: shared.labels[row.task], from: row.from, to: row.to, time: row.time, evidence: row.evidence)
  }
}
