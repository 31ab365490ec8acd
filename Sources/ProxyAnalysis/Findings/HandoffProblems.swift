import ProxyModel
import TraceCore

// Mutexes and CPU time that were handed on slowly.

extension ProblemCollector {
  mutating func collect(_ slow: SlowHandoffs) {
    let rows = context.rows.handoffs
    var walk = problems.walk()
    for place in slow.places {
      let (row, place) = (rows[Int(place)], Int(place))
      walk.visit(place)
      switch row.kind {
      case .donation: collectDonation(row, at: place, slow.stalls(of: row.wait))
      case .release: collectRelease(row, at: place, slow.stalls(of: row.wait))
      }
    }
  }

  /// Only while an owner could run: who waits for a sleeper, or for a lock that is free, has nobody to lend to.
  private mutating func collectDonation(_ row: HandoffRow, at place: Int, _ stalls: [SlowHandoffs.Stall]) {
    func part(_ stall: SlowHandoffs.Stall) -> (begin: Timestamp, end: Timestamp)? {
      if stall.kind == .waking || stall.kind == .handoff { return nil }
      let (begin, end) = (max(stall.begin, row.begin), min(stall.end, row.end))
      return begin < end ? (begin, end) : nil
    }
    guard stalls.reduce(0, { sum, stall in sum + (part(stall).map { $0.end - $0.begin } ?? 0) }) >= Self.tick
    else { return }
    for stall in stalls {
      guard let (begin, end) = part(stall) else { continue }
      problems.add(
        .init(kind: .slowDonation, lock: row.lock), from: begin, to: end, .handoff, row: place, cpu: stall.cpu,
        row.evidence.combined(with: stall.evidence), floor: row.begin)
    }
  }

  /// What of a slow release the new owner was woken and not queued, or runnable on an idle CPU, are problems of their own.
  private mutating func collectRelease(_ row: HandoffRow, at place: Int, _ stalls: [SlowHandoffs.Stall]) {
    var others: [(begin: Timestamp, end: Timestamp)] = []
    for stall in stalls where stall.kind == .handoff && stall.owner == row.to.index {
      others.append((stall.begin, stall.end))
    }
    if let late = Self.lateWindow(row) {
      problems.add(
        .init(kind: .lateWakeup, task: row.to.index), from: late.begin, to: late.end, .handoff, row: place,
        row.evidence)
      others.append(late)
    }
    let parts = Self.rest(of: row, without: others)
    guard parts.reduce(0, { $0 + ($1.end - $1.begin) }) >= Self.tick else { return }
    for part in parts {
      problems.add(
        .init(kind: .slowRelease, lock: row.lock), from: part.begin, to: part.end, .handoff, row: place, row.evidence,
        floor: row.begin)
    }
  }

  /// What is left of a handoff.
  private static func rest(
    of row: HandoffRow, without others: [(begin: Timestamp, end: Timestamp)]
  ) -> [(begin: Timestamp, end: Timestamp)] {
    var (parts, begin): ([(Timestamp, Timestamp)], Timestamp) = ([], row.begin)
    for other in others.sorted(by: { $0.begin < $1.begin }) where other.begin < row.end {
      if begin < other.begin { parts.append((begin, other.begin)) }
      begin = max(begin, other.end)
    }
    if begin < row.end { parts.append((begin, row.end)) }
    return parts
  }

  /// From `sched_waking` to `sched_wakeup`, where that took a tick or more.
  static func lateWindow(_ row: HandoffRow) -> (begin: Timestamp, end: Timestamp)? {
    guard let wake = row.wake, let queue = row.queue, queue >= tick else { return nil }
    let (begin, end) = (max(row.begin, row.begin + wake), min(row.end, row.begin + wake + queue))
    return begin < end ? (begin, end) : nil
  }
}
