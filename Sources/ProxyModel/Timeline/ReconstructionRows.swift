public import TraceCore

/// A stretch in which one waiter's chain stays the same.
public struct ChainRow: Sendable, Hashable {
  /// Index into ``Timeline/waits``.
  public var wait: Int
  public var begin: Timestamp
  public var end: Timestamp
  /// Waiter first, then owner after owner; the last one is terminal, unless the chain's end is not known.
  public var path: [TaskLabel]
  /// `path[i]` waits for `locks[i]`; as many as the chain is deep.
  public var locks: [LockAddress]
  public var terminalState: ChainEnd
  public var evidence: Evidence

  /// A chain by all of its columns.
  public init(
    wait: Int, begin: Timestamp, end: Timestamp, path: [TaskLabel], locks: [LockAddress], terminalState: ChainEnd,
    evidence: Evidence
  ) {
    self.wait = wait
    self.begin = begin
    self.end = end
    self.path = path
    self.locks = locks
    self.terminalState = terminalState
    self.evidence = evidence
  }

  /// Number of locks.
  public var depth: Int { locks.count }
  /// `nil` where the last lock's owner is not known.
  public var terminal: TaskLabel? { path.count > locks.count ? path.last : nil }
}

/// How a chain ends, when its stretch began.
public enum ChainEnd: String, Sendable, Hashable, BitwiseCopyable {
  case running, runnable, sleeping, unknown
  /// Woken, and on no runqueue yet.
  case waking
  /// The last lock has just been released; or the last task is blocked on a lock that has.
  case released
  /// The chain comes back to itself.
  case deadlock
}

/// An interval on a CPU with curr ≠ donor.
public struct SplitRow: Sendable, Hashable {
  public var cpu: CPU
  public var begin: Timestamp
  public var end: Timestamp
  public var donor: TaskLabel
  public var curr: TaskLabel
  /// Locks between donor and curr; `nil` where the chain is not known.
  public var depth: Int?
  public var evidence: Evidence
  /// The donor's wait: index into ``Timeline/waits``; `nil` where none is known.
  public var wait: Int?
  /// Whoever else may be the donor, the most urgent first: where the donor is inferred.
  public var otherDonors: [TaskLabel]

  /// A split by all of its columns.
  public init(
    cpu: CPU, begin: Timestamp, end: Timestamp, donor: TaskLabel, curr: TaskLabel, depth: Int?, evidence: Evidence,
    wait: Int? = nil, otherDonors: [TaskLabel] = []
  ) {
    self.wait = wait
    self.otherDonors = otherDonors
    self.cpu = cpu
    self.begin = begin
    self.end = end
    self.donor = donor
    self.curr = curr
    self.depth = depth
    self.evidence = evidence
  }
}

/// A maximal run of the class `inverted` within one wait.
public struct InversionRow: Sendable, Hashable {
  /// Index into ``Timeline/waits``.
  public var wait: Int
  public var begin: Timestamp
  public var end: Timestamp
  public var waiter: TaskLabel
  public var lock: LockAddress
  /// The last lock of the chain when the window began: the one whose owner should have run.
  public var ownedLock: LockAddress
  /// The terminal owner: who should have run.
  public var owner: TaskLabel
  public var cpu: CPU
  /// Who ran instead, the longest first.
  public var culprits: [Culprit]
  public var evidence: Evidence

  /// A window by all of its columns.
  ///
  /// An `ownedLock` that is `nil` is that of a chain of one lock: the waiter's.
  public init(
    wait: Int, begin: Timestamp, end: Timestamp, waiter: TaskLabel, lock: LockAddress, ownedLock: LockAddress? = nil,
    owner: TaskLabel, cpu: CPU, culprits: [Culprit], evidence: Evidence
  ) {
    self.ownedLock = ownedLock ?? lock
    self.wait = wait
    self.begin = begin
    self.end = end
    self.waiter = waiter
    self.lock = lock
    self.owner = owner
    self.cpu = cpu
    self.culprits = culprits
    self.evidence = evidence
  }

  public struct Culprit: Sendable, Hashable {
    public var task: TaskLabel
    public var ran: Int64

    /// A task with the time that it ran in the window, in steps of the trace clock.
    public init(task: TaskLabel, ran: Int64) {
      self.task = task
      self.ran = ran
    }
  }

  public var length: Int64 { end - begin }
}

/// A handoff: of CPU time from donor to owner, or of a lock from owner to waiter.
public struct HandoffRow: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, BitwiseCopyable {
    case donation, release
  }

  public var kind: Kind
  /// Index into ``Timeline/waits``.
  public var wait: Int
  public var lock: LockAddress
  public var from: TaskLabel
  public var to: TaskLabel
  public var begin: Timestamp
  public var end: Timestamp
  /// Of a release: to `sched_waking`, to `sched_wakeup`, to switch-in, to `contention_end`; `nil` where the step did not happen
  /// or was not seen.
  ///
  /// Of a donation by a task that a sched_ext scheduler was asked about: to the first `ops.enqueue()` for it; to its arrival on
  /// the CPU where the owner runs (0 if it was there); to its `ops.running()`; to the switch to the owner. Then they sum to the
  /// latency exactly. `nil` for other donations.
  public var wake: Int64?
  public var queue: Int64?
  public var run: Int64?
  public var acquire: Int64?
  /// The waiter changed its CPU in it: a return migration. Of a donation: the kernel moved the donor.
  public var migrated: Bool
  /// Of a donation: the donor's scheduler moved it, as the last one to do so.
  public var steered: Bool
  public var evidence: Evidence

  /// A handoff by all of its columns.
  public init(
    kind: Kind, wait: Int, lock: LockAddress, from: TaskLabel, to: TaskLabel, begin: Timestamp, end: Timestamp,
    wake: Int64?, queue: Int64?, run: Int64?, acquire: Int64?, migrated: Bool, steered: Bool = false, evidence: Evidence
  ) {
    self.kind = kind
    self.wait = wait
    self.lock = lock
    self.from = from
    self.to = to
    self.begin = begin
    self.end = end
    self.wake = wake
    self.queue = queue
    self.run = run
    self.acquire = acquire
    self.migrated = migrated
    self.steered = steered
    self.evidence = evidence
  }
}

extension HandoffRow {
  /// A step of a release; `nil` for donations.
  public func release(_ step: KeyPath<HandoffRow, Int64?>) -> Int64? { kind == .release ? self[keyPath: step] : nil }

  /// Of a donation by a task that a sched_ext scheduler was asked about: from its block to the first call of `ops.enqueue()`.
  public var admit: Int64? { kind == .donation ? wake : nil }
  /// From then to its arrival on the CPU where the owner runs.
  public var place: Int64? { kind == .donation ? queue : nil }
  /// From then to its `ops.running()`.
  public var pick: Int64? { kind == .donation ? run : nil }
  /// From then until the owner runs.
  public var start: Int64? { kind == .donation ? acquire : nil }
}

/// A stretch in which a task owned a lock that somebody waited for.
public struct HoldRow: Sendable, Hashable {
  public var lock: LockAddress
  public var owner: TaskLabel
  public var begin: Timestamp
  public var end: Timestamp
  /// Most tasks that waited at once.
  public var waiters: Int
  public var evidence: Evidence
  /// What the owner did meanwhile.
  public var times: HoldTimes

  /// A hold by all of its columns.
  public init(
    lock: LockAddress, owner: TaskLabel, begin: Timestamp, end: Timestamp, waiters: Int, evidence: Evidence,
    times: HoldTimes = HoldTimes()
  ) {
    self.times = times
    self.lock = lock
    self.owner = owner
    self.begin = begin
    self.end = end
    self.waiters = waiters
    self.evidence = evidence
  }
}

/// An idle CPU picks one blocked task again and again, as probes show it: it spins.
public struct IdlePickRow: Sendable, Hashable {
  public var cpu: CPU
  /// The blocked task that it picks.
  public var donor: TaskLabel
  /// Index into ``Timeline/waits``: what the task is blocked in.
  public var wait: Int
  /// The first pick.
  public var begin: Timestamp
  /// The last pick.
  public var end: Timestamp
  /// How many; at least three.
  public var picks: UInt64
  /// `probe` where picks follow each other all the time; inferred where there are pauses.
  public var evidence: Evidence

  /// Picks further apart are no burst: a tick (HZ=1000) wakes any idle CPU. Nanoseconds.
  package static let longestPause: Int64 = 1_000_000
  /// The kernel picks, gives up, and picks once more when the donor has left. More picks in a row are a burst.
  package static let fewest: UInt64 = 3

  /// A row by all of its columns.
  public init(
    cpu: CPU, donor: TaskLabel, wait: Int, begin: Timestamp, end: Timestamp, picks: UInt64, evidence: Evidence
  ) {
    self.cpu = cpu
    self.donor = donor
    self.wait = wait
    self.begin = begin
    self.end = end
    self.picks = picks
    self.evidence = evidence
  }
}

/// What the owner of a lock did while it held it. The five sum to the hold, but for time in which records are missing.
public struct HoldTimes: Sendable, Hashable, BitwiseCopyable {
  /// It ran, and not on another's account as far as is known.
  public var run: Int64 = 0
  /// It ran on another's account.
  public var proxiedRun: Int64 = 0
  /// It was on a runqueue, and something else or nothing ran.
  public var preempted: Int64 = 0
  /// It was blocked on another mutex.
  public var waiting: Int64 = 0
  /// It slept on something else, or was woken and not queued yet.
  public var sleeping: Int64 = 0

  /// No time.
  public init() {}

  public var total: Int64 { run &+ proxiedRun &+ preempted &+ waiting &+ sleeping }
}

/// A move of a blocked donor.
public struct MigrationRow: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, BitwiseCopyable {
    /// To the CPU of its owner; emits no event.
    case proxy
    /// Back, when it is woken.
    case `return`
    /// By an event while it is blocked: its sched_ext scheduler has put it on another CPU.
    case steered
  }

  public var kind: Kind
  public var task: TaskLabel
  public var from: CPU
  public var to: CPU
  public var time: Timestamp
  public var evidence: Evidence
  /// The donor's wait: index into ``Timeline/waits``.
  public var wait: Int?

  /// A move by all of its columns.
  public init(
    kind: Kind, task: TaskLabel, from: CPU, to: CPU, time: Timestamp, evidence: Evidence, wait: Int? = nil
  ) {
    self.wait = wait
    self.kind = kind
    self.task = task
    self.from = from
    self.to = to
    self.time = time
    self.evidence = evidence
  }
}
