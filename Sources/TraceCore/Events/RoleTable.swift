/// What a role is, in one place. Every other list of roles is made from ``table``.
///
/// A new event is a case of ``EventRole`` and a row here, a case of ``EventBody``, an arm of the reader's
/// `BodyBuilder`, and an arm of the model.
public struct RoleDescription: Sendable {
  /// The role that the row describes.
  public let role: EventRole
  /// The role's name in event maps.
  public let word: String
  /// The group of the event that has the role by default.
  public let system: String
  /// That event's name; with a `*` at its end, all names that begin so.
  public let event: String
  /// Stands for the `*` where a single event is to be named.
  private let example: String
  /// What the role stands for, in a line.
  public let purpose: String
  /// What the analysis makes of such an event, in a few words.
  public let use: String
  /// The fields of events with this role.
  public let fields: [RoleField]
  /// Whether it is one of the exact probes.
  public let isProbe: Bool
  /// How a batch keeps such events; `boxed` for those that are too rare to have a packed form.
  package let packedKind: PackedEvent.Kind
  /// The sched_ext callback that such an event stands for.
  package let mark: MarkRecord.Kind?

  /// The event to record for this role, as `trace-cmd record -e` takes it: `SYSTEM:NAME`.
  public var eventName: String {
    event.hasSuffix("*") ? "\(system):\(event.dropLast())\(example)" : "\(system):\(event)"
  }

  private init(
    _ role: EventRole, _ word: String, _ system: String, _ event: String, example: String = "", _ purpose: String,
    use: String, isProbe: Bool = false, packed: PackedEvent.Kind = .boxed, mark: MarkRecord.Kind? = nil,
    _ fields: [RoleField]
  ) {
    (self.role, self.word, self.system, self.event, self.example) = (role, word, system, event, example)
    (self.purpose, self.use, self.fields, self.isProbe) = (purpose, use, fields, isProbe)
    (self.packedKind, self.mark) = (packed, mark)
  }
}

extension RoleDescription {
  private static let task: [RoleField] = [.optional(.comm), RoleField(.pid), RoleField(.prio)]
  private static let wake = task + [.orConstant(.targetCPU)]
  private static let previous: [RoleField] = [.optional(.prevComm), RoleField(.prevPid), RoleField(.prevPrio)]
  private static let next: [RoleField] = [.optional(.nextComm), RoleField(.nextPid), RoleField(.nextPrio)]
  private static let lock = RoleField(.lock, "lock_addr")
  private static let callback = "sched_ext callbacks"
  private static let lives = "tasks' lives and names"

  /// A row for each role, in the order of ``EventRole``'s cases.
  public static let table: [RoleDescription] = scheduler + tasks + locks + probes + callbacks + kernels

  private static let scheduler: [RoleDescription] = [
    RoleDescription(
      .switched, "switch", "sched", "sched_switch", "a CPU's curr changes", use: "who runs", packed: .switched,
      previous + [RoleField(.prevState)] + next),
    RoleDescription(
      .waking, "waking", "sched", "sched_waking", "somebody begins to wake a task", use: "who is woken, and where",
      packed: .waking, wake),
    RoleDescription(
      .wakeup, "wakeup", "sched", "sched_wakeup", "a task is on a runqueue", use: "who is woken, and where",
      packed: .wakeup, wake),
    RoleDescription(
      .wakeupNew, "wakeup-new", "sched", "sched_wakeup_new", "a new task is on a runqueue for the first time",
      use: "who is woken, and where", wake),
    RoleDescription(
      .migrated, "migrate", "sched", "sched_migrate_task", "a task changes its CPU", use: "moves between CPUs",
      task + [RoleField(.origCPU), RoleField(.destCPU)]),
  ]

  private static let tasks: [RoleDescription] = [
    RoleDescription(
      .forked, "fork", "sched", "sched_process_fork", "a task is made", use: lives,
      [RoleField(.parentPid), RoleField(.childPid), .optional(.childComm)]),
    RoleDescription(
      .executed, "exec", "sched", "sched_process_exec",
      "a task runs another program, and may take over its leader's pid", use: lives,
      [RoleField(.pid), RoleField(.oldPid)]),
    RoleDescription(.exited, "exit", "sched", "sched_process_exit", "a task ends", use: lives, task),
    RoleDescription(
      .renamed, "rename", "task", "task_rename", "a task changes its name", use: lives,
      // Since 6.18 without a pid: the current task renames itself.
      [.optional(.pid), RoleField(.comm, "newcomm")]),
    RoleDescription(
      .inheritedPriority, "setprio", "sched", "sched_pi_setprio", "a task's priority changes by inheritance",
      use: "priorities", [.optional(.comm), RoleField(.pid), RoleField(.oldprio), RoleField(.newprio)]),
  ]

  private static let locks: [RoleDescription] = [
    RoleDescription(
      .contentionBegan, "lock-begin", "lock", "contention_begin", "curr begins to wait for a lock", use: "waits",
      packed: .contentionBegan, [lock, .orConstant(.flags)]),
    RoleDescription(
      .contentionEnded, "lock-end", "lock", "contention_end", "curr's wait for a lock ends; ret 0: with the lock",
      use: "waits", packed: .contentionEnded, [lock, .orConstant(.ret)]),
    RoleDescription(
      .contendedRelease, "lock-release", "lock", "contended_release", "curr unlocks a lock that has waiters",
      use: "who released a lock", packed: .contendedRelease, [lock]),
  ]

  private static let probes: [RoleDescription] = [
    RoleDescription(
      .probedSwitch, "probe-switch", "proxytrace", "switch",
      "the donor chain above the task that is switched in, out of the kernel's structures", use: "the donor, exactly",
      isProbe: true,
      [
        .optional(.prevPid), .optional(.nextPid), .optional(.nextTask), RoleField(.donor), RoleField(.donorPid),
        .optional(.donor2), .optional(.donor2Pid), .optional(.donor3), .optional(.donor3Pid),
        .optional(.prevBlockedOn),
      ]),
    RoleDescription(
      .probedWait, "probe-wait", "proxytrace", "wait",
      "a mutex's owner when a wait begins, as a task_struct with flags", use: "a lock's owner, exactly", isProbe: true,
      [RoleField(.lock), RoleField(.owner), .optional(.flags)]),
    RoleDescription(
      .probedSetNext, "probe-choice", "proxytrace", "set_next_*", example: "fair",
      "the scheduler's choice: the new rq->donor", use: "the donor, exactly", isProbe: true,
      [RoleField(.pid), RoleField(.prio)]),
    RoleDescription(
      .probedExit, "probe-exit", "proxytrace", "exit",
      "rq->donor and curr at the end of a pass of the scheduler, whether it switches or not",
      use: "the donor, exactly", isProbe: true,
      [RoleField(.isSwitch), RoleField(.donor), RoleField(.dprio), RoleField(.curr)]),
  ]

  private static let callbacks: [RoleDescription] = [
    RoleDescription(
      .running, "running", "proxytrace", "running", "ops.running() of a sched_ext scheduler", use: callback,
      mark: .running, [RoleField(.pid)]),
    RoleDescription(
      .stopping, "stopping", "proxytrace", "stopping", "ops.stopping() of a sched_ext scheduler", use: callback,
      mark: .stopping, [RoleField(.pid), .optional(.runnable)]),
    RoleDescription(
      .enqueued, "enqueue", "proxytrace", "enqueue", "ops.enqueue() of a sched_ext scheduler", use: callback,
      mark: .enqueue,
      [
        RoleField(.pid), .optional(.blocked), .optional(.flags), .optional(.cpu), .optional(.owner), .optional(.dsq),
      ]),
    RoleDescription(
      .message, "message", "bpf_trace", "bpf_trace_printk",
      "free text, in which marks of sched_ext callbacks may stand",
      use: callback, [RoleField(.text, "bpf_string")]),
  ]

  private static let kernels: [RoleDescription] = [
    RoleDescription(
      .donor, "donor", "proxytrace", "donor", "who is the donor on the record's CPU, and who runs on its account",
      use: "the donor", [RoleField(.donor), RoleField(.owner)]),
    RoleDescription(
      .owner, "owner", "proxytrace", "owner", "who owns the lock that a task waits for", use: "a lock's owner",
      [RoleField(.owner), .optional(.waiter), .optional(.lock)]),
    RoleDescription(
      .schedExtCounter, "scx-counter", "sched_ext", "sched_ext_event", "one of sched_ext's counters grows",
      use: "the BPF scheduler in charge", [RoleField(.name), RoleField(.delta)]),
    RoleDescription(
      .schedExtExit, "scx-exit", "sched_ext", "sched_ext_exit", "a BPF scheduler is unloaded",
      use: "the BPF scheduler in charge", [RoleField(.name), RoleField(.kind)]),
    RoleDescription(
      .schedExtDump, "scx-dump", "sched_ext", "sched_ext_dump",
      "a line of what the kernel says when it unloads a BPF scheduler",
      use: "tasks that a BPF scheduler let starve", [RoleField(.text, "line")]),
    RoleDescription(
      .queued, "rq-enqueue", "sched", "sched_enqueue", "a task comes to a CPU's runqueue (proposed for the kernel)",
      use: "moves of blocked donors", [RoleField(.pid), RoleField(.cpu)]),
    RoleDescription(
      .unqueued, "rq-dequeue", "sched", "sched_dequeue", "a task leaves a CPU's runqueue (proposed for the kernel)",
      use: "moves of blocked donors", [RoleField(.pid), RoleField(.cpu)]),
  ]
}
