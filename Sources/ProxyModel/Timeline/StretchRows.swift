public import TraceCore

/// A stretch of a wait in one class, with all that the class follows from unchanged. A wait's segments follow each other without
/// a gap, from its beginning to its end.
///
/// Only where ``ProxyMachine/Options/rows`` asks for ``OptionalRows/segments``.
public struct SegmentRow: Sendable, Hashable {
  /// Index into ``Timeline/waits``.
  public var wait: Int
  public var begin: Timestamp
  public var end: Timestamp
  public var kind: WaitClass
  /// Where the waiter runs, or on whose runqueue its chain's terminal owner is; `nil` where that is nowhere, or not known.
  public var cpu: CPU?
  /// The chain's terminal owner; `nil` where the class does not depend on it.
  public var owner: TaskLabel?
  /// Who runs on ``cpu``; the idle task too.
  public var curr: TaskLabel?
  /// On whose account ``curr`` runs; `nil` for its own, and where that is not known.
  public var donor: TaskLabel?
  /// As well as everything that the row states is known: its weakest part.
  public var evidence: Evidence

  /// A segment by all of its columns.
  public init(
    wait: Int, begin: Timestamp, end: Timestamp, kind: WaitClass, cpu: CPU?, owner: TaskLabel?, curr: TaskLabel?,
    donor: TaskLabel?, evidence: Evidence
  ) {
    self.wait = wait
    self.begin = begin
    self.end = end
    self.kind = kind
    self.cpu = cpu
    self.owner = owner
    self.curr = curr
    self.donor = donor
    self.evidence = evidence
  }
}

/// A stretch in which a CPU runs one task on one account. Together they are the time in which CPUs are busy.
///
/// Only where ``ProxyMachine/Options/rows`` asks for ``OptionalRows/runs``.
public struct RunRow: Sendable, Hashable {
  public var cpu: CPU
  public var begin: Timestamp
  public var end: Timestamp
  /// `rq->curr`; never the idle task.
  public var task: TaskLabel
  /// `rq->donor` where it differs; `nil` where the task runs on its own account, or where that is not known: then
  /// ``evidence`` is unknown.
  public var donor: TaskLabel?
  /// How it is known on whose account the task runs.
  public var evidence: Evidence

  /// A run by all of its columns.
  public init(cpu: CPU, begin: Timestamp, end: Timestamp, task: TaskLabel, donor: TaskLabel?, evidence: Evidence) {
    self.cpu = cpu
    self.begin = begin
    self.end = end
    self.task = task
    self.donor = donor
    self.evidence = evidence
  }
}

/// How long a task was runnable before it ran.
///
/// Only where ``ProxyMachine/Options/rows`` asks for ``OptionalRows/delays``.
public struct DelayRow: Sendable, Hashable {
  /// How the task became runnable, or what happened to it since.
  public enum Cause: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// `sched_wakeup`.
    case woken
    /// It left its CPU runnable.
    case preempted
    /// `sched_wakeup_new`.
    case new
    /// Any of these, and before it ran it was moved to another CPU.
    case migrated
  }

  public var task: TaskLabel
  /// It became runnable.
  public var begin: Timestamp
  /// It was switched in; `nil` where the trace ended first.
  public var end: Timestamp?
  /// Length in steps of the trace clock. An open delay runs to the trace's end.
  public var length: Int64
  /// Where it waited, at last.
  public var cpu: CPU
  public var cause: Cause
  /// From its `sched_waking` to ``begin``; `nil` where it was not woken, or that was not seen.
  public var waking: Int64?
  /// Who ran meanwhile on the CPUs where it was queued, the longest first; 16 at most.
  public var culprits: [InversionRow.Culprit]
  /// The wait that the task was in: index into ``Timeline/waits``.
  public var wait: Int?
  public var evidence: Evidence

  /// A delay by all of its columns.
  public init(
    task: TaskLabel, begin: Timestamp, end: Timestamp?, length: Int64, cpu: CPU, cause: Cause, waking: Int64?,
    culprits: [InversionRow.Culprit], wait: Int?, evidence: Evidence
  ) {
    self.task = task
    self.begin = begin
    self.end = end
    self.length = length
    self.cpu = cpu
    self.cause = cause
    self.waking = waking
    self.culprits = culprits
    self.wait = wait
    self.evidence = evidence
  }
}
