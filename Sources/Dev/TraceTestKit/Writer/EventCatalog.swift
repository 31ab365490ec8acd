public import TraceCore

/// The events that the kit writes, as a kernel describes them.
public struct EventCatalog: Sendable {
  /// Which kernel's descriptions.
  public enum Dialect: Sendable, Hashable, CaseIterable {
    /// Linux 6.12: every name is a `char [16]`; `contended_release` and the probe `exit` do not exist.
    case linux6
    /// Linux 7.3: several names are `__data_loc`; `sched_process_exit` has one field more.
    case linux7
  }

  public let dialect: Dialect
  /// Ascending by id, which differs between the dialects as it does between kernels.
  public private(set) var formats: [EventFormat] = []
  private var byRole: [EventRole: Int] = [:]
  private var markIndex = 0

  /// - Parameter more: Events that no kernel of ours has; their ids are not looked at.
  public init(_ dialect: Dialect = .linux7, more: [EventFormat] = []) {
    self.dialect = dialect
    let base: UInt16 = dialect == .linux6 ? 301 : 91
    let all = Self.scheduler(dialect) + Self.locks(dialect) + Self.marks + Self.probes(dialect) + more
    for (index, format) in all.enumerated() {
      var format = format
      format.id = base + UInt16(index)
      if let role = EventRole.standard(system: format.system, name: format.name) { byRole[role] = index }
      if format.name == "bpf_trace_printk" { markIndex = index }
      formats.append(format)
    }
  }

  /// The event that a role is written as, `nil` where the dialect has none.
  public func format(for role: EventRole) -> EventFormat? { byRole[role].map { formats[$0] } }

  /// `bpf_trace:bpf_trace_printk`.
  public var mark: EventFormat { formats[markIndex] }

  func index(system: String, name: String) -> Int? {
    formats.firstIndex { $0.system == system && $0.name == name }
  }

  func index(for role: EventRole) -> Int? { byRole[role] }
}

extension EventCatalog {
  private static func event(
    _ system: String, _ name: String, isPacked: Bool = false, _ fields: [EventField], _ printFormat: String
  ) -> EventFormat {
    EventFormat(system: system, name: name, id: 0, fields: fields, printFormat: printFormat, isPacked: isPacked)
  }

  /// How a dialect stores names that newer kernels keep as dynamic text, and how its print format gets at them.
  private static func name(_ field: String, _ dialect: Dialect) -> (field: EventField, print: String) {
    dialect == .linux6
      ? (EventField(field, .comm), "REC->\(field)") : (EventField(field, .text), "__get_str(\(field))")
  }

  private static func scheduler(_ dialect: Dialect) -> [EventFormat] {
    let comm = name("comm", dialect)
    return [
      event(
        "sched", "sched_pi_setprio",
        [comm.field, .init("pid", .pid), .init("oldprio", .int), .init("newprio", .int)],
        "\"comm=%s pid=%d oldprio=%d newprio=%d\", \(comm.print), REC->pid, REC->oldprio, REC->newprio"),
      event(
        "sched", "sched_process_exec", [.init("filename", .text), .init("pid", .pid), .init("old_pid", .pid)],
        "\"filename=%s pid=%d old_pid=%d\", __get_str(filename), REC->pid, REC->old_pid"),
      fork(dialect), exit(dialect),
      event(
        "sched", "sched_migrate_task",
        [comm.field, .init("pid", .pid), .init("prio", .int), .init("orig_cpu", .int), .init("dest_cpu", .int)],
        "\"comm=%s pid=%d prio=%d orig_cpu=%d dest_cpu=%d\", \(comm.print), REC->pid, REC->prio, REC->orig_cpu, "
          + "REC->dest_cpu"),
      switched, wake("sched_wakeup_new"), wake("sched_wakeup"), wake("sched_waking"), renamed,
    ]
  }

  private static func fork(_ dialect: Dialect) -> EventFormat {
    let parent = name("parent_comm", dialect)
    let child = name("child_comm", dialect)
    return event(
      "sched", "sched_process_fork",
      [parent.field, .init("parent_pid", .pid), child.field, .init("child_pid", .pid)],
      "\"comm=%s pid=%d child_comm=%s child_pid=%d\", \(parent.print), REC->parent_pid, \(child.print), REC->child_pid")
  }

  private static func exit(_ dialect: Dialect) -> EventFormat {
    let fields: [EventField] = [.init("comm", .comm), .init("pid", .pid), .init("prio", .int)]
    let print = "\"comm=%s pid=%d prio=%d"
    let values = "REC->comm, REC->pid, REC->prio"
    if dialect == .linux6 { return event("sched", "sched_process_exit", fields, "\(print)\", \(values)") }
    return event(
      "sched", "sched_process_exit",
      fields + [.init("group_dead", .integer(type: "bool", size: 1, isSigned: false))],
      "\(print) group_dead=%s\", \(values), REC->group_dead ? \"true\" : \"false\"")
  }

  private static func wake(_ name: String) -> EventFormat {
    event(
      "sched", name,
      [.init("comm", .comm), .init("pid", .pid), .init("prio", .int), .init("target_cpu", .int)],
      "\"comm=%s pid=%d prio=%d target_cpu=%03d\", REC->comm, REC->pid, REC->prio, REC->target_cpu")
  }

  private static let renamed = event(
    "task", "task_rename",
    [
      .init("pid", .pid), .init("oldcomm", .comm), .init("newcomm", .comm),
      .init("oom_score_adj", .integer(type: "short", size: 2, isSigned: true)),
    ],
    "\"pid=%d oldcomm=%s newcomm=%s oom_score_adj=%hd\", REC->pid, REC->oldcomm, REC->newcomm, REC->oom_score_adj")

  private static var switched: EventFormat {
    // The bits below the one that means "preempted", as the kernel's macros expand.
    let bits = (["0x00000000"] + TaskStateBits.letters.dropLast().map(\.hex)).joined(separator: " | ")
    let preempted = "(((\(bits)) + 1) << 1)"
    let names = TaskStateBits.letters.map { "{ \($0.hex), \"\($0.letter)\" }" }.joined(separator: ", ")
    return event(
      "sched", "sched_switch",
      [
        .init("prev_comm", .comm), .init("prev_pid", .pid), .init("prev_prio", .int),
        .init("prev_state", .long(isSigned: true)),
        .init("next_comm", .comm), .init("next_pid", .pid), .init("next_prio", .int),
      ],
      "\"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> next_comm=%s next_pid=%d next_prio=%d\", "
        + "REC->prev_comm, REC->prev_pid, REC->prev_prio, (REC->prev_state & (\(preempted) - 1)) ? "
        + "__print_flags(REC->prev_state & (\(preempted) - 1), \"|\", \(names)) : \"R\", "
        + "REC->prev_state & \(preempted) ? \"+\" : \"\", REC->next_comm, REC->next_pid, REC->next_prio")
  }

  private static func locks(_ dialect: Dialect) -> [EventFormat] {
    let lock = EventField("lock_addr", .pointer)
    let flags = [(0, "SPIN"), (1, "READ"), (2, "WRITE"), (3, "RT"), (4, "PERCPU"), (5, "MUTEX")]
      .map { "{ (1U << \($0)), \"\($1)\" }" }.joined(separator: ", ")
    let begin = event(
      "lock", "contention_begin", [lock, .init("flags", .unsignedInt)],
      "\"%p (flags=%s)\", REC->lock_addr, __print_flags(REC->flags, \"|\", \(flags) )")
    let end = event(
      "lock", "contention_end", [lock, .init("ret", .int)], "\"%p (ret=%d)\", REC->lock_addr, REC->ret")
    let release = event("lock", "contended_release", [lock], "\"%p\", REC->lock_addr")
    return dialect == .linux6 ? [end, begin] : [release, end, begin]
  }

  private static let marks = [
    event("bpf_trace", "bpf_trace_printk", [.init("bpf_string", .text)], "\"%s\", __get_str(bpf_string)")
  ]

  private static func probes(_ dialect: Dialect) -> [EventFormat] {
    let ip = EventField("__probe_ip", .long(isSigned: false))
    return [
      event(
        "proxytrace", "switch", isPacked: true,
        [
          ip, .init("prev_pid", .s32), .init("next_pid", .s32), .init("next_task", .u64),
          .init("donor", .u64), .init("donor_pid", .s32), .init("donor2", .u64), .init("donor2_pid", .s32),
          .init("donor3", .u64), .init("donor3_pid", .s32), .init("prev_blocked_on", .u64),
        ],
        "\"(%lx) prev_pid=%d next_pid=%d next_task=0x%Lx donor=0x%Lx donor_pid=%d donor2=0x%Lx donor2_pid=%d "
          + "donor3=0x%Lx donor3_pid=%d prev_blocked_on=0x%Lx\", REC->__probe_ip, REC->prev_pid, REC->next_pid, "
          + "REC->next_task, REC->donor, REC->donor_pid, REC->donor2, REC->donor2_pid, REC->donor3, "
          + "REC->donor3_pid, REC->prev_blocked_on"),
      event(
        "proxytrace", "wait", isPacked: true,
        [ip, .init("lock", .u64), .init("flags", .u32), .init("owner", .u64)],
        "\"(%lx) lock=0x%Lx flags=%u owner=0x%Lx\", REC->__probe_ip, REC->lock, REC->flags, REC->owner"),
      event(
        "proxytrace", "set_next_fair", isPacked: true, [ip, .init("pid", .s32), .init("prio", .s32)],
        "\"(%lx) pid=%d prio=%d\", REC->__probe_ip, REC->pid, REC->prio"),
    ]
      + (dialect == .linux6
        ? []
        : [
          event(
            "proxytrace", "exit", isPacked: true,
            [
              ip, .init("is_switch", .integer(type: "u8", size: 1, isSigned: false)), .init("donor", .s32),
              .init("dprio", .s32), .init("curr", .s32),
            ],
            "\"(%lx) is_switch=%u donor=%d dprio=%d curr=%d\", REC->__probe_ip, REC->is_switch, REC->donor, REC->dprio, "
              + "REC->curr")
        ])
  }
}

/// The bits of `prev_state` (include/linux/sched.h, `TASK_*`, as `sched_switch` reports them).
enum TaskStateBits {
  struct Bit {
    var value: UInt64
    var letter: Unicode.Scalar
    var hex: String {
      let digits = String(value, radix: 16)
      return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }

  static let letters = zip(0..., "SDTtXZPI".unicodeScalars).map { Bit(value: 1 << UInt64($0), letter: $1) }
  static let preempted: UInt64 = 0x100

  /// The bits of a state, `nil` where the kernel has no such letter.
  static func encode(_ state: TaskState) -> UInt64? {
    let flag = state.isPreempted ? preempted : 0
    if state.code == TaskState.running.code { return flag }
    return letters.first { $0.letter == state.letter }.map { $0.value | flag }
  }
}
