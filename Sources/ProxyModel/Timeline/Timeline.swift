public import TraceCore

/// What a capture says, as rows: the model's only output, and the only input of the analyses.
///
/// Rows of a kind are sorted by their beginning; a row's index + 1 is the id that the tables print. All times are instants
/// or differences on the trace clock, in its unit (nanoseconds unless `TraceClock.unit` says otherwise).
public struct Timeline: Sendable {
  /// Time of the first record of the capture.
  public var begin = Timestamp(0)
  /// Time of the last record of the capture.
  public var end = Timestamp(0)
  /// Number of records, without loss items.
  public var eventCount: UInt64 = 0
  /// Roles of the events that occurred at least once. A missing role limits the results.
  public var seen: Set<EventRole> = []

  /// A row per CPU with records, ascending.
  public var cpus: [CPURow] = []
  /// Every task that an event named, in order of first appearance; a ``TaskIndex`` is an index into this array.
  public var tasks: [TaskRow] = []
  /// Whether the kernel runs owners on their donors' account, and how that is known.
  public var verdict = ProxyVerdict(answer: .undecided, reasons: [], evidence: .unknown)
  /// Rows that were made; lists of other rows are empty and mean nothing.
  public var rowKinds = RowKinds.all
  /// Waits for sleeping locks.
  public var waits: Rows<WaitRow> = [] { didSet { briefs.forgetWaits() } }
  /// Every lock that somebody waited for, in no order, whether ``waits`` are asked for or not.
  public var waitedLocks: [LockAddress] = []
  /// Wait chains: waiter, lock, owner, lock, owner and so on.
  public var chains: Rows<ChainRow> = [] { didSet { briefs.chains = [] } }
  /// Indices into ``chains`` of the chains that lead back to themselves.
  public var deadlocks: [Int] = []
  /// Stretches of waits in one class, on one CPU, beside the same tasks. Empty unless ``made`` has them.
  public var segments: Rows<SegmentRow> = []
  /// Stretches in which a CPU runs one task on one account. Empty unless ``made`` has them.
  public var runs: Rows<RunRow> = []
  /// Times from runnable to running, in order of their beginning. Empty unless ``made`` has them.
  public var delays: Rows<DelayRow> = [] { didSet { briefs.delays = [] } }
  /// Which of the optional rows were asked for and made.
  public var made = OptionalRows.all
  /// Intervals in which `rq->donor` differs from `rq->curr`.
  public var splits: Rows<SplitRow> = [] { didSet { briefs.splits = [] } }
  /// Windows in which a less urgent task kept a lock's owner from running.
  public var inversions: Rows<InversionRow> = []
  /// Stretches of waits in which nothing but the scheduler was in the owner's way.
  public var stalls: Rows<StallRow> = []
  /// Handoffs of CPU time from donor to owner, and of locks from owner to waiter.
  public var handoffs: Rows<HandoffRow> = [] { didSet { briefs.handoffs = [] } }
  /// Stretches in which a task owned a lock that another task waited for.
  public var holds: Rows<HoldRow> = []
  /// Moves of blocked donors between CPUs.
  public var migrations: Rows<MigrationRow> = []
  /// Calls of a sched_ext scheduler's `ops.enqueue()` for blocked donors.
  public var enqueues: Rows<EnqueueRow> = []
  /// Idle CPUs that pick one blocked task again and again.
  public var idlePicks: [IdlePickRow] = []
  /// sched_ext callbacks without a partner.
  public var pairing: [PairingRow] = []
  /// Number of calls of the sched_ext callbacks.
  public var marks = MarkSummary()
  /// What the capture says of a BPF scheduler.
  public var schedExt = SchedExtSummary()
  /// Stretches of a CPU's time for which the ring buffer has no records.
  public var gaps: [GapRow] = []
  /// What the model skipped or could not decide.
  public var diagnostics = DiagnosticLog()
  /// What sums are made of.
  var briefs = PackedBriefs()
  /// Where rows are that are not in memory.
  var rowFile: RowFile?

  /// A timeline without records and without rows.
  public init() {}

  /// Length of the capture: ``end`` − ``begin``, in steps of the trace clock.
  public var span: Int64 { end - begin }

  /// Releases the memory of rows that are in the row file. Rows can still be read; their pages are then read again.
  package func rest() { rowFile?.releaseAllPages() }

  /// Says that somebody who reads some of the rows has passed so many: of a few among many each brings pages of its own.
  package func passed(rows: Int) { rowFile?.passed(rows * 256) }

  /// The task with an index.
  /// - Precondition: the index is of this timeline.
  public subscript(task: TaskIndex) -> TaskRow { tasks[Int(task.rawValue)] }
}

/// A task's index in ``Timeline/tasks``.
public struct TaskIndex: Hashable, Sendable, BitwiseCopyable {
  /// The index, from 0.
  public var rawValue: UInt32

  /// The task at an index, from 0.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A task as it was at one instant: names and priorities change during a trace.
public struct TaskLabel: Hashable, Sendable, BitwiseCopyable {
  /// The task's row in ``Timeline/tasks``.
  public var index: TaskIndex
  /// The kernel's thread id, in the initial pid namespace.
  public var pid: Pid
  /// The task's name then; empty where no event had named it. Hostile text.
  public var comm: Comm
  /// The task's priority then; `nil` where no event had stated it.
  public var priority: Priority?

  /// A task by all that is known of it at one instant.
  public init(index: TaskIndex, pid: Pid, comm: Comm, priority: Priority?) {
    self.index = index
    self.pid = pid
    self.comm = comm
    self.priority = priority
  }
}

/// A CPU over the whole capture. Two laws hold exactly:
/// `busy + idle + lost = span` and `busy = own + proxied + unknown`.
///
/// All times are in steps of the trace clock.
public struct CPURow: Sendable, Hashable {
  /// The kernel's number of the CPU.
  public var cpu: CPU
  /// Time in which a task other than the idle task was curr.
  public var busy: Int64 = 0
  /// Time in which the idle task was curr.
  public var idle: Int64 = 0
  /// Time in which records are missing, so that curr is not known: gaps, and switches that do not continue the one before.
  public var lost: Int64 = 0
  /// Part of `lost`: before the CPU's first record and after its last one, where nothing says that records are missing.
  public var quiet: Int64 = 0
  /// Part of `busy` in which curr ran on its own account.
  public var own: Int64 = 0
  /// Part of `busy` in which curr ran on a donor's account.
  public var proxied: Int64 = 0
  /// Part of `busy` in which the donor is not known.
  public var unknown: Int64 = 0
  /// Number of `sched_switch` records.
  public var switches: UInt64 = 0
  /// Number of switches to a task that runs on a donor's account.
  public var proxiedSwitches: UInt64 = 0
  /// Number of waits whose donor had an owner run on its account for the first time here.
  public var donations: UInt64 = 0
  /// Number of records that the ring buffer says it lost; `nil` where it lost some and did not count them.
  public var lostEvents: UInt64? = .some(0)

  /// A CPU with no time yet.
  public init(cpu: CPU) { self.cpu = cpu }
}

/// A task over the whole capture. All times are in steps of the trace clock.
public struct TaskRow: Sendable, Hashable {
  /// Its pid, and which of the tasks with this pid it is.
  public var id: TaskID
  /// The last name that an event gave. Hostile text.
  public var comm: Comm
  /// The last priority that an event gave; `nil` where none did.
  public var priority: Priority?
  /// Time as curr.
  public var run: Int64 = 0
  /// Number of times it was switched in.
  public var switches: UInt64 = 0
  /// Number of waits for sleeping locks that it began.
  public var waits: UInt64 = 0
  /// Sum of the lengths of these waits.
  public var waited: Int64 = 0
  /// Part of `waited` in which a less urgent task kept the owner from running.
  public var inverted: Int64 = 0
  /// Part of `run` that was on a donor's account.
  public var proxiedRun: Int64 = 0
  /// Time that others ran on its account.
  public var donated: Int64 = 0

  /// A task with no time yet.
  public init(id: TaskID, comm: Comm, priority: Priority? = nil) {
    self.id = id
    self.comm = comm
    self.priority = priority
  }
}

/// The kind of lock that a task waits for, by the flags of its `contention_begin` (include/trace/events/lock.h).
public enum WaitKind: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  /// A mutex: the only kind through which tasks donate.
  case mutex
  /// An rw_semaphore, for reading.
  case rwsemRead = "rwsem-read"
  /// An rw_semaphore, for writing.
  case rwsemWrite = "rwsem-write"
  /// An rt_mutex.
  case rtmutex
  /// A percpu_rw_semaphore, for reading or writing.
  case percpuRwsem = "percpu-rwsem"
  /// A sleeping lock whose flags are none of these.
  case other

  /// The kind that flags mean; `nil` for a spinlock, on which a task cannot sleep. (kernel/locking/: qspinlock and qrwlock
  /// set SPIN with or without READ/WRITE, mutex sets MUTEX, rwsem READ or WRITE alone, rt_mutex RT, percpu-rwsem PERCPU.)
  public init?(_ flags: ContentionFlags) {
    if flags.contains(.mutex) {
      self = .mutex
    } else if flags.contains(.percpu) {
      self = .percpuRwsem
    } else if flags.contains(.rt) {
      self = .rtmutex
    } else if flags.contains(.spin) {
      return nil
    } else if flags.contains(.read) {
      self = .rwsemRead
    } else if flags.contains(.write) {
      self = .rwsemWrite
    } else {
      self = .other
    }
  }
}

/// How a wait ended.
public enum WaitResult: Sendable, Hashable, BitwiseCopyable {
  /// The task got the lock: `contention_end` with 0.
  case acquired
  /// The task gave up, with the negative errno of `contention_end` (−4 is EINTR).
  case failed(errno: Int32)
  /// The trace ended first.
  case open
  /// The end lies in a gap.
  case lost
}

/// A wait: from the task's first `contention_begin` on a lock to its `contention_end` on the same lock.
///
/// All but owner, classes and depth is what `contention_begin`, `contention_end` and `sched_switch` state.
public struct WaitRow: Sendable, Hashable {
  /// The kind of lock.
  public var kind: WaitKind
  /// The task that waits.
  public var waiter: TaskLabel
  /// Address of the lock.
  public var lock: LockAddress
  /// The first `contention_begin`; where ``isCutAtBegin``, the earliest instant from which the wait is certain.
  public var begin: Timestamp
  /// Whether the wait began before the trace, or inside a gap: its true length is then not known.
  public var isCutAtBegin: Bool
  /// The `contention_end`; `nil` where the trace has none.
  public var end: Timestamp?
  /// Length in steps of the trace clock. An open wait runs to the trace's end, a lost one to the gap that hides its end.
  public var length: Int64
  /// How the wait ended.
  public var result: WaitResult
  /// Part of ``length`` in which the waiter was not on a CPU; the rest of it the waiter spun or was on its way to the lock.
  /// `nil` where a gap hides it.
  public var asleep: Int64?
  /// Whether a gap on some CPU overlaps the wait.
  public var touchesGap: Bool
  /// Time by class; the ten classes sum to ``length`` exactly.
  public var times = ClassTimes()
  /// The lock's owner when the wait began; `nil` where it is not known, or where nobody owned the lock.
  public var owner: TaskLabel?
  /// How ``owner`` is known. Evidence other than unknown with no owner means that the lock was free then.
  public var ownerEvidence = Evidence.unknown
  /// Number of locks in the longest chain of the wait; 0 where no owner is known.
  public var depth = 0
  /// Whether migration was disabled for the waiter when it began to wait (`migrate_disable()`, by `common_preempt_count`): the
  /// kernel cannot move it to its owner's CPU. `false` too where the capture's form does not say.
  public var isPinned = false

  /// A wait by all of its columns.
  public init(
    kind: WaitKind, waiter: TaskLabel, lock: LockAddress, begin: Timestamp, isCutAtBegin: Bool, end: Timestamp?,
    length: Int64, result: WaitResult, asleep: Int64?, touchesGap: Bool, times: ClassTimes = ClassTimes(),
    owner: TaskLabel? = nil, ownerEvidence: Evidence = .unknown, depth: Int = 0, isPinned: Bool = false
  ) {
    self.kind = kind
    self.waiter = waiter
    self.lock = lock
    self.begin = begin
    self.isCutAtBegin = isCutAtBegin
    self.end = end
    self.length = length
    self.result = result
    self.asleep = asleep
    self.touchesGap = touchesGap
    self.times = times
    self.owner = owner
    self.ownerEvidence = ownerEvidence
    self.depth = depth
    self.isPinned = isPinned
  }
}

/// A stretch of a CPU's time for which the ring buffer, or a damaged file, has no records.
public struct GapRow: Sendable, Hashable {
  /// The kernel's number of the CPU.
  public var cpu: CPU
  /// The last record before the gap, or the capture's beginning.
  public var begin: Timestamp
  /// The first record after the gap, or the capture's end.
  public var end: Timestamp
  /// Number of missing records; `nil` where the ring buffer did not count them; 0 before a CPU's first record and after its
  /// last one, where nothing says that any are missing.
  public var lostEvents: UInt64?

  /// Whether nothing says that records are missing.
  public var isQuiet: Bool { lostEvents == 0 }

  /// A gap by all of its columns.
  public init(cpu: CPU, begin: Timestamp, end: Timestamp, lostEvents: UInt64?) {
    self.cpu = cpu
    self.begin = begin
    self.end = end
    self.lostEvents = lostEvents
  }
}
