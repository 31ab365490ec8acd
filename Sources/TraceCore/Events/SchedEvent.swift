/// One record of a capture, decoded: when, where, in which context, and what.
///
/// Fixed size and free of references, so that a stream of them costs no allocation and no reference counting.
public struct SchedEvent: Equatable, Sendable, BitwiseCopyable {
  /// When it was recorded, on the capture's clock.
  public var timestamp: Timestamp
  /// The CPU whose ring buffer holds the record.
  public var cpu: CPU
  /// The record's `common_pid`: the task that was current when it was written, which for an event in interrupt context
  /// is merely the task that was interrupted.
  public var pid: Pid
  /// The record's `common_type`; names are in ``CaptureInfo/events``.
  public var eventID: UInt16
  /// In which context the record was written.
  public var context: EventContext
  /// What happened.
  public var body: EventBody

  /// An event of its fields.
  @inlinable
  public init(
    timestamp: Timestamp, cpu: CPU, pid: Pid, eventID: UInt16 = 0, context: EventContext = .task, body: EventBody
  ) {
    self.timestamp = timestamp
    self.cpu = cpu
    self.pid = pid
    self.eventID = eventID
    self.context = context
    self.body = body
  }
}

/// The record's `common_flags` (include/linux/trace_events.h, `enum trace_flag_type`).
public struct EventContext: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The kernel's flags in the lower 8 bits.
  public var rawValue: UInt16

  /// A context of `common_flags` bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  // None of these is a stored property: that would be a call for each event of a text.

  /// Interrupts were disabled.
  @inlinable
  public static var irqsOff: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x01) }
  }
  /// A reschedule was pending.
  @inlinable
  public static var needResched: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x04) }
  }
  /// Written in a hardware interrupt.
  @inlinable
  public static var hardirq: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x08) }
  }
  /// Written in a softirq, or with bottom halves disabled.
  @inlinable
  public static var softirq: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x10) }
  }
  /// Written in a non-maskable interrupt.
  @inlinable
  public static var nmi: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x40) }
  }

  /// Of a `contention_begin`: the task may not be moved to another CPU (`migrate_disable()`). Since Linux 5.13 the upper half of
  /// `common_preempt_count` says so (kernel/trace/trace.c, `tracing_gen_ctx_irq_test()`). Other events leave it out.
  @inlinable
  public static var migrationDisabled: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x200) }
  }

  /// The flags are not known: text without their column.
  @inlinable
  public static var unknown: EventContext {
    @inline(__always) get { EventContext(rawValue: 0x100) }
  }

  /// No flag set.
  public static let task: EventContext = []
  /// Written by the current task itself, not by an interrupt on top of it. A record with the softirq bit is
  /// not counted, although some kernels also set it while bottom halves are merely disabled.
  public var isTask: Bool { isDisjoint(with: [.hardirq, .softirq, .nmi, .unknown]) }
  /// Whether the record may have been written by the current task: ``isTask``, or not known.
  public var mayBeTask: Bool { isDisjoint(with: [.hardirq, .softirq, .nmi]) }
}

/// What happened. A case per event that proxytrace understands; the fields are those of the kernel's event.
public enum EventBody: Equatable, Sendable, BitwiseCopyable {
  /// `sched:sched_switch`: `rq->curr` changes. The donor is never in it.
  case switched(SwitchRecord)
  /// `sched:sched_waking`: somebody starts to wake the task; in task context `pid` is the waker.
  case waking(WakeRecord)
  /// `sched:sched_wakeup`: the task is on a runqueue.
  case wakeup(WakeRecord)
  /// `sched:sched_wakeup_new`: a new task is on a runqueue for the first time.
  case wakeupNew(WakeRecord)
  /// `sched:sched_migrate_task`. Proxy migration of a donor does *not* emit it.
  case migrated(task: TaskSnapshot, from: CPU, to: CPU)
  /// `sched:sched_process_fork`.
  case forked(parent: Pid, child: Pid, childComm: Comm)
  /// `sched:sched_process_exec`; `oldPid` differs where a thread took over its group leader's pid.
  case executed(pid: Pid, oldPid: Pid)
  /// `sched:sched_process_exit`.
  case exited(TaskSnapshot)
  /// `task:task_rename`.
  case renamed(pid: Pid, comm: Comm)
  /// `sched:sched_pi_setprio`: priority inheritance (rt_mutex) changes a task's priority.
  case inheritedPriority(pid: Pid, comm: Comm, from: Priority, to: Priority)
  /// `lock:contention_begin`.
  case contentionBegan(lock: LockAddress, flags: ContentionFlags)
  /// `lock:contention_end`; `result` 0 = acquired, negative errno = gave up.
  case contentionEnded(lock: LockAddress, result: Int32)
  /// `lock:contended_release` (7.2 and later): the current task unlocks a lock that has waiters.
  case contendedRelease(lock: LockAddress)
  /// Probe `proxytrace:switch`: the donor chain above the task that is being switched in.
  case probedSwitch(SwitchProbe)
  /// Probe `proxytrace:wait`: `mutex->owner` when a wait began.
  case probedWait(WaitProbe)
  /// Probes `proxytrace:set_next_*`: the new `rq->donor`, also where curr does not change.
  case probedSetNext(pid: Pid, priority: Priority)
  /// Probe `proxytrace:exit` (`sched_exit_tp`, Linux 7.3 and later): `rq->donor`, its priority and curr at the end of every pass of
  /// `__schedule()` (kernel/sched/core.c). `isSwitch` says whether that pass changed curr.
  case probedExit(isSwitch: Bool, donor: Pid, donorPriority: Priority, curr: Pid)
  /// `bpf_trace:bpf_trace_printk` with the text of a mark, or `proxytrace:running`, `stopping`, `enqueue`: a sched_ext
  /// callback was called.
  case mark(MarkRecord)
  /// `sched_ext:sched_ext_event` and `sched_ext_exit`.
  case schedExt(SchedExtRecord)
  /// An event of the kernel says that on the record's CPU `owner` runs on the donor's account, from now on or from the
  /// switch on that comes next.
  case donorNamed(donor: Pid, owner: Pid)
  /// An event of the kernel names the owner of the lock that a task waits for; the lock is 0 where it does not say
  /// which.
  case ownerNamed(lock: LockAddress, waiter: Pid, owner: Pid)
  /// `sched:sched_enqueue`, a proposed event: a task comes to a CPU's runqueue.
  case queued(pid: Pid, cpu: CPU)
  /// `sched:sched_dequeue`, a proposed event: a task leaves a CPU's runqueue.
  case unqueued(pid: Pid, cpu: CPU)
  /// The ring buffer lost records on this CPU before this point.
  case lost(LostEvents)
  /// A record of an event without a role in the analysis.
  case other
}

/// A task as one event describes it.
public struct TaskSnapshot: Hashable, Sendable, BitwiseCopyable {
  /// The task's pid.
  public var pid: Pid
  /// The task's priority, as the event has it.
  public var priority: Priority
  /// The task's name; empty where the event has none.
  public var comm: Comm

  /// A task of its fields.
  @inlinable
  public init(pid: Pid, priority: Priority, comm: Comm) {
    self.pid = pid
    self.priority = priority
    self.comm = comm
  }
}

/// Fields of `sched:sched_switch`.
public struct SwitchRecord: Hashable, Sendable, BitwiseCopyable {
  /// The task that leaves the CPU.
  public var previous: TaskSnapshot
  /// The state in which it leaves.
  public var previousState: TaskState
  /// The task that gets the CPU.
  public var next: TaskSnapshot

  /// A switch of its fields.
  @inlinable
  public init(previous: TaskSnapshot, previousState: TaskState, next: TaskSnapshot) {
    self.previous = previous
    self.previousState = previousState
    self.next = next
  }
}

/// Fields of `sched:sched_waking`, `sched_wakeup` and `sched_wakeup_new`.
public struct WakeRecord: Hashable, Sendable, BitwiseCopyable {
  /// The task that is woken.
  public var task: TaskSnapshot
  /// In `sched_waking` the CPU the task was on (for a proxy-migrated donor the one it was moved to); in `sched_wakeup`
  /// the CPU it is put on.
  public var targetCPU: CPU

  /// A wakeup of its fields.
  @inlinable
  public init(task: TaskSnapshot, targetCPU: CPU) {
    self.task = task
    self.targetCPU = targetCPU
  }
}

/// Fields of the probe `proxytrace:switch`. Pointers are `task_struct` addresses; 0 = none.
///
/// Reading through a NULL pointer leaves *garbage*, so the initialiser drops what was read through one.
public struct SwitchProbe: Equatable, Sendable, BitwiseCopyable {
  /// The task that leaves the CPU.
  public var previous: Pid
  /// The task that gets the CPU; −1 where the probe does not say.
  public var next: Pid
  /// `next` as a pointer: with `next` it shows which pid a pointer means.
  public var nextTask: UInt64
  /// The number of donors above `next`: 0 (it runs on its own account) to 3, which is all that the probe records.
  public var depth: UInt8
  /// The donors above `next`, nearest first; −1 beyond ``depth``. The last one that is there is `rq->donor`.
  public var donors: (Pid, Pid, Pid)
  /// `prev->blocked_on`: the mutex the previous task is blocked on, 0 = none.
  public var previousBlockedOn: UInt64

  /// A probe's record of its fields.
  /// - Parameters:
  ///   - previous: Pid of the task that leaves the CPU.
  ///   - next: Pid of the task that comes.
  ///   - nextTask: Its `task_struct` pointer.
  ///   - donors: `donor`, `donor2`, `donor3`, each a pointer and the pid read through it, as recorded.
  ///   - previousBlockedOn: `prev->blocked_on`; 0 for none.
  @inlinable
  public init(
    previous: Pid, next: Pid, nextTask: UInt64,
    donors: ((task: UInt64, pid: Pid), (task: UInt64, pid: Pid), (task: UInt64, pid: Pid)),
    previousBlockedOn: UInt64
  ) {
    self.previous = previous
    self.next = next
    self.nextTask = nextTask
    self.previousBlockedOn = previousBlockedOn
    switch (donors.0.task, donors.1.task, donors.2.task) {
    case (0, _, _): (depth, self.donors) = (0, (-1, -1, -1))
    case (_, 0, _): (depth, self.donors) = (1, (donors.0.pid, -1, -1))
    case (_, _, 0): (depth, self.donors) = (2, (donors.0.pid, donors.1.pid, -1))
    default: (depth, self.donors) = (3, (donors.0.pid, donors.1.pid, donors.2.pid))
    }
  }

  /// Whether all fields are the same.
  public static func == (a: SwitchProbe, b: SwitchProbe) -> Bool {
    a.previous == b.previous && a.next == b.next && a.nextTask == b.nextTask && a.depth == b.depth
      && a.donors == b.donors && a.previousBlockedOn == b.previousBlockedOn
  }

  /// The far end of the chain as far as the probe looks, `nil` where `next` runs on its own account.
  public var farthestDonor: Pid? {
    switch depth {
    case 0: nil
    case 1: donors.0
    case 2: donors.1
    default: donors.2
    }
  }
}

/// Fields of the probe `proxytrace:wait`.
public struct WaitProbe: Hashable, Sendable, BitwiseCopyable {
  /// The lock that is waited for.
  public var lock: LockAddress
  /// The flags of the event that the probe is on.
  public var flags: ContentionFlags
  /// `mutex->owner` without its three flag bits (MUTEX_FLAG_WAITERS, _HANDOFF, _PICKUP: kernel/locking/mutex.h); 0 =
  /// free.
  public var ownerTask: UInt64

  /// A probe's record of its fields.
  /// - Parameters:
  ///   - lock: The mutex.
  ///   - flags: Of the `contention_begin` that the probe reads.
  ///   - owner: `mutex->owner` as recorded, with its flag bits.
  @inlinable
  public init(lock: LockAddress, flags: ContentionFlags, owner: UInt64) {
    self.lock = lock
    self.flags = flags
    ownerTask = owner & ~7
  }
}

/// A hole in a CPU's stream: the ring buffer dropped or overwrote records.
///
/// The item is placed where the hole *begins*: its timestamp is that of the last record before it, so that no
/// conclusion drawn within the hole has to be taken back. Only a hole before a CPU's first record is placed at its end,
/// since its beginning is unknown.
public struct LostEvents: Hashable, Sendable, BitwiseCopyable {
  /// The first record after the hole on this CPU; `nil` where none follows.
  public var until: Timestamp?
  /// No record precedes the hole on this CPU: it reaches back to the beginning of the trace.
  public var isAtStart: Bool
  /// How many records are missing; `nil` where the ring buffer did not say. 0 where nothing says that any are: the CPU's first
  /// record is later than the trace's, or its last one earlier.
  public var count: UInt64?

  /// Nothing in the capture says that records are missing.
  public var isQuiet: Bool { count == 0 }

  /// A hole in a CPU's stream.
  @inlinable
  public init(until: Timestamp?, isAtStart: Bool = false, count: UInt64?) {
    self.until = until
    self.isAtStart = isAtStart
    self.count = count
  }
}

extension SchedEvent {
  /// The hole that the item tells of; `nil` of an event.
  public var loss: LostEvents? { if case .lost(let loss) = body { loss } else { nil } }
}

/// Flags of `lock:contention_begin` (include/trace/events/lock.h, `LCB_F_*`).
public struct ContentionFlags: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The kernel's bits.
  public var rawValue: UInt32

  /// Flags of the kernel's bits.
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The waiter spins.
  public static let spin = ContentionFlags(rawValue: 1)
  /// It wants a lock for reading.
  public static let read = ContentionFlags(rawValue: 2)
  /// It wants a lock for writing.
  public static let write = ContentionFlags(rawValue: 4)
  /// The lock is an rt_mutex.
  public static let rt = ContentionFlags(rawValue: 8)
  /// The lock is a percpu-rwsem.
  public static let percpu = ContentionFlags(rawValue: 16)
  /// The lock is a mutex.
  public static let mutex = ContentionFlags(rawValue: 32)
}
