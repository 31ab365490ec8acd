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
  ///   - top: the tasks, by their indices. There is no block where there is none.
  ///   - note: lines under the table.
  init(
    _ title: String, place: Int, noun: String, count: String, _ top: TopTotals, _ context: ReportContext,
    note: [SummaryBlock.Content] = []
  ) {
    guard !top.entries.isEmpty else {
      blocks = []
      return
    }
    let rows = top.entries.map { index, distribution -> [TextFragment] in
      let task = context.timeline.tasks[index]
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

extension TopTotals {
  /// The tasks whose durations have the greatest sums, by their indices.
  /// - Parameters:
  ///   - known: the sums, where somebody has made them.
  ///   - part: a row's duration, and whose it is.
  init<Rows: Sequence>(
    ofTasksWith rows: Rows, _ context: ReportContext, totals known: NumberedTotals? = nil,
    part: (Rows.Element) -> (Int64, TaskIndex)
  ) {
    var totals = known ?? NumberedTotals()
    if known == nil {
      for row in rows {
        let (duration, task) = part(row)
        totals.add(duration, Int(task.rawValue))
      }
    }
    self.init(totals, top: context.top, order: <) { add in
      for row in rows {
        let (duration, task) = part(row)
        add(duration, Int(task.rawValue))
      }
    }
  }
}
