public import TraceCore

/// A stretch of a wait in which nothing was in the way of the chain's terminal owner but the scheduler, and it did not run for the
/// waiter.
public struct StallRow: Sendable, Hashable {
  /// Index into ``Timeline/waits``.
  public var wait: Int
  /// The wait's waiter.
  public var waiter: TaskLabel
  public var begin: Timestamp
  public var end: Timestamp
  /// - ``WaitClass/delayed``, ``WaitClass/waking``: as the class says.
  /// - ``WaitClass/handoff``: the lock was free, and a task that was to take it was runnable on an idle CPU.
  /// - ``WaitClass/inverted``, where the kernel proxies: of a kernel that does not, ``Timeline/inversions`` say as much.
  /// - ``WaitClass/running``, ``WaitClass/preempted``, where the kernel proxies: before an owner ran on the waiter's account for the
  ///   first time.
  public var kind: WaitClass
  /// On whose runqueue the owner was; `nil` where it was on none.
  public var cpu: CPU?
  /// The chain's terminal owner; of ``WaitClass/handoff`` who was to take the lock.
  public var owner: TaskLabel
  /// The last lock of the chain: the one that the owner had, or was to take.
  public var ownedLock: LockAddress
  /// Where the waiter was meanwhile.
  public var donor: DonorPlace
  /// How the owner is known, and that it did not run. Where the waiter was is not part of it.
  public var evidence: Evidence

  /// What takes less is no problem of a handoff or a wakeup: a tick at HZ=1000. Nanoseconds.
  package static let tick: Int64 = 1_000_000

  /// A stall by all of its columns.
  public init(
    wait: Int, waiter: TaskLabel, begin: Timestamp, end: Timestamp, kind: WaitClass, cpu: CPU?, owner: TaskLabel,
    ownedLock: LockAddress, donor: DonorPlace, evidence: Evidence
  ) {
    self.wait = wait
    self.waiter = waiter
    self.begin = begin
    self.end = end
    self.kind = kind
    self.cpu = cpu
    self.owner = owner
    self.ownedLock = ownedLock
    self.donor = donor
    self.evidence = evidence
  }
}

/// Where a blocked waiter is, on a kernel that proxies, while its owner is on a runqueue and does not run.
public enum DonorPlace: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  /// Not known, or it is not blocked, or the kernel does not proxy.
  case unknown
  /// On another CPU's runqueue than its owner: its own CPU has not picked it, so that it was not moved.
  case elsewhere
  /// On the runqueue of its owner's CPU, which runs something else.
  case besideOwner
  /// On none: it was picked while no owner could run, and donates no more until it is woken (`proxy_deactivate()`,
  /// kernel/sched/core.c).
  case dequeued
}
