import ProxyModel
import TraceCore

/// Who waited for whom, link by link.
enum ChainsAnalysis: Analysis {
  static let name = "chains"
  static let purpose = "who waited for whom, over several locks"
  static let needs = [EventNeed].owners
  static let tableRows: RowKinds = .chains
  static let summaryRows: RowKinds = []

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
            JoinedNumbers.pids(row.path, ">") { $0.pid }
          },
          .word("locks", "addresses: what each of them waits for") { row in
            JoinedNumbers.addresses(row.locks, ">")
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

  /// The tasks of the cycle. Tasks before the one that closes it only lead to it.
  private static func members(_ chain: ChainRow) -> ArraySlice<TaskLabel> {
    let start = chain.path.firstIndex { $0.index == chain.path.last?.index } ?? 0
    return chain.path[start...].dropLast()
  }
}
