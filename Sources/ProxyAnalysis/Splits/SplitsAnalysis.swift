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
    var columns: [TableColumn<SplitRow>] = [
      .number("cpu", "the CPU") { $0.cpu },
      .instant("begin_ns", "beginning of the interval") { $0.begin },
      .seconds("begin_s", "begin_ns since the capture began", in: context) { $0.begin },
      .instant("end_ns", "end of the interval") { $0.end },
      .duration("duration_ns", "length of the interval") { $0.end - $0.begin },
    ]
    columns += taskColumns("donor", "rq->donor: the far end of the chain", in: context) { $0.donor }
    columns += taskColumns("curr", "rq->curr: the task that runs", in: context) { $0.curr }
    columns += [
      .count("depth", "number of locks between donor and curr; empty where the chain is not known") {
        $0.depth.map { UInt64($0) }
      },
      .reference("wait_id", "the donor's wait, in the table waits; empty where none is known") { $0.wait },
    ]
    columns += evidenceColumns("how the donor is known") { $0.evidence }
    columns.append(
      TableColumn(
        "other_donors", .word, "pids of whoever else may be the donor, the most urgent first; empty where nobody may"
      ) { row in
        row.otherDonors.isEmpty ? .empty : .word(JoinedNumbers.pids(row.otherDonors, "+") { $0.pid })
      })
    return [
      Table("splits", rows: context.rows.splits, columns: columns)
    ]
  }

  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    var lent = TaskDurations()
    for split in context.rows.splits { lent.add(split.end - split.begin, of: split.donor.index) }
    return TopTasksBlock("Top donors", place: 3, noun: "donor", count: "intervals", lent.byTask, context).blocks
  }
}
