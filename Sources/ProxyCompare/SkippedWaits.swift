import ProxyAnalysis
import ProxyModel
import TraceCore

/// Which waits of a capture a side leaves out: the first of each lock, which are a benchmark's warm-up, and those whose lengths are not
/// known.
struct SkippedWaits: Sendable {
  private let number: Int
  private var seen: [LockAddress: Int] = [:]
  private var skipped: Set<Int> = []
  /// When the first wait that stays began, for locks of which waits are left out.
  private var firstKept: [LockAddress: Timestamp] = [:]
  /// Stretches in which some CPU has lost records: disjoint, ascending.
  private var lost: [(begin: Timestamp, end: Timestamp)] = []

  /// - Parameter number: How many waits of each lock are left out.
  init(_ timeline: Timeline, first number: Int) {
    self.number = max(number, 0)
    // Where nothing says that records are missing, none count as lost: as for `lost_share`.
    for gap in timeline.gaps.filter({ !$0.isQuiet }).sorted(by: { $0.begin < $1.begin }) {
      if let last = lost.last, gap.begin <= last.end {
        lost[lost.count - 1].end = max(last.end, gap.end)
      } else {
        lost.append((gap.begin, gap.end))
      }
    }
    if self.number > 0 { for (id, wait) in timeline.waits.enumerated() { count(wait, id) } }
  }

  private mutating func count(_ wait: WaitRow, _ id: Int) {
    let before = seen[wait.lock, default: 0]
    if before < number {
      skipped.insert(id)
      seen[wait.lock] = before + 1
    } else if firstKept[wait.lock] == nil {
      firstKept[wait.lock] = wait.begin
    }
  }

  /// Whether a wait is one of the first of its lock.
  func contains(_ wait: Int) -> Bool { skipped.contains(wait) }

  /// Whether a hold was over when the first wait for its lock that stays began.
  func contains(_ hold: HoldRow) -> Bool {
    guard number > 0, seen[hold.lock] != nil else { return false }
    return firstKept[hold.lock].map { hold.end <= $0 } ?? true
  }

  /// Whether a wait's length is known: both of its ends are, and no lost records lie between them.
  func isCertain(_ wait: WaitRow) -> Bool {
    guard let end = wait.end, !wait.isCutAtBegin else { return false }
    return !wait.touchesGap || !touchesLoss(wait.begin, end)
  }

  private func touchesLoss(_ begin: Timestamp, _ end: Timestamp) -> Bool {
    var (low, high) = (0, lost.count)
    while low < high {
      let middle = (low + high) / 2
      if lost[middle].end <= begin { low = middle + 1 } else { high = middle }
    }
    return low < lost.count && lost[low].begin < end
  }
}
