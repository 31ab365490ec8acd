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
    let sums = context.waitSums
    return TopTasksBlock(
      "Top waiters", place: 2, noun: "waiter", count: "waits", context.topWaits.waiters, context,
      note: cutNote(sums.cutCount, of: waits.count)
    ).blocks
  }

  /// Says how many of the waits are longer than the figures show.
  private static func cutNote(_ cut: Int, of count: Int) -> [SummaryBlock.Content] {
    guard cut > 0 else { return [] }
    let text = "\(cut) of \(count) waits are cut (open, lost or begun before): counted as far as seen"
    return [.line([.plain(text)])]
  }
}
