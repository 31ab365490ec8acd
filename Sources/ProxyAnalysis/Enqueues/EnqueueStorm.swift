package import ProxyModel
import TraceCore

/// A blocked donor that the kernel handed back to its scheduler again and again, without an owner that ran on its account.
///
/// The kernel hands a donor back once when it has picked it and finds its owner on another CPU, and perhaps once more while the
/// owner is on its way between CPUs (`find_proxy_task()`, `proxy_resched_idle()`, kernel/sched/core.c). More calls than that
/// within a tick mean that the scheduler puts the donor where it is picked at once, and each pick is in vain.
package struct EnqueueStorm: Sendable {
  /// Place of the first row.
  let place: Int
  private(set) var count = 1
  private(set) var end: Timestamp
  let begin: Timestamp

  /// So many calls in a row are a storm.
  static let fewest: Int = 3
  /// Calls that are further apart are not in a row, in nanoseconds: a tick at HZ=1000, after which the scheduler is called anyway.
  static let longestPause: Int64 = 1_000_000

  var length: Int64 { end - begin }

  private init(_ row: EnqueueRow, at place: Int) {
    self.place = place
    (begin, end) = (row.time, row.time)
  }

  /// All storms, in order of their beginning.
  package static func all(in rows: ChosenRows<EnqueueRow>) -> [EnqueueStorm] {
    var open: [TaskIndex: EnqueueStorm] = [:]
    var found: [EnqueueStorm] = []
    func close(_ task: TaskIndex) {
      guard let storm = open.removeValue(forKey: task), storm.count >= fewest else { return }
      found.append(storm)
    }
    for (place, row) in rows.enumerated() {
      let task = row.donor.index
      guard row.reason == .handedBack else {
        close(task)
        continue
      }
      if let storm = open[task], row.time - storm.end > longestPause { close(task) }
      if open[task] == nil {
        open[task] = EnqueueStorm(row, at: place)
      } else {
        open[task]?.count += 1
        open[task]?.end = row.time
      }
    }
    for task in open.keys.sorted(by: { $0.rawValue < $1.rawValue }) { close(task) }
    return found.sorted { $0.place < $1.place }
  }

  /// The storm that begins at a place; `nil` where none does.
  static func storm(at place: Int, in rows: ChosenRows<EnqueueRow>) -> EnqueueStorm? {
    let first = rows[place]
    var storm = EnqueueStorm(first, at: place)
    for next in (place + 1)..<max(rows.count, place + 1) {
      let row = rows[next]
      guard row.donor.index == first.donor.index else { continue }
      guard row.reason == .handedBack, row.time - storm.end <= longestPause else { break }
      storm.count += 1
      storm.end = row.time
    }
    return storm.count >= fewest ? storm : nil
  }
}
