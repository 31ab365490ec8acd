import ProxyModel
import TraceCore

/// Which holds of a capture began when their owner's own wait for the lock ended.
///
/// It goes along with holds and waits, both in order of their beginning, and keeps the waits that go on.
struct WholeHolds: Sendable {
  private struct Acquisition {
    var time: Timestamp
    var lock: LockAddress
    var task: TaskIndex
  }

  /// A bit for each hold.
  private var bits: [UInt64] = []
  /// A heap: the one that ends first is the first.
  private var open: [Acquisition] = []
  /// Those that end when the last hold began.
  private var current: [Acquisition] = []

  init(_ timeline: Timeline) {
    bits = Array(repeating: 0, count: timeline.holds.count / 64 + 1)
    let (waits, holds) = (timeline.waits, timeline.holds)
    var place = 0
    for row in holds.indices {
      let hold = holds[row]
      while place < waits.count, case let wait = waits[place], wait.begin <= hold.begin {
        place += 1
        guard wait.kind == .mutex, wait.result == .acquired, let end = wait.end else { continue }
        push(Acquisition(time: end, lock: wait.lock, task: wait.waiter.index))
      }
      current.removeAll { $0.time < hold.begin }
      while let first = open.first, first.time <= hold.begin {
        pop()
        if first.time == hold.begin { current.append(first) }
      }
      if current.contains(where: { $0.lock == hold.lock && $0.task == hold.owner.index }) {
        bits[row >> 6] |= 1 << UInt64(row & 63)
      }
    }
  }

  /// Whether a hold is one of them; by its place in ``Timeline/holds``.
  func contains(_ row: Int) -> Bool { bits[row >> 6] >> UInt64(row & 63) & 1 != 0 }

  private mutating func push(_ acquisition: Acquisition) {
    open.append(acquisition)
    var place = open.count - 1
    while place > 0, open[place].time < open[(place - 1) / 2].time {
      open.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func pop() {
    open.swapAt(0, open.count - 1)
    open.removeLast()
    var place = 0
    while true {
      let children = [2 * place + 1, 2 * place + 2].filter { $0 < open.count }
      guard let least = children.min(by: { open[$0].time < open[$1].time }), open[least].time < open[place].time
      else { return }
      open.swapAt(place, least)
      place = least
    }
  }
}
