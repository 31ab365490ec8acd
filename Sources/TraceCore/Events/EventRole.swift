/// What an event is to the analysis (docs/architecture.md tells how to add one).
public enum EventRole: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
  case switched, waking, wakeup, wakeupNew, migrated
  case forked, executed, exited, renamed, inheritedPriority
  case contentionBegan, contentionEnded, contendedRelease
  case probedSwitch, probedWait, probedSetNext
  /// sched_ext callbacks, each as an event of its own.
  case running, stopping, enqueued
  /// Free text: what role a record has its message tells.
  case message
  /// An event of the kernel that names a donor, or a lock's owner.
  case donor, owner
  /// What the kernel says of the BPF scheduler in charge.
  case schedExtCounter, schedExtExit

  /// The role that an event has by default; `nil` for all others.
  public static func standard(system: String, name: String) -> EventRole? {
    EventMap.standard.entry(system: system, name: name)?.role
  }

  /// The role's name in event maps.
  public var word: String {
    switch self {
    case .switched: "switch"
    case .waking: "waking"
    case .wakeup: "wakeup"
    case .wakeupNew: "wakeup-new"
    case .migrated: "migrate"
    case .forked: "fork"
    case .executed: "exec"
    case .exited: "exit"
    case .renamed: "rename"
    case .inheritedPriority: "setprio"
    case .contentionBegan: "lock-begin"
    case .contentionEnded: "lock-end"
    case .contendedRelease: "lock-release"
    case .probedSwitch: "probe-switch"
    case .probedWait: "probe-wait"
    case .probedSetNext: "probe-choice"
    case .running: "running"
    case .stopping: "stopping"
    case .enqueued: "enqueue"
    case .message: "message"
    case .donor: "donor"
    case .owner: "owner"
    case .schedExtCounter: "scx-counter"
    case .schedExtExit: "scx-exit"
    }
  }

  /// What the role stands for, in a line.
  public var purpose: String {
    switch self {
    case .switched: "a CPU's curr changes"
    case .waking: "somebody begins to wake a task"
    case .wakeup: "a task is on a runqueue"
    case .wakeupNew: "a new task is on a runqueue for the first time"
    case .migrated: "a task changes its CPU"
    case .forked: "a task is made"
    case .executed: "a task runs another program, and may take over its leader's pid"
    case .exited: "a task ends"
    case .renamed: "a task changes its name"
    case .inheritedPriority: "a task's priority changes by inheritance"
    case .contentionBegan: "curr begins to wait for a lock"
    case .contentionEnded: "curr's wait for a lock ends; ret 0: with the lock"
    case .contendedRelease: "curr unlocks a lock that has waiters"
    case .probedSwitch: "the donor chain above the task that is switched in, out of the kernel's structures"
    case .probedWait: "a mutex's owner when a wait begins, as a task_struct with flags"
    case .probedSetNext: "the scheduler's choice: the new rq->donor"
    case .running: "ops.running() of a sched_ext scheduler"
    case .stopping: "ops.stopping() of a sched_ext scheduler"
    case .enqueued: "ops.enqueue() of a sched_ext scheduler"
    case .message: "free text, in which marks of sched_ext callbacks may stand"
    case .donor: "who is the donor on the record's CPU, and who runs on its account"
    case .owner: "who owns the lock that a task waits for"
    case .schedExtCounter: "one of sched_ext's counters grows"
    case .schedExtExit: "a BPF scheduler is unloaded"
    }
  }
}

/// A field that a role has.
public struct RoleField: Sendable, Hashable {
  /// Its name in event maps.
  public var name: String
  /// What it is called in the event that has the role by default.
  public var standard: String
  /// Events without it cannot have the role.
  public var isRequired: Bool
  /// A map may give a number instead of a field.
  public var mayBeConstant: Bool

  init(_ name: String, _ standard: String? = nil, isRequired: Bool = true, mayBeConstant: Bool = false) {
    self.name = name
    self.standard = standard ?? name
    self.isRequired = isRequired
    self.mayBeConstant = mayBeConstant
  }

  static func optional(_ name: String, _ standard: String? = nil) -> RoleField {
    RoleField(name, standard, isRequired: false)
  }
}

extension EventRole {
  /// The fields of events with this role.
  public var fields: [RoleField] {
    switch self {
    case .switched: Self.task("prev_") + [RoleField("prev_state")] + Self.task("next_")
    case .waking, .wakeup, .wakeupNew: Self.task() + [RoleField("target_cpu", mayBeConstant: true)]
    case .migrated: Self.task() + [RoleField("orig_cpu"), RoleField("dest_cpu")]
    case .forked: [RoleField("parent_pid"), RoleField("child_pid"), .optional("child_comm")]
    case .executed: [RoleField("pid"), RoleField("old_pid")]
    case .exited: Self.task()
    case .renamed: [.optional("pid"), RoleField("comm", "newcomm")]
    case .inheritedPriority: [.optional("comm"), RoleField("pid"), RoleField("oldprio"), RoleField("newprio")]
    case .contentionBegan: [RoleField("lock", "lock_addr"), RoleField("flags", mayBeConstant: true)]
    case .contentionEnded: [RoleField("lock", "lock_addr"), RoleField("ret", mayBeConstant: true)]
    case .contendedRelease: [RoleField("lock", "lock_addr")]
    case .probedSwitch: Self.probe
    case .probedWait: [RoleField("lock"), RoleField("owner"), .optional("flags")]
    case .probedSetNext: [RoleField("pid"), RoleField("prio")]
    case .running, .enqueued: [RoleField("pid")]
    case .stopping: [RoleField("pid"), .optional("runnable")]
    case .message: [RoleField("text", "bpf_string")]
    case .donor: [RoleField("donor"), RoleField("owner")]
    case .owner: [RoleField("owner"), .optional("waiter"), .optional("lock")]
    case .schedExtCounter: [RoleField("name"), RoleField("delta")]
    case .schedExtExit: [RoleField("name"), RoleField("kind")]
    }
  }

  private static func task(_ prefix: String = "") -> [RoleField] {
    [.optional("\(prefix)comm"), RoleField("\(prefix)pid"), RoleField("\(prefix)prio")]
  }

  private static let probe: [RoleField] =
    [.optional("prev_pid"), .optional("next_pid"), .optional("next_task"), RoleField("donor"), RoleField("donor_pid")]
    + ["donor2", "donor2_pid", "donor3", "donor3_pid", "prev_blocked_on"].map { .optional($0) }
}
