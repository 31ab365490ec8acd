import ProxyModel
import TraceCore

/// Gathers the problems of a capture from the rows that the filter chooses.
struct ProblemCollector {
  /// A lock that stays free, or a woken task that is not queued, for so long is worth a look: a tick at HZ=1000. Nanoseconds.
  static let tick: Int64 = 1_000_000

  let context: ReportContext
  let timeline: Timeline
  var problems = Problems()

  init(_ context: ReportContext) {
    self.context = context
    timeline = context.timeline
    if [EventNeed].owners.allSatisfy({ $0.isMet(by: context.recordedRoles) }) {
      collectInversions()
      collectIdlePicks()
      collectHandoffs()
      collectDeadlocks()
    }
    if [EventNeed].waits.allSatisfy({ $0.isMet(by: context.recordedRoles) }) { collectUnfinishedWaits() }
    if PairingAnalysis.missing(in: context).isEmpty { collectPairing() }
    collectStorms()
    collectScheduler()
  }

  // MARK: Inversions

  /// Windows of all waits whose chains end in the same owner of the same lock are one problem.
  private mutating func collectInversions() {
    let rows = context.rows.inversions
    for (place, row) in rows.enumerated() {
      let key = Problem.Key(kind: .inversion, lock: row.ownedLock, task: row.owner.index)
      problems.add(
        key,
        Problem.Window(
          begin: row.begin, end: row.end, wait: row.wait, waiter: row.waiter, cpu: row.cpu, task: row.owner,
          culprit: row.culprits.first?.task, evidence: row.evidence, place: .inversion(rows.id(at: place)),
          row: rows.id(at: place) - 1),
        lockKind: .mutex)
    }
  }

  // MARK: Idle CPUs that spin

  private mutating func collectIdlePicks() {
    for (place, row) in timeline.idlePicks.enumerated() where context.filter.chooses(row) {
      problems.add(
        .init(kind: .idleRepick, cpu: row.cpu),
        Problem.Window(
          begin: row.begin, end: row.end, wait: row.wait, waiter: row.donor, cpu: row.cpu, task: row.donor,
          culprit: nil, evidence: row.evidence, place: .wait(row.wait + 1),
          lock: row.wait < timeline.waits.count ? timeline.waits[row.wait].lock : nil, row: place),
        lockKind: .mutex)
    }
  }

  // MARK: Handoffs

  private mutating func collectHandoffs() {
    guard context.countsNanoseconds else { return }
    let rows = context.rows.handoffs
    for (place, row) in rows.enumerated() where row.kind == .release && row.end - row.begin >= Self.tick {
      collect(row, id: rows.id(at: place))
    }
  }

  /// A slow release. What of it the new owner was woken and not queued is another problem than the rest.
  private mutating func collect(_ row: HandoffRow, id: Int) {
    let late = Self.lateWindow(row)
    let kind = row.wait < timeline.waits.count ? timeline.waits[row.wait].kind : nil
    func window(_ begin: Timestamp, _ end: Timestamp) -> Problem.Window {
      Problem.Window(
        begin: begin, end: end, wait: row.wait, waiter: row.to, cpu: nil, task: row.to, culprit: nil,
        evidence: row.evidence, place: .handoff(id), row: id - 1)
    }
    if let late {
      problems.add(
        .init(kind: .lateWakeup, lock: row.lock, task: row.to.index), window(late.begin, late.end), lockKind: kind)
    }
    let parts = late.map { [(row.begin, $0.begin), ($0.end, row.end)] } ?? [(row.begin, row.end)]
    guard parts.reduce(0, { $0 + ($1.1 - $1.0) }) >= Self.tick else { return }
    for part in parts where part.0 < part.1 {
      problems.add(.init(kind: .slowHandoff, lock: row.lock), window(part.0, part.1), lockKind: kind)
    }
  }

  /// From `sched_waking` to `sched_wakeup`, where that took a tick or more.
  private static func lateWindow(_ row: HandoffRow) -> (begin: Timestamp, end: Timestamp)? {
    guard let wake = row.wake, let queue = row.queue, queue >= tick else { return nil }
    let (begin, end) = (max(row.begin, row.begin + wake), min(row.end, row.begin + wake + queue))
    return begin < end ? (begin, end) : nil
  }

  // MARK: Waits

  /// Deadlocks, each once: every member of a cycle has chains that end in it.
  private mutating func collectDeadlocks() {
    var seen: [Set<TaskIndex>: LockAddress] = [:]
    for place in timeline.deadlocks {
      let chain = timeline.chains[place]
      guard context.filter.chooses(chain), let closing = chain.locks.last else { continue }
      let lock = seen[Set(chain.deadlocked.map(\.index))] ?? closing
      seen[Set(chain.deadlocked.map(\.index))] = lock
      problems.add(
        .init(kind: .deadlock, lock: lock),
        Problem.Window(
          begin: chain.begin, end: chain.end, wait: chain.wait, waiter: chain.path.first, cpu: nil,
          task: chain.path.last, culprit: nil, evidence: chain.evidence, place: .wait(chain.wait + 1), row: place),
        lockKind: .mutex)
    }
  }

  /// A wait that goes on when the capture ends is none of its own: a capture ends at any time. One that is longer than every
  /// wait that ended may be a hung task.
  private mutating func collectUnfinishedWaits() {
    let rows = context.rows.waits
    let sums = context.waitSums
    for place in sums.open {
      let row = rows[place]
      guard row.length > (row.kind == .mutex ? sums.longestMutex : sums.longestOther) else { continue }
      problems.add(
        .init(kind: .unfinishedWait, lock: row.lock),
        Problem.Window(
          begin: row.begin, end: row.begin + row.length, wait: rows.id(at: place) - 1, waiter: row.waiter, cpu: nil,
          task: row.owner, culprit: nil, evidence: row.touchesGap ? .unknown : .event,
          place: .wait(rows.id(at: place)), row: rows.id(at: place) - 1),
        lockKind: row.kind)
    }
  }

  // MARK: Callbacks

  /// The cost is the time in which the scheduler's books were wrong: between a callback and the event that it clashes with.
  private mutating func collectPairing() {
    let rows = context.rows.pairing
    for (place, row) in rows.enumerated() {
      let other = row.clash?.time ?? row.time
      problems.add(
        .init(kind: Finding.Kind(row.kind)),
        Problem.Window(
          begin: min(row.time, other), end: max(row.time, other), wait: nil, waiter: row.task, cpu: row.cpu,
          task: row.task, culprit: row.clash?.task, evidence: .event, place: .pairing(rows.id(at: place)),
          row: rows.id(at: place) - 1))
    }
  }
}

extension ChainRow {
  /// The tasks of a cycle. Tasks before the one that closes it only lead to it.
  var deadlocked: ArraySlice<TaskLabel> {
    let start = path.firstIndex { $0.index == path.last?.index } ?? 0
    return path[start...].dropLast()
  }
}
