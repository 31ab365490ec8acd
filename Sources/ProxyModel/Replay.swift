import TraceCore

/// Reconstruction, behind the stream: who is runnable where, who owns what, whose account is charged, and what each waiter
/// waits for at every instant.
///
/// It follows the journal entry by entry, when the owners in it are decided. What it finds it appends to ``rows``.
struct Replay: ~Copyable {
  /// Whether owners run on their donors' account: the hypothesis that this replay follows.
  let proxies: Bool
  /// A probe has told a donor: idle tasks, which have none, need no inference then.
  var hasProbes = false

  /// A release of a mutex was seen: this kernel tells of them.
  var hasReleases = false

  var tasks = FlatArray<TaskNow>()
  var lanes = FlatArray<LaneNow>()
  /// CPUs whose records are missing now.
  var lanesInGap = 0
  /// There was a gap.
  var hasGaps = false
  /// CPUs with ``LaneNow/idledBesides``.
  var idledLanes = 0
  var locks = FlatArray<LockNow>()
  /// Open waits, in no order.
  var waits = FlatArray<WaitNow>()
  var rows: ReplayRows
  var signs = ProxySigns()
  var marks = MarkBook()
  /// By CPU: who an event says will run there next, and on whose account.
  var announced: [Int: (donor: TaskIndex, owner: TaskIndex)] = [:]
  /// What the current entry has changed.
  var touched = Touched()
  /// The first entry's instant: the trace's beginning.
  var begin: Timestamp?
  /// The instant that is being replayed.
  var now = Timestamp(0)
  /// Buffers of the chain walk, kept to save allocations.
  var walkedTasks = FlatArray<TaskIndex>()
  var walkedLocks = FlatArray<LockIndex>()

  init(proxies: Bool, in file: RowFile) {
    self.proxies = proxies
    rows = ReplayRows(in: file)
  }

  /// Takes one step at an instant on a CPU.
  @inline(__always)
  mutating func step(_ time: Timestamp, _ cpu: CPU, _ body: (inout Replay, _ lane: Int) -> Void) {
    if !proxies, !waits.isEmpty { weighContests(until: time) }
    now = max(now, time)
    if begin == nil { begin = now }
    touched = Touched()
    let lane = Int(cpu)
    if lanes.count <= lane { openLanes(lane) }
    body(&self, lane)
    if !waits.isEmpty { classifyTouched() }
  }

  @inline(never)
  private mutating func openLanes(_ lane: Int) {
    while lanes.count <= lane { lanes.append(LaneNow()) }
  }

  /// Takes the next entry. Its owner is decided.
  mutating func apply(_ entry: JournalEntry) {
    step(entry.time, entry.cpu) { $0.take(entry, $1) }
  }

  @inline(__always)
  private mutating func take(_ entry: JournalEntry, _ lane: Int) {
    switch entry.action {
    case .current(let task): setCurrent(lane, task)
    case .lost:
      beginGap(on: lane)
      marks.forget()
      announced.removeAll()
    case .switched(let from, let state, let to): switched(lane, from, state, to, entry.sequel)
    case .waking(let task, let target): waking(lane, task, target: target)
    case .wakeup(let task, let target): wakeup(task, target: target)
    case .migrated(let task, let cpu): migrated(task, to: cpu)
    case .described(let task, let pid, let comm, let priority): described(task, pid, comm, priority)
    case .dead(let task):
      bury(task)
      marks.end(task)
    case .becomes(let old, let new):
      become(old, new)
      marks.become(old, new)
    case .waitBegan(let wait, let task, let lock, let isMutex): began(wait, task, lock, isMutex, entry.owner)
    case .waitEnded(let wait, let task, let lock, let acquired): ended(wait, task, lock, acquired, entry.owner)
    case .waitDoubted(let wait, let since): doubt(wait, since: since)
    case .waitLost(let wait, let task, let lock):
      ended(wait, task, lock, false, .unknown)
      self[task].hidesWait = true
    case .released(let lock, let task, let evidence): released(lock, by: task, on: lane, evidence, entry.owner)
    case .ownerRead(let lock), .acquired(let lock): setOwner(lock, entry.owner)
    case .probedChoice(let task): chosen(lane, task, entry.sequel)
    case .namedDonor(let donor, let owner): named(lane, donor, owner)
    case .marked(let task, let mark, let isBlocking): marked(task, mark, isBlocking: isBlocking, on: entry.cpu)
    }
  }
}
