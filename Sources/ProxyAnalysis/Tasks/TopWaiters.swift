import ProxyModel
import TraceCore

/// The tasks that waited longest in sum.
enum TopWaiters {
  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let waits = context.timeline.waits
    guard !waits.isEmpty else {
      return [SummaryBlock(.top, "Top waiters", [.line(["no task waited for a sleeping lock"])])]
    }
    var lengths: [TaskIndex: [Int64]] = [:]
    // As it was in its last wait.
    var labels: [TaskIndex: TaskLabel] = [:]
    for wait in waits {
      lengths[wait.waiter.index, default: []].append(wait.length)
      labels[wait.waiter.index] = wait.waiter
    }
    let top = Ranking(lengths, top: context.top) { $0.rawValue < $1.rawValue }
    let rows = top.entries.map { task, waits -> [Phrase] in
      guard let label = labels[task] else { return [] }
      return [.comm(label.comm), .pid(label.pid), label.priority.map(Phrase.priority) ?? .unknown]
        + [.count(UInt64(waits.count))] + waits.phrases
    }
    let table = SummaryTable(
      columns: [.init("waiter", .text), .init("pid", .number), .init("prio", .text), .init("waits", .number)]
        + Distribution.columns,
      rows: rows)
    let content = [.table(table)] + top.rest("waiter") + cutNote(waits)
    return [SummaryBlock(.top, "Top waiters", content)]
  }

  /// Says how many of the waits are longer than the figures show.
  private static func cutNote(_ waits: [WaitRow]) -> [SummaryBlock.Content] {
    let cut = waits.reduce(0) { $0 + ($1.isCut ? 1 : 0) }
    guard cut > 0 else { return [] }
    return [
      .line([.plain("\(cut) of \(waits.count) waits are cut (open, lost or begun before): counted as far as seen")])
    ]
  }
}
