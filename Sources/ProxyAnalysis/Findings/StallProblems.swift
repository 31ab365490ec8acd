import ProxyModel
import TraceCore

// Owners that could run, and did not: inversions, idle CPUs, late wakeups.

extension ProblemCollector {
  /// Goes through all stalls and all inversions, once and side by side in order of time: there can be more of them than of any other
  /// row, three have a use for stalls, and where a donor was need not be kept longer than a window that asks for it.
  ///
  /// Windows of all waits whose chains end in the same owner of the same lock are one problem. On a kernel that proxies a window is
  /// a problem of its donor, as far as it is known where that was: every instant of a window belongs to one kind.
  mutating func collectStallsAndInversions(_ handoffs: inout SlowHandoffs) {
    var donors = DonorPlaces(timeline)
    var stalls = StallWalk(timeline.stalls)
    let rows = context.rows.inversions
    for place in rows.indices {
      let row = rows[place]
      while let stall = stalls.next(before: row.end) { take(stall, stalls.position, &handoffs, &donors) }
      donors.forEachPart(of: row) { part in
        problems.add(
          .init(kind: Finding.Kind(donor: part.donor) ?? .inversion, lock: row.ownedLock, task: row.owner.index),
          from: part.begin, to: part.end, .inversion, row: place, row.evidence.combined(with: part.evidence),
          floor: row.begin)
      }
    }
    while let stall = stalls.next(before: Timestamp(.max)) { take(stall, stalls.position, &handoffs, &donors) }
  }

  @inline(never)
  private mutating func take(
    _ row: StallRow, _ position: Int, _ handoffs: inout SlowHandoffs, _ donors: inout DonorPlaces
  ) {
    handoffs.add(row)
    switch row.kind {
    case .inverted: donors.add(row)
    case .delayed, .handoff:
      guard choosesAll || context.filter.chooses(row) else { break }
      // An owner, or a task that was to be owner, that was runnable on an idle CPU.
      problems.add(
        .init(kind: .idleOwner, lock: row.ownedLock, task: row.owner.index), from: row.begin, to: row.end, .stall,
        row: position, row.evidence, floor: row.begin)
    case .waking where countsNanoseconds && row.end - row.begin >= Self.tick:
      guard choosesAll || context.filter.chooses(row) else { break }
      // An owner that was woken and not queued for a tick or more. Handoffs have such windows too, which come later.
      problems.add(
        .init(kind: .lateWakeup, task: row.owner.index), from: row.begin, to: row.end, .stall, row: position,
        row.evidence)
    default: break
    }
  }
}

/// Goes through stalls, each of which is made once.
private struct StallWalk {
  private let rows: Rows<StallRow>
  private var first: StallRow?
  /// Of the one that ``next(before:)`` has returned last.
  private(set) var position = -1

  init(_ rows: Rows<StallRow>) {
    self.rows = rows
    first = rows.first
  }

  /// The next stall, if it began before an instant.
  @inline(__always)
  mutating func next(before end: Timestamp) -> StallRow? {
    guard let row = first, row.begin < end else { return nil }
    position += 1
    first = position + 1 < rows.count ? rows[position + 1] : nil
    return row
  }
}
