import ProxyModel
import TraceCore

/// The tasks that waited longest in sum.
enum TopWaiters {
  static func blocks(_ context: ReportContext) -> [SummaryBlock] {
    let waits = context.rows.waits
    guard !waits.isEmpty else {
      let text: TextFragment = waits.isPartial ? "no wait is chosen" : "no task waited for a sleeping lock"
      return [SummaryBlock(.top, place: 2, "Top waiters", [.line([text])])]
    }
    var lengths: [TaskIndex: Durations] = [:]
    for wait in waits { lengths[wait.waiter.index, default: Durations()].append(wait.length) }
    return TopTasksBlock(
      "Top waiters", place: 2, noun: "waiter", count: "waits", lengths, context, note: cutNote(waits)
    ).blocks
  }

  /// Says how many of the waits are longer than the figures show.
  private static func cutNote(_ waits: ChosenRows<WaitRow>) -> [SummaryBlock.Content] {
    let cut = waits.reduce(0) { $0 + ($1.isCut ? 1 : 0) }
    guard cut > 0 else { return [] }
    let text = "\(cut) of \(waits.count) waits are cut (open, lost or begun before): counted as far as seen"
    return [.line([.plain(text)])]
  }
}
