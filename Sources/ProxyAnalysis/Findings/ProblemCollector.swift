import ProxyModel
import TraceCore

/// Gathers the problems of a capture from the rows that the filter chooses.
struct ProblemCollector: ~Copyable {
  /// A lock that stays free, or a woken task that is not queued, for so long is worth a look. Nanoseconds.
  static let tick = StallRow.tick

  let context: ReportContext
  let timeline: Timeline
  let countsNanoseconds: Bool
  /// Whether there is no filter.
  let choosesAll: Bool
  var problems: Problems

  init(_ context: ReportContext) {
    self.context = context
    timeline = context.timeline
    countsNanoseconds = context.countsNanoseconds
    choosesAll = context.filter.isEmpty
    problems = Problems(timeline)
    if [EventNeed].owners.allSatisfy({ $0.isMet(by: context.recordedRoles) }) {
      var handoffs = SlowHandoffs(context)
      collectStallsAndInversions(&handoffs)
      collectIdlePicks()
      collect(handoffs)
      collectDeadlocks()
    }
    if [EventNeed].waits.allSatisfy({ $0.isMet(by: context.recordedRoles) }) {
      collectUnfinishedWaits()
      collectOtherLocks()
    }
    if PairingAnalysis.missing(in: context).isEmpty { collectPairing() }
    collectStorms()
    collectScheduler()
  }

  consuming func takeProblems() -> Problems { problems }

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
      let row = rows[Int(place)]
      guard row.length > (row.kind == .mutex ? sums.longestMutex : sums.longestOther) else { continue }
      add(.unfinishedWait, row, at: Int(place))
    }
  }

  /// Other locks than mutexes do not proxy, and no event says who owns them: all that is known is how long tasks waited.
  private mutating func collectOtherLocks() {
    let rows = context.rows.waits
    var walk = problems.walk()
    for place in context.waitSums.others {
      add(.otherLock, rows[Int(place)], at: Int(place))
      walk.visit(Int(place))
    }
  }

  /// All of a wait.
  private mutating func add(_ kind: Finding.Kind, _ row: WaitRow, at place: Int) {
    problems.add(
      .init(kind: kind, lock: row.lock), from: row.begin, to: row.begin + row.length, .wait, row: place,
      row.windowEvidence, lockKind: row.kind, floor: row.begin)
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
