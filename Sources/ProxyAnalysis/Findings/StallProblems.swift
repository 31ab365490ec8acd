import ProxyModel
import TraceCore

// Owners that could run, and did not: inversions, idle CPUs, late wakeups.

extension ProblemCollector {
  /// Windows of all waits whose chains end in the same owner of the same lock are one problem. On a kernel that proxies a window is
  /// a problem of its donor, as far as it is known where that was: every instant of a window belongs to one kind.
  mutating func collectInversions() {
    let rows = context.rows.inversions
    let donors = DonorPlaces(timeline)
    for (place, row) in rows.enumerated() {
      for part in donors.parts(of: row) {
        problems.add(
          .init(kind: Finding.Kind(donor: part.donor) ?? .inversion, lock: row.ownedLock, task: row.owner.index),
          Problem.Window(
            begin: part.begin, end: part.end, wait: row.wait, waiter: row.waiter, cpu: row.cpu, task: row.owner,
            culprit: row.culprits.first?.task, evidence: row.evidence.combined(with: part.evidence),
            place: .inversion(rows.id(at: place)), row: rows.id(at: place) - 1),
          lockKind: .mutex)
      }
    }
  }

  /// Owners, and tasks that were to be owners, that were runnable on an idle CPU; and owners that were woken and not queued for a tick or more.
  mutating func collectStalls() {
    for row in context.rows.stalls {
      let waiter = timeline.waits[row.wait].waiter
      switch row.kind {
      case .delayed, .handoff:
        problems.add(
          .init(kind: .idleOwner, lock: row.ownedLock, task: row.owner.index),
          Problem.Window(
            begin: row.begin, end: row.end, wait: row.wait, waiter: waiter, cpu: row.cpu, task: row.owner,
            culprit: nil, evidence: row.evidence, place: .wait(row.wait + 1), isTaker: row.kind == .handoff),
          lockKind: .mutex)
      case .waking where context.countsNanoseconds && row.end - row.begin >= Self.tick:
        problems.add(
          .init(kind: .lateWakeup, task: row.owner.index),
          Problem.Window(
            begin: row.begin, end: row.end, wait: row.wait, waiter: waiter, cpu: nil, task: row.owner, culprit: nil,
            evidence: row.evidence, place: .wait(row.wait + 1), lock: row.ownedLock),
          lockKind: .mutex)
      default: continue
      }
    }
  }
}
