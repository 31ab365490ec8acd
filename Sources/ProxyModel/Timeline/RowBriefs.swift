package import TraceCore

// What sums and tables need of rows. Of a timeline that a machine has made it is read without making whole rows.

/// What is asked of a wait in passing.
package struct WaitBrief: Sendable {
  package var kind: WaitKind
  package var result: WaitResult
}

/// How long a task waited for a lock, and no more.
package struct WaitLength: Sendable {
  package var lock: LockAddress
  package var waiter: TaskIndex
  package var length: Int64

  init(lock: LockAddress, waiter: TaskIndex, length: Int64) {
    (self.lock, self.waiter, self.length) = (lock, waiter, length)
  }

  package init(_ row: WaitRow) { self.init(lock: row.lock, waiter: row.waiter.index, length: row.length) }
}

/// What sums over waits are made of.
package struct WaitFigures: Sendable {
  package var lock: LockAddress
  package var waiter: TaskIndex
  package var length: Int64
  package var result: WaitResult
  package var kind: WaitKind
  package var isCutAtBegin: Bool
  package var times: ClassTimes

  package init(_ row: WaitRow) {
    (lock, waiter, length, result) = (row.lock, row.waiter.index, row.length, row.result)
    (kind, isCutAtBegin, times) = (row.kind, row.isCutAtBegin, row.times)
  }

  init(_ row: WaitRecord, waiter: TaskIndex, times: ClassTimes) {
    (lock, self.waiter, length, result) = (row.lock, waiter, row.length, row.result)
    (kind, isCutAtBegin, self.times) = (row.kind, row.isCutAtBegin, times)
  }

  /// See ``WaitRow``: whether its length is only a lower bound.
  package var isCut: Bool { isCutAtBegin || result == .open || result == .lost }
}

/// What sums over handoffs are made of.
package struct HandoffBrief: Sendable {
  package var begin: Timestamp
  package var end: Timestamp
  package var wait: Int
  package var kind: HandoffRow.Kind
  /// The lock is a mutex, as most are; otherwise its wait says what it is.
  package var isMutex: Bool

  package init(_ row: HandoffRow) {
    (begin, end, wait, kind, isMutex) = (row.begin, row.end, row.wait, row.kind, row.kind == .donation)
  }

  init(_ row: HandoffRecord) {
    (begin, end, wait, kind, isMutex) = (row.begin, row.end, Int(row.wait), row.kind, row.isMutex)
  }
}

/// What a table shows of a chain, without arrays. Of a long one the row has the rest.
package struct ChainBrief: BitwiseCopyable, Sendable {
  /// The row's place in ``Timeline/chains``.
  package var place: Int
  package var wait: Int
  package var begin: Timestamp
  package var end: Timestamp
  /// Lengths of ``ChainRow/path`` and ``ChainRow/locks``.
  package var taskCount: Int
  package var lockCount: Int
  /// The first ones, or all: see ``isWhole``.
  package var firstPids = InlineArray<8, Pid>(repeating: 0)
  package var firstLocks = InlineArray<8, LockAddress>(repeating: LockAddress(0))
  package var terminal: TaskLabel?
  package var terminalState: ChainEnd
  package var evidence: Evidence

  /// Whether all pids and locks are here.
  package var isWhole: Bool { max(taskCount, lockCount) <= 8 }

  @inline(__always)
  init(
    _ row: ChainRecord, place: Int, pid: (Int) -> Pid, lock: (Int) -> LockAddress, terminal: TaskLabel?
  ) {
    (self.place, wait, begin, end) = (place, Int(row.wait), row.begin, row.end)
    (taskCount, lockCount) = (Int(row.taskCount), Int(row.lockCount))
    (self.terminal, terminalState, evidence) = (terminal, row.terminalState, row.evidence)
    if !isWhole { return }
    for place in 0..<taskCount { firstPids[place] = pid(place) }
    for place in 0..<lockCount { firstLocks[place] = lock(place) }
  }

  init(_ row: ChainRow, place: Int) {
    (self.place, wait, begin, end) = (place, row.wait, row.begin, row.end)
    (taskCount, lockCount) = (row.path.count, row.locks.count)
    (terminal, terminalState, evidence) = (row.terminal, row.terminalState, row.evidence)
    if !isWhole { return }
    for place in 0..<taskCount { firstPids[place] = row.path[place].pid }
    for place in 0..<lockCount { firstLocks[place] = row.locks[place] }
  }
}

/// What a table shows of a delay, without arrays.
package struct DelayBrief: BitwiseCopyable, Sendable {
  package var task: TaskLabel
  package var begin: Timestamp
  package var end: Timestamp?
  package var length: Int64
  package var cpu: CPU
  package var cause: DelayRow.Cause
  package var waking: Int64?
  /// The first of ``culprits``.
  package var culprit: TaskLabel?
  /// Pids of all: there are no more than these.
  package var culprits = InlineArray<16, Pid>(repeating: 0)
  package var culpritCount: Int
  package var wait: Int?
  package var evidence: Evidence

  @inline(__always)
  init(_ row: DelayRecord, task: TaskLabel, culprit: (Int) -> TaskLabel, wait: Int?) {
    (self.task, begin, end) = (task, row.begin, row.hasEnd ? row.end : nil)
    (length, cpu, cause, waking) = (row.end - row.begin, row.cpu, row.cause, row.waking.value)
    culpritCount = min(Int(row.culpritCount), 16)
    self.culprit = culpritCount > 0 ? culprit(0) : nil
    (self.wait, evidence) = (wait, row.evidence)
    for place in 0..<culpritCount { culprits[place] = culprit(place).pid }
  }

  init(_ row: DelayRow) {
    (task, begin, end, length) = (row.task, row.begin, row.end, row.length)
    (cpu, cause, waking) = (row.cpu, row.cause, row.waking)
    culpritCount = min(row.culprits.count, 16)
    culprit = row.culprits.first?.task
    (wait, evidence) = (row.wait, row.evidence)
    for place in 0..<culpritCount { culprits[place] = row.culprits[place].task.pid }
  }
}

/// How long something of a task was, and no more.
package struct TaskLength: Sendable {
  package var task: TaskIndex
  package var length: Int64

  init(task: TaskIndex, length: Int64) { (self.task, self.length) = (task, length) }

  package init(_ split: SplitRow) { self.init(task: split.donor.index, length: split.end - split.begin) }
}

/// How long a task owned a lock that somebody waited for, and no more.
package struct HeldTime: Sendable, Hashable {
  package var owner: TaskLabel
  package var begin: Timestamp
  package var end: Timestamp

  init(owner: TaskLabel, begin: Timestamp, end: Timestamp) {
    (self.owner, self.begin, self.end) = (owner, begin, end)
  }

  package init(_ hold: HoldRow) { self.init(owner: hold.owner, begin: hold.begin, end: hold.end) }
}

/// Briefs as a machine has made them, row by row as the rows. Where somebody sets rows there are none: another lock may stand in them,
/// or none at all.
struct PackedBriefs: Sendable {
  var waits: Rows<WaitBrief> = []
  var waitLengths: Rows<WaitLength> = []
  /// `nil` where the rows are to be summed up when somebody asks.
  var waitSums: WaitSums?
  var handoffs: Rows<HandoffBrief> = []
  var splits: Rows<TaskLength> = []
  var chains: Rows<ChainBrief> = []
  var delays: Rows<DelayBrief> = []
  /// What ``RowKinds/heldTimes`` asks for where nobody asks for ``RowKinds/holds``.
  var heldTimes: Rows<HeldTime> = []
  /// Their sums by owner.
  var heldTotals = NumberedTotals()

  mutating func forgetWaits() { (waits, waitLengths, waitSums) = ([], [], nil) }
}

extension Timeline {
  /// How long ``holds`` were, in any order.
  package var heldTimes: Rows<HeldTime> {
    guard rowKinds.contains(.holds) else { return briefs.heldTimes }
    let holds = holds
    return Rows(count: holds.count) { HeldTime(holds[$0]) }
  }

  /// Sums of ``heldTimes`` by owner; `nil` where they are to be made when somebody asks.
  package var heldTotals: NumberedTotals? { rowKinds.contains(.holds) ? nil : briefs.heldTotals }

  /// What is asked of a wait in passing, for which a whole row need not be made.
  package func brief(ofWait place: Int) -> WaitBrief {
    briefs.waits.count != waits.count
      ? WaitBrief(kind: waits[place].kind, result: waits[place].result) : briefs.waits[place]
  }

  /// How long ``waits`` were.
  package var waitLengths: Rows<WaitLength> {
    if briefs.waitLengths.count == waits.count { return briefs.waitLengths }
    let waits = waits
    return Rows(count: waits.count) { WaitLength(waits[$0]) }
  }

  /// Sums over ``waits``.
  package var waitSums: WaitSums {
    if let sums = briefs.waitSums, sums.count == waits.count { return sums }
    let waits = waits
    return WaitSums(Rows(count: waits.count) { WaitFigures(waits[$0]) })
  }

  /// How long ``splits`` were, of which donor.
  package var splitLengths: Rows<TaskLength> {
    if briefs.splits.count == splits.count { return briefs.splits }
    let splits = splits
    return Rows(count: splits.count) { TaskLength(splits[$0]) }
  }

  /// What sums over ``handoffs`` are made of.
  package var handoffBriefs: Rows<HandoffBrief> {
    if briefs.handoffs.count == handoffs.count { return briefs.handoffs }
    let handoffs = handoffs
    return Rows(count: handoffs.count) { HandoffBrief(handoffs[$0]) }
  }

  /// What tables show of ``chains``.
  package var chainBriefs: Rows<ChainBrief> {
    if briefs.chains.count == chains.count { return briefs.chains }
    let chains = chains
    return Rows(count: chains.count) { ChainBrief(chains[$0], place: $0) }
  }

  /// What tables show of ``delays``.
  package var delayBriefs: Rows<DelayBrief> {
    if briefs.delays.count == delays.count { return briefs.delays }
    let delays = delays
    return Rows(count: delays.count) { DelayBrief(delays[$0]) }
  }
}
