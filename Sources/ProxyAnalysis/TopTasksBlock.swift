import ProxyModel
import TraceCore

/// A block with the tasks whose durations of a kind have the greatest sums.
struct TopTasksBlock {
  /// The block, or none.
  let blocks: [SummaryBlock]

  /// - Parameters:
  ///   - place: see ``SummaryBlock/place``.
  ///   - noun: title of the column of tasks.
  ///   - count: title of the column with the number of durations.
  ///   - durations: of each task that has any. There is no block where no task has.
  ///   - note: lines under the table.
  init(
    _ title: String, place: Int, noun: String, count: String, _ durations: consuming [TaskIndex: Durations],
    _ context: ReportContext,
    note: [SummaryBlock.Content] = []
  ) {
    guard !durations.isEmpty else {
      blocks = []
      return
    }
    let top = TopTotals(durations, top: context.top) { $0.rawValue < $1.rawValue }
    let rows = top.entries.map { index, distribution -> [TextFragment] in
      let task = context.timeline[index]
      return [.comm(task.comm), .pid(task.id.pid), task.priority.map(TextFragment.priority) ?? .unknown]
        + [.count(UInt64(distribution.count))] + distribution.fragments
    }
    let table = SummaryTable(
      columns: [.init(noun, .text), .init("pid", .number), .init("prio", .text), .init(count, .number)]
        + Distribution.columns,
      rows: rows)
    blocks = [SummaryBlock(.top, place: place, title, [.table(table)] + top.rest(noun) + note)]
  }
}
