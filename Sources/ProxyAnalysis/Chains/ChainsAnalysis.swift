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
    let symbols = context.symbols
    var columns: [TableColumn<ChainRow>] =
      [
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
        TableColumn("lock_symbols", .text, "names of these locks; empty where the capture has none of them") { row in
          if row.locks.allSatisfy({ symbols[$0] == nil }) { return .empty }
          return .text(row.locks.map { symbols[$0] ?? "" }.joined(separator: ">"))
        },
      ]
    columns += taskColumns("terminal", "the last owner, which waits for no mutex", in: context) { $0.terminal }
    columns.append(
      .word(
        "terminal_state", "of the last owner: running, runnable, waking, sleeping, unknown; else released, deadlock"
      ) { $0.terminalState.rawValue })
    columns += evidenceColumns("how the chain's links are known: as its weakest") { $0.evidence }
    return [Table("chains", rows: context.rows.chains, columns: columns)]
  }

  /// The tasks of the cycle. Tasks before the one that closes it only lead to it.
  private static func members(_ chain: ChainRow) -> ArraySlice<TaskLabel> {
    let start = chain.path.firstIndex { $0.index == chain.path.last?.index } ?? 0
    return chain.path[start...].dropLast()
  }
}
