/// What tracefs's `README` says of probes, by kernel version: the lines that a recorder looks for, and those around them.
enum Readme {
  /// Linux 6.1: kprobes and uprobes; no probe at a tracepoint.
  static let linux61 = """
      dynamic_events\t\t- Create/append/remove/show the generic dynamic events
    \t  accepts: event-definitions (one definition per line)
    \t   Format: p[:[<group>/][<event>]] <place> [<args>]
    \t           r[maxactive][:[<group>/][<event>]] <place> [<args>]
    \t           s:[synthetic/]<event> <field> [<field>]
    \t           e[:[<group>/][<event>]] <attached-group>.<attached-event> [<args>] [if <filter>]
    \t           -:[<group>/][<event>]
    \t     args: <name>=fetcharg[:type]
    \t fetcharg: (%<register>|$<efield>), @<address>, @<symbol>[+|-<offset>],
    \t           $stack<index>, $stack, $retval, $comm, $arg<N>,
    \t           +|-[u]<offset>(<fetcharg>), \\imm-value, \\"imm-string"

    """

  private static func probes(_ arguments: [String]) -> String {
    """
      dynamic_events\t\t- Create/append/remove/show the generic dynamic events
    \t  accepts: event-definitions (one definition per line)
    \t   Format: p[:[<group>/][<event>]] <place> [<args>]
    \t           r[maxactive][:[<group>/][<event>]] <place> [<args>]
    \t           f[:[<group>/][<event>]] <func-name>[%return] [<args>]
    \t           t[:[<group>/][<event>]] <tracepoint> [<args>]
    \t           -:[<group>/][<event>]
    \t     args: <name>=fetcharg[:type]
    \t fetcharg: (%<register>|$<efield>), @<address>, @<symbol>[+|-<offset>],

    """ + arguments.map { "\t           \($0)\n" }.joined()
  }

  /// Linux 6.4, or a later one without CONFIG_PROBE_EVENTS_BTF_ARGS: such probes, without fields.
  static let linux64 = probes(["$stack<index>, $stack, $retval, $comm, $arg<N>,"])

  /// Linux 6.6.
  static let linux66 = probes([
    "$stack<index>, $stack, $retval, $comm, $arg<N>,", "<argname>[->field[->field|.field...]],",
  ])

  /// Linux 7.2 says the same.
  static let linux72 = linux66

  /// Linux 7.3.
  static let linux73 = probes([
    "$stack<index>, $stack, $retval, $comm, $arg<N>, $current",
    "[(structname[,field])]<argname>[->field[->field|.field...]],",
    "[(structname[,field])](fetcharg)->field[->field|.field...],",
    "+|-[u]<offset>(<fetcharg>), \\imm-value, \\\"imm-string\"", "this_cpu_read(<fetcharg>), this_cpu_ptr(<fetcharg>)",
  ])
}
