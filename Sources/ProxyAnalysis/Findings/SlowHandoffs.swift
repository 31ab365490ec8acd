import ProxyModel
import TraceCore

/// Handoffs that took a tick or more, each with the stalls of its wait.
struct SlowHandoffs {
  /// What there is to know of a stall; see ``StallRow``.
  struct Stall {
    var begin: Timestamp
    var end: Timestamp
    /// −1 for none.
    fileprivate var place: CPU
    var owner: TaskIndex
    /// The stall of the same wait that began before; −1 for none.
    fileprivate var former: Int32
    var kind: WaitClass
    var evidence: Evidence

    var cpu: CPU? { place < 0 ? nil : place }
  }

  /// Positions among the chosen handoffs.
  private(set) var places: [UInt32] = []
  /// By wait, a bit: whether a slow donation, or a slow release, is of it. Empty where none is slow.
  private var donated: [UInt64] = []
  private var released: [UInt64] = []
  /// By wait, of those that are: the last of its ``stalls``.
  private var last: [UInt32: Int32] = [:]
  private var stalls: [Stall] = []

  init(_ context: ReportContext) {
    guard context.countsNanoseconds else { return }
    let (rows, count) = (context.handoffBriefs, context.timeline.waits.count)
    for place in rows.indices {
      let row = rows[place]
      guard row.end - row.begin >= ProblemCollector.tick else { continue }
      // What there is to know of other locks is how long tasks waited for them.
      let isKnown = row.isMutex || row.wait >= count
      guard isKnown || context.timeline.brief(ofWait: row.wait).kind == .mutex else { continue }
      places.append(UInt32(place))
      if row.wait < count { ask(row, of: count) }
    }
  }

  private mutating func ask(_ row: HandoffBrief, of count: Int) {
    if donated.isEmpty { donated = Array(repeating: 0, count: count / 64 + 1) }
    if released.isEmpty { released = donated.map { _ in 0 } }
    let (word, bit) = (row.wait >> 6, UInt64(1) << UInt64(row.wait & 63))
    if row.kind == .donation { donated[word] |= bit } else { released[word] |= bit }
  }

  /// Takes a stall. They come in order of their beginning. A release asks for those of the new owner beside an idle CPU, a donation for
  /// those in which an owner could run.
  @inline(__always)
  mutating func add(_ row: StallRow) {
    guard row.wait >> 6 < donated.count else { return }
    let asked = row.kind == .handoff ? released[row.wait >> 6] : donated[row.wait >> 6]
    if asked >> UInt64(row.wait & 63) & 1 != 0, row.kind != .waking { keep(row) }
  }

  @inline(never)
  private mutating func keep(_ row: StallRow) {
    stalls.append(
      Stall(
        begin: row.begin, end: row.end, place: row.cpu ?? -1, owner: row.owner.index,
        former: last[UInt32(row.wait)] ?? -1, kind: row.kind, evidence: row.evidence))
    last[UInt32(row.wait)] = Int32(stalls.count - 1)
  }

  /// The stalls of a wait that its slow handoffs ask for, in order.
  func stalls(of wait: Int) -> [Stall] {
    var (all, place): ([Stall], Int32) = ([], UInt32(exactly: wait).flatMap { last[$0] } ?? -1)
    while place >= 0 {
      all.append(stalls[Int(place)])
      place = stalls[Int(place)].former
    }
    return all.reversed()
  }
}
