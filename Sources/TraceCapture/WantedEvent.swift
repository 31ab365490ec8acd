/// An event that a recording takes where the kernel has it.
struct WantedEvent: Sendable, Hashable {
  var system: String
  var name: String
  /// What is missing without it.
  var loss: String
  /// Without it there is nothing to analyse.
  var isRequired = false
  /// Doctor speaks of it where it is missing.
  var matters = true

  var text: String { "\(system):\(name)" }

  private static func sched(_ name: String, _ loss: String, isRequired: Bool = false) -> WantedEvent {
    WantedEvent(system: "sched", name: name, loss: loss, isRequired: isRequired)
  }

  /// What the analysis has a role for (docs/record.md).
  static let all: [WantedEvent] = [
    sched("sched_switch", "who runs", isRequired: true),
    sched("sched_waking", "who wakes whom"), sched("sched_wakeup", "when a task is queued"),
    sched("sched_wakeup_new", "when a new task is queued"), sched("sched_migrate_task", "moves between CPUs"),
    sched("sched_process_fork", "tasks' lives"), sched("sched_process_exec", "tasks' lives"),
    sched("sched_process_exit", "tasks' lives"), sched("sched_pi_setprio", "inherited priorities"),
    WantedEvent(system: "task", name: "task_rename", loss: "new names of tasks"),
    WantedEvent(system: "lock", name: "contention_begin", loss: "all waits"),
    WantedEvent(system: "lock", name: "contention_end", loss: "all waits"),
    WantedEvent(system: "lock", name: "contended_release", loss: "who releases a lock", matters: false),
    WantedEvent(system: "sched_ext", name: "sched_ext_event", loss: "sched_ext's counters", matters: false),
    WantedEvent(system: "sched_ext", name: "sched_ext_exit", loss: "why a BPF scheduler ends", matters: false),
    WantedEvent(
      system: "sched_ext", name: "sched_ext_dump", loss: "which task a BPF scheduler let starve", matters: false),
  ]

  /// Where the marks of a BPF scheduler stand; other programs print there as well, so it is wanted only with sched_ext.
  static let marks = WantedEvent(
    system: "bpf_trace", name: "bpf_trace_printk", loss: "marks of a BPF scheduler", matters: false)
}
