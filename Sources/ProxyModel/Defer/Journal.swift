import TraceCore

/// Who owns a lock from an instant on.
enum OwnerFact: Equatable, BitwiseCopyable {
  /// Not resolved yet: ``PendingOwners`` fills it in, and reconstruction does not pass it before.
  case pending
  /// Released, and nobody is known to have taken it: the next owner is on its way. How it is known.
  case free(Evidence)
  case task(TaskIndex, Evidence)
  /// Not derivable.
  case unknown
  /// What was taken for a release was none.
  case noRelease

  var isFree: Bool { if case .free = self { true } else { false } }

  /// The same, known no better than that.
  func combined(with evidence: Evidence) -> OwnerFact {
    switch self {
    case .task(let task, let known): .task(task, known.combined(with: evidence))
    case .free(let known): .free(known.combined(with: evidence))
    case .pending, .unknown, .noRelease: self
    }
  }
}

/// What happened, with tasks instead of pids: the part of the stream that reconstruction needs.
enum Step: BitwiseCopyable {
  /// A CPU's curr is known from here on: its first record, or the first after a gap.
  case current(TaskIndex)
  /// A CPU's curr is not known any more, since an instant that may be earlier than the record that shows it; and whether the
  /// capture says that records are missing.
  case lost(since: Timestamp, isTold: Bool)
  case switched(from: TaskIndex, state: TaskState, to: TaskIndex)
  case waking(TaskIndex, target: CPU)
  /// `isNew`: for the first time.
  case wakeup(TaskIndex, target: CPU, isNew: Bool)
  case migrated(TaskIndex, to: CPU)
  /// The task's name or priority is this from here on.
  case described(TaskIndex, pid: Pid, Comm, Priority?)
  case dead(TaskIndex)
  /// A thread goes on under another pid.
  case becomes(TaskIndex, TaskIndex)
  case waitBegan(wait: Int, TaskIndex, LockIndex, isMutex: Bool)
  case waitEnded(wait: Int, TaskIndex, LockIndex, acquired: Bool)
  /// A wait ended with the lock whose begin is not in the trace.
  case acquired(LockIndex)
  /// From that instant on a gap may hide the wait's end.
  case waitDoubted(wait: Int, since: Timestamp)
  /// The wait's end is not in the trace.
  case waitLost(wait: Int, TaskIndex, LockIndex)
  /// Stated by `contended_release`, or concluded from a waking.
  case released(LockIndex, by: TaskIndex, Evidence)
  /// A probe read the owner in the middle of a wait.
  case ownerRead(LockIndex)
  /// Probe: the scheduler chose this task as donor; curr may follow or stay.
  case probedChoice(TaskIndex)
  /// Probe: the scheduler is done and curr goes on; `rq->donor` is this task.
  case exitDonor(TaskIndex, isSwitch: Bool)
  /// An event says that a task runs on a donor's account, from now on or from the CPU's next switch on.
  case namedDonor(TaskIndex, owner: TaskIndex)
  /// An event says that a task comes to a CPU's runqueue, or leaves its own.
  case queued(TaskIndex, on: CPU)
  case unqueued(TaskIndex)
  /// A sched_ext callback was called for the task; `isBlocking`: it has announced that it goes to sleep for a mutex, and has
  /// not been switched in since.
  /// - Parameter owner: whom an enqueue mark names as the owner of the task's mutex.
  case marked(TaskIndex, MarkRecord, owner: TaskIndex?, isBlocking: Bool)
}

/// One entry: when, on which CPU, what; and what later records tell of it: for entries about a lock who owns it from then on,
/// for steps of the scheduler what came of them.
struct JournalEntry: BitwiseCopyable {
  var time: Timestamp
  var cpu: CPU
  var step: Step
  var owner: OwnerFact = .unknown
  /// Of a wait's begin: the owner that was read at that very instant.
  var read: OwnerFact?
  /// The owner can have taken the lock only since then: another one had it.
  var ownerSince = Timestamp(0)
  var followUp: FollowUp = .none
}

/// Entries that wait for the owners of their locks to become known.
///
/// Who owns a contended lock shows when it is released, so reconstruction runs behind the stream: by the length of a hold,
/// not of the trace. Positions count from the trace's beginning and stay valid while entries leave at the front.
struct Journal: ~Copyable {
  private var entries = FlatArray<JournalEntry>()
  /// Entries at the front of `entries` that have left already; removed in bulk.
  private var head = 0
  /// Position of the first entry that is still here.
  private(set) var first = 0

  /// So many entries that have left stay at most, where fewer than these are here: they take room in the cache.
  private static let mostRead = 256

  var isEmpty: Bool {
    @inline(__always) get { head == entries.count }
  }
  var count: Int {
    @inline(__always) get { entries.count - head }
  }
  /// Position that the next entry will get.
  var end: Int { first + count }

  @inline(__always)
  mutating func append(_ entry: JournalEntry) { entries.append(entry) }

  /// Fills in the owner at a position; positions that have left stay as they were read.
  mutating func setOwner(_ fact: OwnerFact, since: Timestamp = Timestamp(0), at position: Int) {
    guard position >= first, position < end else { return }
    entries[head + position - first].owner = fact
    entries[head + position - first].ownerSince = since
  }

  /// Fills in the owner that was read when a wait began.
  mutating func setRead(_ fact: OwnerFact, at position: Int) {
    guard position >= first, position < end else { return }
    entries[head + position - first].read = fact
  }

  /// The same for an entry's follow-up.
  mutating func setFollowUp(_ followUp: FollowUp, at position: Int) {
    guard position >= first, position < end else { return }
    entries[head + position - first].followUp = followUp
  }

  /// The first entry, `nil` without one: where it lies until one is added or removed. An entry is large, and most steps need
  /// little of it.
  var firstEntry: UnsafePointer<JournalEntry>? {
    @inline(__always) get { head < entries.count ? UnsafePointer(entries.base + head) : nil }
  }

  /// Removes the first entry. There must be one.
  @inline(__always)
  mutating func removeFirst() {
    head += 1
    first += 1
    if head == entries.count {
      entries.removeAll()
      head = 0
    } else if head >= Self.mostRead, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }
}
