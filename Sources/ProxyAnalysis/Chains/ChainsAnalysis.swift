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
    [Table(name, of: context.rows.chains, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = ChainRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == ChainRow {
      output.reference("wait_id", "the wait, in the table waits") { $0.wait }
      output.instant("begin_ns", "beginning of the stretch") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the stretch") { $0.end }
      output.count("depth", "number of locks in the chain") { UInt64($0.depth) }
      output.pids("path", "pids: the waiter, then owner after owner", ">", { $0.path }, pid: { $0.pid })
      output.joined(
        Column("locks", .word, "addresses: what each of them waits for"), ">", { $0.locks },
        put: { Digits.address($0.rawValue, to: $1) })
      let symbols = output.facts.symbols
      output.text("lock_symbols", "names of these locks; empty where the capture has none of them") { row in
        if symbols.isEmpty || row.locks.allSatisfy({ symbols[$0] == nil }) { return nil }
        return row.locks.map { symbols[$0] ?? "" }.joined(separator: ">")
      }
      output.task("terminal", "the last owner, which waits for no mutex") { $0.terminal }
      output.word(
        "terminal_state", "of the last owner: running, runnable, waking, sleeping, unknown; else released, deadlock",
        by: { $0.terminalState })
      output.evidence("how the chain's links are known: as its weakest") { $0.evidence }
    }
  }
}
