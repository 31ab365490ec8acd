public import TraceCore

/// A call of a sched_ext scheduler's `ops.enqueue()` for a task that is blocked on a mutex: the kernel asks where to put a donor
/// (`SCX_OPS_ENQ_BLOCKED`, Linux 7.4).
public struct EnqueueRow: Sendable, Hashable {
  /// Why the scheduler is asked.
  public enum Reason: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// The task has just blocked.
    case blocked
    /// The kernel has moved it to its owner's CPU (`proxy_migrate_task()`, kernel/sched/core.c).
    case migrated
    /// It was the donor, and its turn is over: its slice has run out, or another task was picked.
    case sliceOver = "slice-over"
    /// It was picked, or was about to be, and no owner ran on its account: the kernel puts it back (`proxy_resched_idle()`).
    case handedBack = "handed-back"
  }

  /// What the owner was doing.
  public enum OwnerState: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// It was on a CPU.
    case running
    /// It was on a runqueue.
    case runnable
    /// It had been woken, and was on no runqueue yet.
    case waking
    /// It waited for a mutex itself.
    case blocked
    /// It slept on something else than a mutex.
    case sleeping
    /// The mutex was free: it was being handed over.
    case released
    /// Not known.
    case unknown
  }

  /// When the scheduler was asked.
  public var time: Timestamp
  /// The blocked task.
  public var donor: TaskLabel
  /// The CPU on whose runqueue it was.
  public var cpu: CPU
  /// The owner of the mutex that it waited for; `nil` where that is not known, or nobody owned it.
  public var owner: TaskLabel?
  /// Where the owner ran, or ran last; `nil` where that is not known.
  public var ownerCPU: CPU?
  /// What the owner was doing.
  public var ownerState: OwnerState
  /// Why the scheduler was asked.
  public var reason: Reason
  /// Where the scheduler put it: the CPU of a local dispatch queue, or else where it next donated; `nil` where neither shows.
  public var placedCPU: CPU?
  /// The dispatch queue; `nil` where the mark does not say.
  public var dispatchQueue: UInt64?
  /// How long until an owner ran on its account; `nil` where none did before the wait ended.
  public var donatedAfter: Int64?
  /// Index into ``Timeline/waits``; `nil` where the capture does not show the wait.
  public var wait: Int?
  /// How the row is known: its owner, and its reason.
  public var evidence: Evidence

  /// A row by all of its columns.
  public init(
    time: Timestamp, donor: TaskLabel, cpu: CPU, owner: TaskLabel?, ownerCPU: CPU?, ownerState: OwnerState,
    reason: Reason, placedCPU: CPU?, dispatchQueue: UInt64?, donatedAfter: Int64?, wait: Int?, evidence: Evidence
  ) {
    self.time = time
    self.donor = donor
    self.cpu = cpu
    self.owner = owner
    self.ownerCPU = ownerCPU
    self.ownerState = ownerState
    self.reason = reason
    self.placedCPU = placedCPU
    self.dispatchQueue = dispatchQueue
    self.donatedAfter = donatedAfter
    self.wait = wait
    self.evidence = evidence
  }

  /// Whether the scheduler put the donor where its owner was; `nil` where one of the two is not known.
  public var isOnOwnersCPU: Bool? {
    guard let placedCPU, let ownerCPU else { return nil }
    return placedCPU == ownerCPU
  }
}
