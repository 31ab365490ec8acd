import ProxyModel
import TraceCore

/// When a task ran on another's account.
enum SplitsAnalysis: Analysis {
  static let name = "splits"
  static let purpose = "when a task ran on another's account"
  static let needs = [EventNeed.event(.switched), .anyOf(.contentionBegan, .probedSwitch)]
  static let tableRows: RowKinds = .splits
  static let summaryRows: RowKinds = .splits

  static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: context.rows.splits, in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = SplitRow

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == SplitRow {
      output.number("cpu", "the CPU") { $0.cpu }
      output.instant("begin_ns", "beginning of the interval") { $0.begin }
      output.seconds("begin_s", "begin_ns since the capture began") { $0.begin }
      output.instant("end_ns", "end of the interval") { $0.end }
      output.duration("duration_ns", "length of the interval") { $0.end - $0.begin }
      output.task("donor", "rq->donor: the far end of the chain") { $0.donor }
      output.task("curr", "rq->curr: the task that runs") { $0.curr }
      output.count("depth", "number of locks between donor and curr; empty where the chain is not known") {
        $0.depth.map { UInt64($0) }
      }
      output.reference("wait_id", "the donor's wait, in the table waits; empty where none is known") { $0.wait }
      output.evidence("how the donor is known") { $0.evidence }
      output.pids(
        "other_donors", "pids of whoever else may be the donor, the most urgent first; empty where nobody may", "+",
        count: { $0.otherDonors.isEmpty ? nil : $0.otherDonors.count },
        add: { row, list in for task in row.otherDonors { list.add(task.pid) } })
    }
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let top = TopTotals(ofTasksWith: context.splitLengths, context) { ($0.length, $0.task) }
    return TopTasksBlock("Top donors", place: 3, noun: "donor", count: "intervals", top, context).blocks
  }
}
