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
    let timeline = context.timeline
    return [
      Table(
        name, of: context.rows.chains.choosing(timeline.chainBriefs), in: context, Columns(all: timeline.chains))
    ]
  }

  private struct Columns: RowColumns {
    typealias Row = ChainBrief
    /// What rows are made from that are longer than a brief.
    let all: Rows<ChainRow>

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == ChainBrief {
      output.reference("wait_id", "the wait, in the table waits") { $0.wait }
      output.instant("begin_ns", "beginning of the stretch") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the stretch") { $0.end }
      output.count("depth", "number of locks in the chain") { UInt64($0.lockCount) }
      output.pids(
        "path", "pids: the waiter, then owner after owner", ">", count: { $0.taskCount },
        add: { addPids(of: $0, to: &$1) })
      output.joined(
        Column("locks", .word, "addresses: what each of them waits for"), ">", count: { $0.lockCount },
        add: { addLocks(of: $0, to: &$1) })
      let symbols = output.facts.symbols
      output.text("lock_symbols", "names of these locks; empty where the capture has none of them") { row in
        symbols.isEmpty ? nil : Self.names(of: all[row.place].locks, symbols)
      }
      output.task("terminal", "the last owner, which waits for no mutex") { $0.terminal }
      output.word(
        "terminal_state", "of the last owner: running, runnable, waking, sleeping, unknown; else released, deadlock",
        by: { $0.terminalState })
      output.evidence("how the chain's links are known: as its weakest") { $0.evidence }
    }

    @inline(__always)
    private func addPids(of row: ChainBrief, to list: inout JoinedNumbers) {
      if row.isWhole {
        for place in 0..<row.taskCount { list.add(row.firstPids[place]) }
      } else {
        for task in all[row.place].path { list.add(task.pid) }
      }
    }

    @inline(__always)
    private func addLocks(of row: ChainBrief, to list: inout JoinedNumbers) {
      if row.isWhole {
        for place in 0..<row.lockCount { list.add(row.firstLocks[place]) }
      } else {
        for lock in all[row.place].locks { list.add(lock) }
      }
    }

    private static func names(of locks: [LockAddress], _ symbols: [LockAddress: String]) -> String? {
      if locks.allSatisfy({ symbols[$0] == nil }) { return nil }
      return locks.map { symbols[$0] ?? "" }.joined(separator: ">")
    }
  }
}
