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
  /// The last lock has just been released.
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

  /// A split by all of its columns.
  public init(
    cpu: CPU, begin: Timestamp, end: Timestamp, donor: TaskLabel, curr: TaskLabel, depth: Int?, evidence: Evidence
  ) {
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
  /// The terminal owner: who should have run.
  public var owner: TaskLabel
  public var cpu: CPU
  /// Who ran instead, the longest first.
  public var culprits: [Culprit]
  public var evidence: Evidence

  /// A window by all of its columns.
  public init(
    wait: Int, begin: Timestamp, end: Timestamp, waiter: TaskLabel, lock: LockAddress, owner: TaskLabel, cpu: CPU,
    culprits: [Culprit], evidence: Evidence
  ) {
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
  /// Release to `sched_waking`, to `sched_wakeup`, to switch-in, to `contention_end`; `nil` where the step did not happen
  /// or was not seen.
  public var wake: Int64?
  public var queue: Int64?
  public var run: Int64?
  public var acquire: Int64?
  /// The waiter changed its CPU in it: a return migration.
  public var migrated: Bool
  public var evidence: Evidence

  /// A handoff by all of its columns.
  public init(
    kind: Kind, wait: Int, lock: LockAddress, from: TaskLabel, to: TaskLabel, begin: Timestamp, end: Timestamp,
    wake: Int64?, queue: Int64?, run: Int64?, acquire: Int64?, migrated: Bool, evidence: Evidence
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
    self.evidence = evidence
  }
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

  /// A hold by all of its columns.
  public init(lock: LockAddress, owner: TaskLabel, begin: Timestamp, end: Timestamp, waiters: Int, evidence: Evidence) {
    self.lock = lock
    self.owner = owner
    self.begin = begin
    self.end = end
    self.waiters = waiters
    self.evidence = evidence
  }
}

/// A move of a blocked donor.
public struct MigrationRow: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, BitwiseCopyable {
    /// To the CPU of its owner; emits no event.
    case proxy
    /// Back, when it is woken.
    case `return`
  }

  public var kind: Kind
  public var task: TaskLabel
  public var from: CPU
  public var to: CPU
  public var time: Timestamp
  public var evidence: Evidence

  /// A move by all of its columns.
  public init(kind: Kind, task: TaskLabel, from: CPU, to: CPU, time: Timestamp, evidence: Evidence) {
    self.kind = kind
    self.task = task
    self.from = from
    self.to = to
    self.time = time
    self.evidence = evidence
  }
}

/// A stretch of a wait in one class. Only where ``ProxyMachine/Options/recordsClasses`` asks for them.
package struct ClassRow: Sendable, Hashable {
  /// Index into ``Timeline/waits``.
  package var wait: Int
  package var begin: Timestamp
  package var end: Timestamp
  package var kind: WaitClass
}
