/// The probes that show what upstream events hide, best first (docs/probes.md).
public enum ProbeSet: String, Sendable, CaseIterable {
  /// Linux 7.3 and later: `rq->donor` itself, at the end of every pass of `__schedule()`.
  case exact
  /// Linux 6.6 and later: the donor chain at a switch, and what the scheduling classes choose.
  case switches = "switch"
  /// Events alone: owners and donors are inferred.
  case none

  /// What using this set costs in accuracy.
  public var loss: String {
    switch self {
    case .exact: "none: rq->donor is read at every pass of __schedule()"
    case .switches: "chains deeper than 4 tasks, and choices of scheduling classes whose set_next_task is inlined"
    case .none: "donors are inferred: right in 98 % of the proxied time at best, in 25 % of it on chains that grow"
    }
  }
}

/// A dynamic event: what to write to `dynamic_events`, but for its group.
struct Probe: Sendable, Hashable {
  /// `t` at a tracepoint, `f` at a function.
  var kind: Character
  var name: String
  /// The tracepoint or function, and the arguments.
  var body: String
  /// The set is worth having without it.
  var isOptional = false

  func definition(in group: String) -> String { "\(kind):\(group)/\(name) \(body)" }
}

extension ProbeSet {
  /// The probes of the set. None is at a function of sched_ext: function probes there are not safe on every kernel, and where
  /// sched_ext and proxy execution go together, the exact set is there.
  var probes: [Probe] {
    switch self {
    case .exact:
      let donor = "(rq)(this_cpu_ptr(@runqueues))->donor"
      return [
        Probe(
          kind: "t", name: "exit",
          body: "sched_exit_tp is_switch=is_switch donor=\(donor)->pid dprio=\(donor)->prio curr=$current->pid"),
        Self.wait,
      ]
    case .switches:
      return [Self.chain, Self.wait]
        + ["fair", "dl", "rt"].map { name in
          Probe(
            kind: "f", name: "set_next_\(name)", body: "set_next_task_\(name) pid=p->pid prio=p->prio", isOptional: true
          )
        }
    case .none: return []
    }
  }

  /// True at the instant a wait begins: a task_struct pointer whose low three bits are flags.
  private static let wait = Probe(
    kind: "t", name: "wait", body: "contention_begin lock=lock:x64 flags=flags owner=+0(lock):x64")

  private static let chain: Probe = {
    let hops = ["", "2", "3"]
    var arguments = "prev_pid=prev->pid next_pid=next->pid next_task=next:x64"
    var path = "next"
    for hop in hops {
      path += "->blocked_donor"
      arguments += " donor\(hop)=\(path):x64 donor\(hop)_pid=\(path)->pid"
    }
    return Probe(kind: "t", name: "switch", body: "sched_switch \(arguments) prev_blocked_on=prev->blocked_on:x64")
  }()
}

/// Whether a kernel takes a set of probes, by what it says of itself.
public enum ProbeSupport: Sendable, Hashable {
  case likely
  /// With the reason.
  case impossible(String)

  public var isLikely: Bool { self == .likely }
}

/// What decides which probes a kernel takes.
struct ProbeFacts {
  /// tracefs's `README`.
  var readme: String
  var events: Set<String>
  /// `nil` where the kernel's types cannot be read; then the kernel decides when the probe is written.
  var btf: BTF?

  private var hasTracepointProbes: Bool { readme.contains("t[:[<group>/][<event>]] <tracepoint>") }
  private var hasFunctionProbes: Bool { readme.contains("f[:[<group>/][<event>]] <func-name>") }
  private var hasTypedArguments: Bool { readme.contains("<argname>[->field") }
  private var hasCPUVariables: Bool {
    readme.contains("this_cpu_ptr(<fetcharg>)") && readme.contains("[(structname[,field])](fetcharg)->field")
  }

  func support(of set: ProbeSet) -> ProbeSupport {
    switch set {
    case .none: return .likely
    case .exact:
      guard hasTracepointProbes else {
        return .impossible("tracepoint probes are missing (Linux 6.4, CONFIG_FPROBE_EVENTS)")
      }
      guard hasCPUVariables else {
        return .impossible(
          "this_cpu_ptr() and casts are missing in probe arguments (Linux 7.3, CONFIG_PROBE_EVENTS_BTF_ARGS)")
      }
      if let btf, btf.offset(of: "donor", in: "rq") == nil { return .impossible("struct rq has no donor") }
      return .likely
    case .switches:
      guard hasTracepointProbes, hasFunctionProbes else {
        return .impossible("tracepoint and function probes are missing (Linux 6.4, CONFIG_FPROBE_EVENTS)")
      }
      guard hasTypedArguments else {
        return .impossible("fields are missing in probe arguments (Linux 6.6, CONFIG_PROBE_EVENTS_BTF_ARGS)")
      }
      if let btf, btf.offset(of: "blocked_donor", in: "task_struct") == nil {
        return .impossible("struct task_struct has no blocked_donor (CONFIG_SCHED_PROXY_EXEC)")
      }
      return .likely
    }
  }
}
