import ProxyModel
import TraceCore

/// A block with the tasks whose durations of a kind are the longest in sum.
struct TopTasksBlock {
  let blocks: [SummaryBlock]

  /// - Parameters:
  ///   - place: see ``SummaryBlock/place``.
  ///   - noun: what such a task is called.
  ///   - count: title of the column that says how many durations there are.
  ///   - durations: by task; a task without one is not in it. Where none is, there is no block.
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
        + [.count(UInt64(distribution.count))] + distribution.phrases
    }
    let table = SummaryTable(
      columns: [.init(noun, .text), .init("pid", .number), .init("prio", .text), .init(count, .number)]
        + Distribution.columns,
      rows: rows)
    blocks = [SummaryBlock(.top, place: place, title, [.table(table)] + top.rest(noun) + note)]
  }
}
