public import ProxyAnalysis
public import ProxyModel
public import TraceCore

/// The duration of a row, with the properties by which rules choose rows and by which sides are matched.
public struct Sample: Sendable, Hashable {
  /// The duration in steps of the trace clock; 0 for a row of `pairing`.
  public var value: Int64
  /// The row's id in its table, from 1.
  public var id: Int
  /// Index of the row's capture among those of the side.
  public var capture: Int
  /// Name of the waiter (waits, inversions), the owner (holds), the receiver (handoffs) or the callback's task. Hostile text.
  public var comm: String
  /// Pid of the same task.
  public var pid: Pid
  /// The lock's symbol, or the name that a match map gives it. `nil` where it has neither: addresses differ between boots.
  public var lock: String?
  /// The lock's address; 0 for a row of `pairing`.
  public var address: LockAddress
  /// How the row is known. The owner of a hold and of an inversion may be inferred.
  public var evidence: Evidence
  /// The kind of a wait, a handoff or a callback; empty for all other rows.
  public var kind: String
}

/// One side of a comparison: one capture, or several pooled.
///
/// Waits that the trace's ends cut, or that a gap overlaps, are left out: their lengths are not known.
public struct ComparedSide: Sendable {
  /// What the user calls the side. Hostile text.
  public var label: String
  /// Its captures.
  public private(set) var captures: [ReportContext] = []
  /// Waits of every kind, with the lock acquired or not, whose beginning and end are known.
  public private(set) var waits = Samples()
  /// Waits for mutexes alone: the figures of a comparison are about these.
  public private(set) var mutexWaits = Samples()
  /// Number of mutex waits that are left out.
  public private(set) var excludedWaits = 0
  /// Contended holds.
  public private(set) var holds = Samples()
  /// Inversion windows.
  public private(set) var inversions = Samples()
  /// Handoffs of locks: from release to `contention_end`.
  public private(set) var releases = Samples()
  /// Handoffs of CPU time: until the owner runs on the donor's account.
  public private(set) var donations = Samples()
  /// sched_ext callbacks without a partner.
  public private(set) var pairing = Samples()

  /// The rows of a capture that a comparison is about. Where a capture has fewer, the lists of the others are empty.
  public static let rows: RowKinds = [.waits, .holds, .inversions, .handoffs, .splits, .migrations]

  /// The rows of some captures.
  /// - Parameters:
  ///   - label: What outputs call the side.
  ///   - captures: Those of the side.
  ///   - map: Names of locks and tasks that replace those of the captures.
  public init(label: String, _ captures: [ReportContext], matching map: MatchMap = MatchMap()) {
    self.label = label
    for context in captures { add(context, map) }
  }

  private mutating func add(_ context: ReportContext, _ map: MatchMap) {
    let (timeline, number) = (context.timeline, captures.count)
    captures.append(context)
    let symbols = context.symbols
    @Sendable func sample(
      _ value: Int64, _ id: Int, _ task: TaskLabel, _ lock: LockAddress, _ evidence: Evidence, _ kind: String = ""
    ) -> Sample {
      Sample(
        value: value, id: id + 1, capture: number, comm: map.task(task.comm.text), pid: task.pid,
        lock: map.lock(lock) ?? symbols[lock], address: lock, evidence: evidence, kind: kind)
    }
    addWaits(timeline.waits) { id in
      let wait = timeline.waits[id]
      return sample(wait.length, id, wait.waiter, wait.lock, .event, wait.kind.rawValue)
    }
    holds.append(
      count: timeline.holds.count, { timeline.holds[$0].end - timeline.holds[$0].begin },
      { id in
        let hold = timeline.holds[id]
        return sample(hold.end - hold.begin, id, hold.owner, hold.lock, hold.evidence)
      })
    inversions.append(
      count: timeline.inversions.count, { timeline.inversions[$0].length },
      { id in
        let window = timeline.inversions[id]
        return sample(window.length, id, window.waiter, window.lock, window.evidence)
      })
    addHandoffs(timeline.handoffs) { id in
      let handoff = timeline.handoffs[id]
      return sample(handoff.end - handoff.begin, id, handoff.to, handoff.lock, handoff.evidence, handoff.kind.rawValue)
    }
    pairing.append(
      count: timeline.pairing.count, { _ in 0 },
      { id in
        let row = timeline.pairing[id]
        return sample(0, id, row.task, LockAddress(0), .event, row.kind.rawValue)
      })
  }

  private mutating func addWaits(_ rows: Rows<WaitRow>, _ sample: @escaping @Sendable (Int) -> Sample) {
    var (certain, mutexes): ([UInt32], [UInt32]) = ([], [])
    for (id, wait) in rows.enumerated() {
      if wait.end != nil, !wait.isCutAtBegin, !wait.touchesGap {
        certain.append(UInt32(id))
        if wait.kind == .mutex { mutexes.append(UInt32(id)) }
      } else if wait.kind == .mutex {
        excludedWaits += 1
      }
    }
    waits.append(certain, { rows[$0].length }, sample)
    mutexWaits.append(mutexes, { rows[$0].length }, sample)
  }

  private mutating func addHandoffs(_ rows: Rows<HandoffRow>, _ sample: @escaping @Sendable (Int) -> Sample) {
    var (released, donated): ([UInt32], [UInt32]) = ([], [])
    for (id, handoff) in rows.enumerated() {
      if handoff.kind == .release { released.append(UInt32(id)) } else { donated.append(UInt32(id)) }
    }
    releases.append(released, { rows[$0].end - rows[$0].begin }, sample)
    donations.append(donated, { rows[$0].end - rows[$0].begin }, sample)
  }

  /// How many rows of each kind are known by `probe`, `event`, `inferred` and `unknown`; kinds without rows and counts of 0 are
  /// left out. `proxied time` counts splits.
  public var evidence: [(rows: String, counts: [(name: String, count: Int)])] {
    let splits = captures.flatMap { $0.timeline.splits.map(\.evidence) }
    let kinds = [
      ("mutex waits", mutexWaits.map(\.evidence)), ("holds", holds.map(\.evidence)),
      ("inversions", inversions.map(\.evidence)), ("proxied time", splits),
    ]
    return kinds.filter { !$0.1.isEmpty }.map { rows, all in
      (
        rows,
        ["probe", "event", "inferred", "unknown"].map { name in (name, all.count { $0.name == name }) }.filter {
          $0.1 > 0
        }
      )
    }
  }

  /// Sum of the captures' lengths, in steps of the trace clock.
  public var span: Int64 { captures.reduce(0) { $0 &+ $1.timeline.span } }

  /// Whether the clock steps of all captures are nanoseconds.
  public var countsNanoseconds: Bool { captures.allSatisfy(\.countsNanoseconds) }

  /// Whether all captures recorded events with a role.
  public func records(_ role: EventRole) -> Bool { !captures.isEmpty && captures.allSatisfy { $0.records(role) } }

  /// Time of the class `inverted` in all mutex waits, including those that are left out of ``waits``.
  public var inverted: Int64 { sum { $0.times[.inverted] } }
  /// Time in all mutex waits, including those that are left out of ``waits``.
  public var waited: Int64 { sum(\.length) }

  private func sum(_ value: (WaitRow) -> Int64) -> Int64 {
    captures.reduce(0) { sum, context in
      context.timeline.waits.reduce(sum) { $0 &+ ($1.kind == .mutex ? value($1) : 0) }
    }
  }

  /// CPU time on a donor's account, in steps of the trace clock.
  public var proxied: Int64 {
    captures.reduce(0) { sum, context in context.timeline.cpus.reduce(sum) { $0 &+ $1.proxied } }
  }

  /// CPU time for which records are missing, and all CPU time, in steps of the trace clock.
  public var lost: (part: Int64, of: Int64) {
    captures.reduce((0, 0)) { sum, context in
      (context.timeline.cpus.reduce(sum.0) { $0 &+ $1.lost &- $1.quiet }, sum.1 &+ context.cpuTime)
    }
  }

  /// Number of sched_ext callbacks without a partner; `nil` where a capture has no marks of callbacks.
  public var anomalies: Int? {
    captures.contains { $0.timeline.marks.isEmpty } ? nil : pairing.count
  }

  /// Number of enqueues of blocked tasks; `nil` where a capture recorded no enqueues or no waits.
  public var blockedEnqueues: UInt64? {
    captures.contains { !$0.knowsBlockedEnqueues }
      ? nil : captures.reduce(0) { $0 &+ $1.timeline.marks.total.blockedEnqueue }
  }
}
