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
    let stalls = timeline.stalls
    var next = 0
    let rows = context.rows.inversions
    for place in rows.indices {
      let row = rows[place]
      while next < stalls.count, take(stalls[next], next, before: row.end, &handoffs, &donors) { next += 1 }
      donors.forEachPart(of: row) { part in
        problems.add(
          .init(kind: Finding.Kind(donor: part.donor) ?? .inversion, lock: row.ownedLock, task: row.owner.index),
          from: part.begin, to: part.end, .inversion, row: place, row.evidence.combined(with: part.evidence),
          floor: row.begin)
      }
    }
    while next < stalls.count, take(stalls[next], next, before: Timestamp(.max), &handoffs, &donors) { next += 1 }
  }

  /// Takes a stall, if it began before an instant.
  @inline(__always)
  private mutating func take(
    _ row: StallRow, _ position: Int, before end: Timestamp, _ handoffs: inout SlowHandoffs,
    _ donors: inout DonorPlaces
  ) -> Bool {
    guard row.begin < end else { return false }
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
    return true
  }
}
