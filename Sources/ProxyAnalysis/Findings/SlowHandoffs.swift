import ProxyModel
import TraceCore

/// Handoffs that took a tick or more, each with the stalls of its wait.
struct SlowHandoffs {
  /// What there is to know of a stall; see ``StallRow``.
  struct Stall {
    var begin: Timestamp
    var end: Timestamp
    var cpu: CPU?
    var owner: TaskIndex
    var kind: WaitClass
    var evidence: Evidence
    /// The stall of the same wait that began before; −1 for none.
    fileprivate var former: Int
  }

  /// Positions among the chosen handoffs.
  private(set) var places: [Int] = []
  /// By wait: the last of its ``stalls``; −1 for none, ``unused`` where no handoff asks for them. Empty where none is slow.
  private var last: [Int] = []
  private var stalls: [Stall] = []
  private static var unused: Int { -2 }

  init(_ context: ReportContext) {
    guard context.countsNanoseconds else { return }
    let (rows, waits) = (context.rows.handoffs, context.timeline.waits)
    for place in rows.indices {
      let row = rows[place]
      guard row.end - row.begin >= ProblemCollector.tick else { continue }
      // What there is to know of other locks is how long tasks waited for them.
      guard row.wait >= waits.count || context.timeline.brief(ofWait: row.wait).kind == .mutex else { continue }
      places.append(place)
      if last.isEmpty { last = Array(repeating: Self.unused, count: waits.count) }
      if row.wait < last.count { last[row.wait] = -1 }
    }
  }

  /// Takes a stall. They come in order of their beginning.
  @inline(__always)
  mutating func add(_ row: StallRow) {
    if row.wait < last.count, last[row.wait] != Self.unused { keep(row) }
  }

  private mutating func keep(_ row: StallRow) {
    stalls.append(
      Stall(
        begin: row.begin, end: row.end, cpu: row.cpu, owner: row.owner.index, kind: row.kind, evidence: row.evidence,
        former: last[row.wait]))
    last[row.wait] = stalls.count - 1
  }

  /// The stalls of a wait, in order.
  func stalls(of wait: Int) -> [Stall] {
    var (all, place): ([Stall], Int) = ([], wait < last.count ? last[wait] : -1)
    while place >= 0 {
      all.append(stalls[place])
      place = stalls[place].former
    }
    return all.reversed()
  }
}
