import TraceCore

/// The rows of a capture, packed: what a ``Timeline`` unpacks them from.
final class RowStore: Sendable {
  private let waits: PackedLog<WaitRecord>
  private let rows: ReconstructedRows
  private let shared: SharedRows
  /// Addresses by ``LockIndex``.
  private let locks: [LockAddress]
  /// How it is known that the kernel does not proxy, of rows that rest on that; `nil` where it does.
  private let noProxying: Evidence?

  init(
    _ waits: consuming PackedLog<WaitRecord>, _ rows: consuming ReconstructedRows, _ shared: consuming SharedRows,
    locks: [LockAddress], noProxying: Evidence?
  ) {
    self.noProxying = noProxying
    self.waits = waits
    self.rows = rows
    self.shared = shared
    self.locks = locks
  }

  func fill(_ timeline: inout Timeline) {
    if timeline.rowKinds.contains(.waits) {
      timeline.waits = Rows(count: waits.count) { self.wait($0) }
      timeline.briefs.waits = Rows(count: waits.count) { self.brief($0) }
      timeline.briefs.waitLengths = Rows(count: waits.count) { self.length($0) }
    }
    timeline.chains = Rows(count: rows.chains.count) { self.chain($0) }
    timeline.briefs.chains = Rows(count: rows.chains.count) { self.chainBrief($0) }
    timeline.deadlocks = rows.chains.indices.filter {
      rows.chains.passed($0)
      return rows.chains[$0].terminalState == .deadlock
    }
    timeline.splits = Rows(count: rows.splits.count) { self.split($0) }
    timeline.inversions = Rows(count: rows.inversions.count) { self.inversion($0) }
    timeline.stalls = Rows(count: rows.stalls.count) { self.stall($0) }
    timeline.handoffs = Rows(count: rows.handoffs.count) { self.handoff($0) }
    timeline.briefs.splits = Rows(count: rows.splits.count) { self.splitLength($0) }
    timeline.briefs.handoffs = Rows(count: rows.handoffs.count) { self.handoffBrief($0) }
    timeline.holds = Rows(count: shared.holds.count) { self.hold($0) }
    timeline.briefs.heldTimes = Rows(count: shared.heldTimes.count) { self.heldTime($0) }
    timeline.segments = Rows(count: rows.segments.count) { self.segment($0) }
    timeline.runs = Rows(count: rows.runs.count) { self.run($0) }
    timeline.delays = Rows(count: shared.delays.count) { self.delay($0) }
    timeline.briefs.delays = Rows(count: shared.delays.count) { self.delayBrief($0) }
    timeline.migrations = Rows(count: rows.migrations.count) { self.migration($0) }
    timeline.enqueues = Rows(count: rows.enqueues.count) { self.enqueue($0) }
  }

  @inline(__always)
  private func wait(_ index: Int) -> WaitRow {
    waits.passed(index)
    rows.outcomes.passed(index)
    let (row, outcome) = (waits[index], rows.outcomes[index])
    return WaitRow(
      kind: row.kind, waiter: shared.labels[outcome.waiter], lock: row.lock, begin: row.begin,
      isCutAtBegin: row.isCutAtBegin,
      end: row.hasEnd ? row.begin + row.length : nil, length: row.length, result: row.result, asleep: row.asleep.value,
      touchesGap: row.touchesGap, times: rows.outcomes.times(of: index, lasting: row.length),
      owner: shared.labels.label(outcome.owner), ownerEvidence: outcome.ownerEvidence, depth: Int(outcome.depth),
      isPinned: row.isPinned)
  }

  private func length(_ index: Int) -> WaitLength {
    waits.passed(index)
    rows.outcomes.passed(index)
    return WaitLength(
      lock: waits[index].lock, waiter: shared.labels[rows.outcomes[index].waiter].index, length: waits[index].length)
  }

  private func handoffBrief(_ index: Int) -> HandoffBrief {
    rows.handoffs.passed(index)
    return HandoffBrief(rows.handoffs[index])
  }

  private func brief(_ index: Int) -> WaitBrief {
    waits.passed(index)
    return WaitBrief(kind: waits[index].kind, result: waits[index].result)
  }

  @inline(__always)
  private func chainRecord(_ index: Int) -> ChainRecord {
    rows.chains.passed(index)
    if index % PackedLog<ChainRecord>.pieceSize == 0 { rows.links.passedPiece() }
    return rows.chains[index]
  }

  @inline(__always)
  private func chainBrief(_ index: Int) -> ChainBrief {
    let row = chainRecord(index)
    let (links, taskCount) = (row.links, Int(row.taskCount))
    func task(_ place: Int) -> TaskLabel { shared.labels[LabelID(rawValue: rows.links[links + place])] }
    return ChainBrief(
      row, place: index, pid: { task($0).pid }, lock: { locks[Int(rows.links[links + taskCount + $0])] },
      terminal: row.taskCount > row.lockCount ? task(taskCount - 1) : nil)
  }

  private func chain(_ index: Int) -> ChainRow {
    let row = chainRecord(index)
    let locksBegin = row.links + Int(row.taskCount)
    return ChainRow(
      wait: Int(row.wait), begin: row.begin, end: row.end,
      path: (row.links..<locksBegin).map { shared.labels[LabelID(rawValue: rows.links[$0])] },
      locks: (locksBegin..<locksBegin + Int(row.lockCount)).map { locks[Int(rows.links[$0])] },
      terminalState: row.terminalState, evidence: row.evidence)
  }

  @inline(__always)
  private func split(_ index: Int) -> SplitRow {
    rows.splits.passed(index)
    let row = rows.splits[index]
    let others = (row.others.first..<row.others.first + Int(row.others.count)).map {
      shared.labels[rows.otherDonors[$0]]
    }
    return SplitRow(
      cpu: row.cpu, begin: row.begin, end: row.end, donor: shared.labels[row.donor], curr: shared.labels[row.curr],
      depth: row.depth < 0 ? nil : Int(row.depth), evidence: row.evidence, wait: Self.wait(row.wait),
      otherDonors: others)
  }

  private func splitLength(_ index: Int) -> TaskLength {
    rows.splits.passed(index)
    return TaskLength(
      task: shared.labels[rows.splits[index].donor].index, length: rows.splits[index].end - rows.splits[index].begin)
  }

  private func inversion(_ index: Int) -> InversionRow {
    rows.inversions.passed(index)
    let row = rows.inversions[index]
    if index % PackedLog<InversionRecord>.pieceSize == 0 { rows.culprits.passedPiece() }
    let culprits = (row.culprits..<row.culprits + Int(row.culpritCount)).map { place in
      InversionRow.Culprit(task: shared.labels[rows.culprits[place].task], ran: rows.culprits[place].ran)
    }
    return InversionRow(
      wait: Int(row.wait), begin: row.begin, end: row.end, waiter: shared.labels[row.waiter], lock: row.lock,
      ownedLock: row.ownedLock, owner: shared.labels[row.owner], cpu: row.cpu, culprits: culprits,
      evidence: row.evidence)
  }

  private func stall(_ index: Int) -> StallRow {
    rows.stalls.passed(index)
    let row = rows.stalls[index]
    let wait = Int(row.wait)
    return StallRow(
      wait: wait, waiter: shared.labels[rows.outcomes[wait].waiter], begin: row.begin, end: row.end, kind: row.kind,
      cpu: row.cpu < 0 ? nil : row.cpu, owner: shared.labels[row.owner], ownedLock: row.lock, donor: row.donor,
      evidence: row.evidence)
  }

  @inline(__always)
  private func handoff(_ index: Int) -> HandoffRow {
    rows.handoffs.passed(index)
    let row = rows.handoffs[index]
    return HandoffRow(
      kind: row.kind, wait: Int(row.wait), lock: row.lock, from: shared.labels[row.from], to: shared.labels[row.to],
      begin: row.begin, end: row.end, wake: row.wake.value, queue: row.queue.value, run: row.run.value,
      acquire: row.acquire.value, migrated: row.migrated, steered: row.steered, evidence: row.evidence)
  }

  @inline(__always)
  private func hold(_ index: Int) -> HoldRow {
    shared.holds.passed(index)
    let row = shared.holds[index]
    // Without proxy execution nobody runs on another's account.
    let proxied = noProxying == nil ? rows.proxiedOfHolds[Int(row.number)] : 0
    return HoldRow(
      lock: row.lock, owner: shared.labels[row.owner], begin: row.begin, end: row.end, waiters: Int(row.waiters),
      evidence: row.evidence, times: HoldTimes(row.clock, proxied: proxied))
  }

  private func heldTime(_ index: Int) -> HeldTime {
    shared.heldTimes.passed(index)
    let row = shared.heldTimes[index]
    return HeldTime(owner: shared.labels[row.owner], begin: row.begin, end: row.end)
  }

  private func enqueue(_ index: Int) -> EnqueueRow {
    rows.enqueues.passed(index)
    let row = rows.enqueues[index]
    func known(_ cpu: CPU) -> CPU? { cpu < 0 ? nil : cpu }
    return EnqueueRow(
      time: row.time, donor: shared.labels[row.task], cpu: row.cpu, owner: shared.labels.label(row.owner),
      ownerCPU: known(row.ownerCPU), ownerState: row.ownerState, reason: row.reason, placedCPU: known(row.placed),
      dispatchQueue: row.hasQueue ? row.queue : nil, donatedAfter: row.donatedAfter.value,
      wait: row.wait == .max ? nil : Int(row.wait), evidence: row.evidence)
  }

  @inline(__always)
  private func segment(_ index: Int) -> SegmentRow {
    rows.segments.passed(index)
    let row = rows.segments[index]
    // Whose account curr runs on bears on these classes: on its own, if the kernel does not proxy.
    var evidence = row.evidence
    if let noProxying, row.kind == .running || row.kind == .inverted || row.kind == .preempted {
      evidence = evidence.combined(with: noProxying)
    }
    return SegmentRow(
      wait: Int(row.wait), begin: row.begin, end: row.end, kind: row.kind, cpu: row.cpu < 0 ? nil : row.cpu,
      owner: shared.labels.label(row.owner), curr: shared.labels.label(row.curr),
      donor: shared.labels.label(row.donor),
      evidence: evidence)
  }

  @inline(__always)
  private func run(_ index: Int) -> RunRow {
    rows.runs.passed(index)
    let row = rows.runs[index]
    // Where somebody was blocked the account may have been another's.
    let restsOnVerdict = row.evidence == .inferred(.noDonorThere) && noProxying != nil
    return RunRow(
      cpu: row.cpu, begin: row.begin, end: row.end, task: shared.labels[row.task],
      donor: shared.labels.label(row.donor),
      evidence: restsOnVerdict ? Evidence.event.combined(with: noProxying ?? .event) : row.evidence)
  }

  private static func wait(_ wait: UInt32) -> Int? { wait == .max ? nil : Int(wait) }

  @inline(__always)
  private func delayRecord(_ index: Int) -> DelayRecord {
    shared.delays.passed(index)
    if index % PackedLog<DelayRecord>.pieceSize == 0 { shared.delayCulprits.passedPiece() }
    return shared.delays[index]
  }

  @inline(__always)
  private func delayBrief(_ index: Int) -> DelayBrief {
    let row = delayRecord(index)
    return DelayBrief(
      row, task: shared.labels[row.task],
      culprit: { shared.labels[shared.delayCulprits[row.culprits + $0].task] }, wait: Self.wait(row.wait))
  }

  private func delay(_ index: Int) -> DelayRow {
    let row = delayRecord(index)
    let culprits = (row.culprits..<row.culprits + Int(row.culpritCount)).map { place in
      InversionRow.Culprit(
        task: shared.labels[shared.delayCulprits[place].task], ran: shared.delayCulprits[place].ran)
    }
    return DelayRow(
      task: shared.labels[row.task], begin: row.begin, end: row.hasEnd ? row.end : nil, length: row.end - row.begin,
      cpu: row.cpu, cause: row.cause, waking: row.waking.value, culprits: culprits, wait: Self.wait(row.wait),
      evidence: row.evidence)
  }

  @inline(__always)
  private func migration(_ index: Int) -> MigrationRow {
    rows.migrations.passed(index)
    let row = rows.migrations[index]
    return MigrationRow(
      kind: row.kind, task: shared.labels[row.task], from: row.from, to: row.to, time: row.time, evidence: row.evidence,
      wait: Self.wait(row.wait))
  }
}
