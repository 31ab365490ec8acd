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
  /// A ring: an entry lies at its position less ``base``, modulo the ring's size, which is a power of two. Those from ``first`` to
  /// before ``end`` are initialised; they are copied bit by bit, so that nothing has to be deinitialised. Nobody else has the pointer.
  private var ring: UnsafeMutablePointer<JournalEntry>
  private var mask: Int
  /// The position that lies at the ring's beginning. It starts there again whenever all have left, so that as little of it as
  /// possible is used, and stays in the cache.
  private var base = 0
  /// Position of the first entry that is still here.
  private(set) var first = 0
  /// Position that the next entry will get.
  private(set) var end = 0
  /// An entry at this position may have no room, or begins another round.
  private var limit: Int

  /// In entries.
  private static let smallest = 256
  /// A ring of that size fits into a core's cache.
  private static let usual = 4096

  init() {
    mask = Self.smallest - 1
    limit = Self.smallest
    ring = .allocateLines(capacity: mask + 1)
  }

  deinit { ring.deallocate() }

  var isEmpty: Bool {
    @inline(__always) get { first == end }
  }
  var count: Int {
    @inline(__always) get { end - first }
  }

  @inline(__always)
  private func place(_ position: Int) -> UnsafeMutablePointer<JournalEntry> { ring + ((position &- base) & mask) }

  @inline(__always)
  mutating func append(_ entry: JournalEntry) {
    if end == limit { makeRoom() }
    place(end).initialize(to: entry)
    end += 1
  }

  /// Makes the ring larger if it is full, and smaller if little of it is used.
  @inline(never)
  private mutating func makeRoom() {
    var size = mask + 1
    if count == size { size *= 2 }
    while size > Self.usual, count <= size / 8 { size /= 2 }
    if size != mask + 1 {
      let other = UnsafeMutablePointer<JournalEntry>.allocateLines(capacity: size)
      for position in first..<end { (other + (position - first)).initialize(to: place(position).pointee) }
      ring.deallocate()
      ring = other
      (base, mask) = (first, size - 1)
    }
    // Up to the ring's end, and no further than there is room if none leaves meanwhile.
    limit = min(end + size - ((end - base) & mask), first + size)
  }

  /// Fills in the owner at a position; positions that have left stay as they were read.
  mutating func setOwner(_ fact: OwnerFact, since: Timestamp = Timestamp(0), at position: Int) {
    guard position >= first, position < end else { return }
    place(position).pointee.owner = fact
    place(position).pointee.ownerSince = since
  }

  /// Fills in the owner that was read when a wait began.
  mutating func setRead(_ fact: OwnerFact, at position: Int) {
    guard position >= first, position < end else { return }
    place(position).pointee.read = fact
  }

  /// The same for an entry's follow-up.
  mutating func setFollowUp(_ followUp: FollowUp, at position: Int) {
    guard position >= first, position < end else { return }
    place(position).pointee.followUp = followUp
  }

  /// The first entry, `nil` without one: where it lies until one is added or removed. An entry is large, and most steps need
  /// little of it.
  var firstEntry: UnsafePointer<JournalEntry>? {
    @inline(__always) get { isEmpty ? nil : UnsafePointer(place(first)) }
  }

  /// Removes the first entry. There must be one.
  @inline(__always)
  mutating func removeFirst() {
    first += 1
    if first == end { (base, limit) = (end, end + mask + 1) }
  }
}
