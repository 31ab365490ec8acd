import ProxyModel
import TraceCore

/// Who waited for whom, link by link.
enum ChainsAnalysis: Analysis {
  static let name = "chains"
  static let purpose = "who waited for whom, over several locks"
  static let needs = [EventNeed].owners

  static func tables(_ context: ReportContext) -> [Table] {
    [
      Table(
        "chains", rows: context.rows.chains,
        columns: [
          .reference("wait_id", "the wait, in the table waits") { $0.wait },
          .instant("begin_ns", "beginning of the stretch") { $0.begin },
          .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
          .instant("end_ns", "end of the stretch") { $0.end },
          .count("depth", "number of locks in the chain") { UInt64($0.depth) },
          .word("path", "pids: the waiter, then owner after owner") { row in
            row.path.map { String($0.pid) }.joined(separator: ">")
          },
          .word("locks", "addresses: what each of them waits for") { row in
            row.locks.map(\.description).joined(separator: ">")
          },
          .pid("terminal_pid", "pid of the last owner, which waits for no mutex") { $0.terminal },
          .comm("terminal_comm", "name of the last owner") { $0.terminal?.comm },
          .word(
            "terminal_state", "of the last owner: running, runnable, waking, sleeping, unknown; else released, deadlock"
          ) { $0.terminalState.rawValue },
          .evidence("how the chain's links are known: as its weakest") { $0.evidence },
        ])
    ]
  }

  /// Deadlocks, each once: every member of a cycle has chains that end in it.
  static func findings(_ context: ReportContext) -> [FindingKey] {
    var seen: Set<Set<TaskIndex>> = []
    return context.timeline.deadlocks.compactMap { place in
      let chain = context.timeline.chains[place]
      guard context.filter.chooses(chain), seen.insert(Set(members(chain).map(\.index))).inserted else { return nil }
      return FindingKey(.broken, cost: 0, time: chain.begin, place: place)
    }
  }

  static func finding(_ key: FindingKey, _ context: ReportContext) -> Finding {
    let chain = context.timeline.chains[Int(key.place)]
    var text: [TextFragment] = []
    for member in members(chain) { text += [.task(member), " waits for "] }
    if let closing = chain.path.last { text.append(.task(closing)) }
    text.append(.plain(chain.evidence.note))
    return Finding(
      key.gravity, kind: "deadlock", cost: key.cost, time: key.time, text: text, lock: chain.locks.last, table: name,
      row: Int(key.place) + 1)
  }

  /// The tasks of the cycle. Tasks before the one that closes it only lead to it.
  private static func members(_ chain: ChainRow) -> ArraySlice<TaskLabel> {
    let start = chain.path.firstIndex { $0.index == chain.path.last?.index } ?? 0
    return chain.path[start...].dropLast()
  }
}
