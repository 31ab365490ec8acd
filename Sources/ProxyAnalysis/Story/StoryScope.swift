import ProxyModel
import TraceCore

/// What concerns a wait: its tasks, its locks, and the rows of the timeline that overlap it.
struct StoryScope: Sendable {
  let wait: Int
  let row: WaitRow
  /// The wait's end; where the capture has none, the end of what is known of it.
  let end: Timestamp
  /// Chains of this wait, in order of time.
  let chains: [ChainRow]
  /// Splits inside the wait in which a task of it runs or donates, in order of time.
  let splits: [SplitRow]
  /// The same by CPU.
  private let splitsByCPU: [CPU: [SplitRow]]
  /// Inversion windows of this wait with their index in ``Timeline/inversions``.
  let windows: [(index: Int, row: InversionRow)]
  let migrations: [MigrationRow]
  let handoffs: [HandoffRow]
  /// Calls of a BPF scheduler's `ops.enqueue()` for the wait's tasks, by their instants.
  let enqueues: [Timestamp: EnqueueRow]
  /// The waiter and every task of its chains.
  let participants: Set<Pid>
  /// The wait's lock and those of its chains.
  let locks: Set<LockAddress>
  /// Whether the kernel runs owners on their donors' account.
  let proxies: Bool
  /// Tasks by their last names, for records without a name.
  let names: [Pid: TaskLabel]

  init(_ wait: Int, _ timeline: Timeline) {
    self.wait = wait
    let row = timeline.waits[wait]
    let end = row.begin + row.length
    (self.row, self.end) = (row, end)
    chains = timeline.chains.filter { $0.wait == wait }.sorted { $0.begin < $1.begin }
    var participants: Set<Pid> = [row.waiter.pid]
    var locks: Set<LockAddress> = [row.lock]
    for chain in chains {
      participants.formUnion(chain.path.map(\.pid))
      locks.formUnion(chain.locks)
    }
    if let owner = row.owner { participants.insert(owner.pid) }
    // All idle tasks have pid 0, and none takes part in a wait.
    participants.remove(0)
    (self.participants, self.locks) = (participants, locks)
    splits = timeline.splits.filter {
      $0.begin < end && $0.end > row.begin
        && (participants.contains($0.curr.pid) || participants.contains($0.donor.pid))
    }.sorted { $0.begin < $1.begin }
    splitsByCPU = Dictionary(grouping: splits, by: \.cpu)
    windows = timeline.inversions.enumerated().filter { $0.element.wait == wait }.map { ($0.offset, $0.element) }
    migrations = timeline.migrations.filter {
      $0.time >= row.begin && $0.time <= end && participants.contains($0.task.pid)
    }
    handoffs = timeline.handoffs.filter { $0.wait == wait }
    enqueues = timeline.enqueues.reduce(into: [:]) { found, call in
      guard call.time >= row.begin, call.time <= end, participants.contains(call.donor.pid) else { return }
      found[call.time] = call
    }
    proxies = timeline.verdict.answer == .on
    names = Self.names(timeline)
  }

  /// The chain of the wait at an instant.
  func chain(at time: Timestamp) -> ChainRow? {
    chains.last(begunAt: time, \.begin).flatMap { time < $0.end ? $0 : nil }
  }

  /// The split on a CPU at an instant.
  func split(on cpu: CPU, at time: Timestamp) -> SplitRow? {
    splitsByCPU[cpu]?.last(begunAt: time, \.begin).flatMap { time < $0.end ? $0 : nil }
  }

  /// Whether a chain begins at an instant.
  func changesChain(at time: Timestamp) -> Bool { chains.last(begunAt: time, \.begin)?.begin == time }

  /// Whether an instant is in an inversion window of this wait.
  func isInverted(at time: Timestamp) -> Bool {
    windows.last(begunAt: time, \.row.begin).map { time < $0.row.end } ?? false
  }

  /// Whether a task of this wait was moved in that way at an instant.
  func isMove(_ kind: MigrationRow.Kind, of pid: Pid, at time: Timestamp) -> Bool {
    migrations.contains { $0.kind == kind && $0.task.pid == pid && $0.time == time }
  }

  /// Whether a task is the waiter, or in its chain just before or just after an instant. A task that has left the chain, for
  /// instance by a release, does not concern the wait any more.
  func concerns(_ pid: Pid, at time: Timestamp) -> Bool {
    if pid == row.waiter.pid { return true }
    guard participants.contains(pid) else { return false }
    return isInChain(at: time) { chain in chain.path.contains { $0.pid == pid } }
  }

  /// The same for a lock. The waiter's own lock always concerns the wait, whoever takes it.
  func concerns(_ lock: LockAddress, at time: Timestamp) -> Bool {
    if lock == row.lock { return true }
    guard locks.contains(lock) else { return false }
    return isInChain(at: time) { $0.locks.contains(lock) }
  }

  private func isInChain(at time: Timestamp, _ holds: (ChainRow) -> Bool) -> Bool {
    if let chain = chain(at: time), holds(chain) { return true }
    guard let before = chain(at: time + -1), before.end == time else { return false }
    return holds(before)
  }

  private static func names(_ timeline: Timeline) -> [Pid: TaskLabel] {
    var names: [Pid: TaskLabel] = [:]
    for (place, task) in timeline.tasks.enumerated() {
      let index = TaskIndex(rawValue: UInt32(truncatingIfNeeded: place))
      names[task.id.pid] = TaskLabel(index: index, pid: task.id.pid, comm: task.comm, priority: task.priority)
    }
    return names
  }
}

extension RandomAccessCollection {
  /// The last element that has begun at an instant, of elements in order of their beginning.
  fileprivate func last(begunAt time: Timestamp, _ begin: (Element) -> Timestamp) -> Element? {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = index(low, offsetBy: distance(from: low, to: high) / 2)
      if begin(self[middle]) <= time { low = index(after: middle) } else { high = middle }
    }
    return low > startIndex ? self[index(before: low)] : nil
  }
}
