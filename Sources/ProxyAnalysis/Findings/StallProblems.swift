import ProxyModel
import TraceCore

// Owners that could run, and did not: inversions, idle CPUs, late wakeups.

extension ProblemCollector {
  /// Windows of all waits whose chains end in the same owner of the same lock are one problem. On a kernel that proxies a window is
  /// a problem of its donor, as far as it is known where that was: every instant of a window belongs to one kind.
  mutating func collectInversions(_ donors: inout DonorPlaces) {
    let rows = context.rows.inversions
    for place in rows.indices {
      let (row, id) = (rows[place], rows.id(at: place))
      donors.forEachPart(of: row) { part in
        problems.add(
          .init(kind: Finding.Kind(donor: part.donor) ?? .inversion, lock: row.ownedLock, task: row.owner.index),
          Problem.Window(
            begin: part.begin, end: part.end, wait: row.wait, waiter: row.waiter, cpu: row.cpu, task: row.owner,
            culprit: row.culprits.first?.task, evidence: row.evidence.combined(with: part.evidence),
            place: .inversion(id), row: id - 1),
          lockKind: .mutex)
      }
    }
  }

  /// Goes through all stalls, once: there can be more of them than of any other row, and three have a use for them.
  mutating func collectStalls(_ handoffs: inout SlowHandoffs, _ donors: inout DonorPlaces) {
    let choosesAll = context.filter.isEmpty
    for row in timeline.stalls {
      handoffs.add(row)
      switch row.kind {
      case .inverted: donors.add(row)
      case .delayed, .handoff: if choosesAll || context.filter.chooses(row) { collectIdleOwner(row) }
      case .waking where context.countsNanoseconds && row.end - row.begin >= Self.tick:
        if choosesAll || context.filter.chooses(row) { collectLateWakeup(row) }
      default: break
      }
    }
    donors.close()
  }

  /// An owner, or a task that was to be owner, that was runnable on an idle CPU.
  private mutating func collectIdleOwner(_ row: StallRow) {
    problems.add(
      .init(kind: .idleOwner, lock: row.ownedLock, task: row.owner.index),
      Problem.Window(
        begin: row.begin, end: row.end, wait: row.wait, waiter: row.waiter, cpu: row.cpu, task: row.owner,
        culprit: nil, evidence: row.evidence, place: .wait(row.wait + 1), isTaker: row.kind == .handoff),
      lockKind: .mutex)
  }

  /// An owner that was woken and not queued for a tick or more.
  private mutating func collectLateWakeup(_ row: StallRow) {
    problems.add(
      .init(kind: .lateWakeup, task: row.owner.index),
      Problem.Window(
        begin: row.begin, end: row.end, wait: row.wait, waiter: row.waiter, cpu: nil, task: row.owner, culprit: nil,
        evidence: row.evidence, place: .wait(row.wait + 1), lock: row.ownedLock),
      lockKind: .mutex)
  }
}
