public import TraceCore

/// What a capture says, as rows: the model's only output, and all that the analyses see.
///
/// Rows of a kind stand in order of their beginning; their index + 1 is the id that the tables print. All times are instants
/// or differences on the trace clock, in its unit (nanoseconds unless ``TraceClock/unit`` says otherwise).
public struct Timeline: Sendable {
  /// The first and the last record of the capture.
  public var begin = Timestamp(0)
  public var end = Timestamp(0)
  /// Records seen, without loss items.
  public var eventCount: UInt64 = 0
  /// Which kinds of event occurred at all: what is missing limits the results.
  public var seen: Set<EventRole> = []

  /// A row per CPU with records, ascending.
  public var cpus: [CPURow] = []
  /// Every task that an event named, in order of first appearance; a ``TaskIndex`` points here.
  public var tasks: [TaskRow] = []
  /// Whether the kernel proxies, and how that is known.
  public var verdict = ProxyVerdict(answer: .notShown, reasons: [], evidence: .unknown)
  public var waits: Rows<WaitRow> = []
  public var chains: Rows<ChainRow> = []
  /// Places in ``chains`` of those that come back to themselves.
  public var deadlocks: [Int] = []
  package var classes: [ClassRow] = []
  public var splits: Rows<SplitRow> = []
  public var inversions: Rows<InversionRow> = []
  public var handoffs: Rows<HandoffRow> = []
  public var holds: Rows<HoldRow> = []
  public var migrations: Rows<MigrationRow> = []
  public var pairing: [PairingRow] = []
  /// How often sched_ext callbacks were called.
  public var marks = MarkSummary()
  public var schedExt = SchedExtSummary()
  public var gaps: [GapRow] = []
  public var diagnostics = DiagnosticLog()

  public init() {}

  /// Length of the capture.
  public var span: Int64 { end - begin }

  /// Says that nobody looks at rows for now: what of them is in a file need not be in memory.
  package func rest() { RowFile.restAll() }

  /// A task by its index.
  public subscript(task: TaskIndex) -> TaskRow { tasks[Int(task.rawValue)] }
}

/// A task's place in ``Timeline/tasks``.
public struct TaskIndex: Hashable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A task as it was at one moment: names and priorities change during a trace.
public struct TaskLabel: Hashable, Sendable, BitwiseCopyable {
  public var index: TaskIndex
  public var pid: Pid
  /// Empty where no event had named it.
  public var comm: Comm
  /// `nil` where no event had told it.
  public var priority: Priority?

  public init(index: TaskIndex, pid: Pid, comm: Comm, priority: Priority?) {
    self.index = index
    self.pid = pid
    self.comm = comm
    self.priority = priority
  }
}

/// A CPU over the whole capture. Two laws hold exactly:
/// `busy + idle + lost = span` and `busy = own + proxied + unknown`.
public struct CPURow: Sendable, Hashable {
  public var cpu: CPU
  /// Time in which a task other than the idle task was curr.
  public var busy: Int64 = 0
  public var idle: Int64 = 0
  /// Time in which records are missing, so that curr is not known: gaps and breaks of continuity.
  public var lost: Int64 = 0
  /// Part of `busy` in which curr ran on its own account.
  public var own: Int64 = 0
  /// Part of `busy` in which curr ran on a donor's account.
  public var proxied: Int64 = 0
  /// Part of `busy` in which the donor is not known.
  public var unknown: Int64 = 0
  /// `sched_switch` records.
  public var switches: UInt64 = 0
  /// Switches to a task that runs on a donor's account.
  public var proxiedSwitches: UInt64 = 0
  /// Times that a wait's donor had an owner run on its account for the first time.
  public var donations: UInt64 = 0
  /// Records that the ring buffer says it lost; `nil` where it lost some and did not count them.
  public var lostEvents: UInt64? = .some(0)

  public init(cpu: CPU) { self.cpu = cpu }
}

/// A task over the whole capture.
public struct TaskRow: Sendable, Hashable {
  public var id: TaskID
  /// The last name that an event gave.
  public var comm: Comm
  /// The last priority that an event gave.
  public var priority: Priority?
  /// Time as curr.
  public var run: Int64 = 0
  /// Times it was switched in.
  public var switches: UInt64 = 0
  /// Waits that it began, and their sum.
  public var waits: UInt64 = 0
  public var waited: Int64 = 0
  /// Part of `waited` in which a less urgent task kept the owner from running.
  public var inverted: Int64 = 0
  /// Part of `run` that was on a donor's account.
  public var proxiedRun: Int64 = 0
  /// Time that others ran on its account.
  public var donated: Int64 = 0

  public init(id: TaskID, comm: Comm, priority: Priority? = nil) {
    self.id = id
    self.comm = comm
    self.priority = priority
  }
}

/// What a wait is for, by the flags of its `contention_begin`.
public enum WaitKind: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  case mutex
  case rwsemRead = "rwsem-read"
  case rwsemWrite = "rwsem-write"
  case rtmutex
  case percpuRwsem = "percpu-rwsem"
  case other

  /// `nil` for a spinlock, which is no wait: the task cannot sleep on it. (kernel/locking/: qspinlock and qrwlock set SPIN
  /// with or without READ/WRITE, mutex sets MUTEX, rwsem READ or WRITE alone, rt_mutex RT, percpu-rwsem PERCPU.)
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
  case acquired
  /// Gave up, with the negative errno of `contention_end`.
  case failed(errno: Int32)
  /// The trace ended first.
  case open
  /// A gap swallowed the end.
  case lost
}

/// A wait: from the task's first `contention_begin` on a lock to its `contention_end` on the same lock.
public struct WaitRow: Sendable, Hashable {
  public var kind: WaitKind
  public var waiter: TaskLabel
  public var lock: LockAddress
  /// The first `contention_begin`; where ``isCutAtBegin``, the earliest instant from which the wait is certain.
  public var begin: Timestamp
  /// The wait began before the trace, or inside a gap: its true length is not known.
  public var isCutAtBegin: Bool
  /// `nil` for a wait that the trace does not see end.
  public var end: Timestamp?
  /// Length; of an open wait to the trace's end, of a lost one to the gap that swallowed its end.
  public var length: Int64
  public var result: WaitResult
  /// Part of the wait in which the waiter was not on a CPU; the rest it spun, or was on its way. `nil` where a gap hides it.
  public var asleep: Int64?
  /// A gap on some CPU overlaps it.
  public var touchesGap: Bool
  /// Where the time went; the nine sum to ``length`` exactly.
  public var times = ClassTimes()
  /// The lock's owner when the wait began; `nil` where unknown.
  public var owner: TaskLabel?
  public var ownerEvidence = Evidence.unknown
  /// The deepest chain, in locks; 0 where no owner is known.
  public var depth = 0

  public init(
    kind: WaitKind, waiter: TaskLabel, lock: LockAddress, begin: Timestamp, isCutAtBegin: Bool, end: Timestamp?,
    length: Int64, result: WaitResult, asleep: Int64?, touchesGap: Bool, times: ClassTimes = ClassTimes(),
    owner: TaskLabel? = nil, ownerEvidence: Evidence = .unknown, depth: Int = 0
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
  }
}

/// A hole in a CPU's records.
public struct GapRow: Sendable, Hashable {
  public var cpu: CPU
  public var begin: Timestamp
  public var end: Timestamp
  /// `nil` where the ring buffer did not count them.
  public var lostEvents: UInt64?

  public init(cpu: CPU, begin: Timestamp, end: Timestamp, lostEvents: UInt64?) {
    self.cpu = cpu
    self.begin = begin
    self.end = end
    self.lostEvents = lostEvents
  }
}
