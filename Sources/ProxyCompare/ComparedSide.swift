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
/// Waits that the trace's ends cut, or that lost records overlap, are left out: their lengths are not known.
public struct ComparedSide: Sendable {
  /// What the user calls the side. Hostile text.
  public var label: String
  /// Its captures.
  public private(set) var captures: [ReportContext] = []
  /// How many waits of each lock are left out at the beginning of each capture.
  public let skipped: Int
  /// Waits of every kind, with the lock acquired or not, whose beginning and end are known.
  public private(set) var waits = Samples()
  /// Waits for mutexes alone: the figures of a comparison are about these.
  public private(set) var mutexWaits = Samples()
  /// Waits of every kind whose lengths are not known. Their values are what is known of them.
  public private(set) var cutWaits = Samples()
  /// Number of mutex waits among ``cutWaits``.
  public private(set) var excludedWaits = 0
  /// Contended holds, of mutexes.
  public private(set) var holds = Samples()
  /// Inversion windows, of waits for mutexes.
  public private(set) var inversions = Samples()
  /// Handoffs of locks of every kind: from release to `contention_end`.
  public private(set) var releases = Samples()
  /// Handoffs of CPU time: until the owner runs on the donor's account.
  public private(set) var donations = Samples()
  /// sched_ext callbacks without a partner.
  public private(set) var pairing = Samples()
  /// The waits that are left out, by capture.
  private var skips: [SkippedWaits] = []
  /// Rows of whole captures, with those of waits that are left out.
  private(set) var whole = (inversions: 0, releases: 0, donations: 0)

  /// The rows of a capture that a comparison is about. Where a capture has fewer, the lists of the others are empty.
  public static let rows: RowKinds = [.waits, .holds, .inversions, .handoffs, .splits, .migrations]

  /// The rows of some captures.
  /// - Parameters:
  ///   - label: What outputs call the side.
  ///   - captures: Those of the side.
  ///   - map: Names of locks and tasks that replace those of the captures.
  ///   - skipped: How many waits of each lock are left out at the beginning of each capture, with all that belongs to them: its windows
  ///     and handoffs, and holds that are over before the first wait that stays.
  public init(
    label: String, _ captures: [ReportContext], matching map: MatchMap = MatchMap(), skipping skipped: Int = 0
  ) {
    (self.label, self.skipped) = (label, skipped)
    for context in captures { add(context, map) }
  }

  private mutating func add(_ context: ReportContext, _ map: MatchMap) {
    let (timeline, number) = (context.timeline, captures.count)
    let skip = SkippedWaits(timeline, first: skipped)
    captures.append(context)
    skips.append(skip)
    let symbols = context.symbols
    @Sendable func sample(
      _ value: Int64, _ id: Int, _ task: TaskLabel, _ lock: LockAddress, _ evidence: Evidence, _ kind: String
    ) -> Sample {
      Sample(
        value: value, id: id + 1, capture: number, comm: map.task(task.comm.text), pid: task.pid,
        lock: map.lock(lock) ?? symbols[lock], address: lock, evidence: evidence, kind: kind)
    }
    /// The same, and pages are released on the way.
    func releasing(_ reading: RowReading) -> RowReading {
      var reading = reading
      reading.passed = { timeline.passed(rows: $0) }
      return reading
    }
    addWaits(
      timeline.waits, skip,
      releasing(
        RowReading(
          value: { timeline.waits[$0].length },
          sample: { id in
            let wait = timeline.waits[id]
            return sample(wait.length, id, wait.waiter, wait.lock, .event, wait.kind.rawValue)
          }, part: { $1.of(timeline.waits[$0]) }, partEvidence: { timeline.waits[$0].ownerEvidence })))
    addHolds(
      timeline, skip,
      releasing(
        RowReading(
          value: { timeline.holds[$0].end - timeline.holds[$0].begin },
          sample: { id in
            let hold = timeline.holds[id]
            return sample(hold.end - hold.begin, id, hold.owner, hold.lock, hold.evidence, WaitKind.mutex.rawValue)
          })))
    let windows = RowSet(timeline.inversions.indices.lazy.filter { !skip.contains(timeline.inversions[$0].wait) })
    whole.inversions += timeline.inversions.count
    inversions.append(
      windows,
      RowReading(
        value: { timeline.inversions[$0].length },
        sample: { id in
          let window = timeline.inversions[id]
          return sample(window.length, id, window.waiter, window.lock, window.evidence, WaitKind.mutex.rawValue)
        }))
    // Where no waits were made, kinds are not asked for.
    @Sendable func kind(_ handoff: HandoffRow) -> WaitKind? {
      timeline.waits.indices.contains(handoff.wait) ? timeline.waits[handoff.wait].kind : nil
    }
    addHandoffs(
      timeline.handoffs, skip,
      releasing(
        RowReading(
          value: { timeline.handoffs[$0].end - timeline.handoffs[$0].begin },
          sample: { id in
            let handoff = timeline.handoffs[id]
            return sample(
              handoff.end - handoff.begin, id, handoff.to, handoff.lock, handoff.evidence, kind(handoff)?.rawValue ?? ""
            )
          }, part: { $1.of(timeline.handoffs[$0]) }, kind: { kind(timeline.handoffs[$0]) },
          partEvidence: { timeline.handoffs[$0].evidence })))
    pairing.append(
      count: timeline.pairing.count,
      RowReading(
        value: { _ in 0 },
        sample: { id in
          let row = timeline.pairing[id]
          return sample(0, id, row.task, LockAddress(0), .event, row.kind.rawValue)
        }))
  }

  private mutating func addWaits(_ rows: Rows<WaitRow>, _ skip: SkippedWaits, _ reading: RowReading) {
    var (certain, mutexes, cut) = (RowSet(), RowSet(), RowSet())
    for (id, wait) in rows.enumerated() where !skip.contains(id) {
      if skip.isCertain(wait) {
        certain.append(id)
        if wait.kind == .mutex { mutexes.append(id) }
      } else {
        cut.append(id)
        if wait.kind == .mutex { excludedWaits += 1 }
      }
    }
    waits.append(certain, reading)
    mutexWaits.append(mutexes, reading)
    cutWaits.append(cut, reading)
  }

  private mutating func addHolds(_ timeline: Timeline, _ skip: SkippedWaits, _ reading: RowReading) {
    holds.append(RowSet(timeline.holds.indices.lazy.filter { !skip.contains(timeline.holds[$0]) }), reading)
  }

  private mutating func addHandoffs(_ rows: Rows<HandoffRow>, _ skip: SkippedWaits, _ reading: RowReading) {
    var (released, donated) = (RowSet(), RowSet())
    for (id, handoff) in rows.enumerated() {
      if handoff.kind == .release { whole.releases += 1 } else { whole.donations += 1 }
      if skip.contains(handoff.wait) { continue }
      if handoff.kind == .release { released.append(id) } else { donated.append(id) }
    }
    releases.append(released, reading)
    donations.append(donated, reading)
  }

  /// How many rows of each kind are known by `probe`, `event`, `inferred` and `unknown`; kinds without rows and counts of 0 are
  /// left out. `proxied time` counts splits.
  public var evidence: [(rows: String, counts: [(name: String, count: Int)])] {
    let kinds = [
      ("mutex waits", "mutex wait"), ("holds", "mutex hold"), ("inversions", "inversion"), ("proxied time", "proxied"),
    ]
    return kinds.map { ($0.0, evidence(of: $0.1)) }.filter { !$0.1.isEmpty }
  }

  /// How the rows are known that a group of figures is made of; counts of 0 are left out. Nothing for groups of other rows.
  /// - Parameter group: A ``FigureRow/group``.
  public func evidence(of group: String) -> [(name: String, count: Int)] {
    let all: [Evidence] =
      switch group {
      case "mutex wait": mutexWaits.map(\.evidence)
      case "mutex hold": holds.map(\.evidence)
      case "whole mutex hold": wholeHolds.map(\.evidence)
      case "inversion": inversions.map(\.evidence)
      case Comparison.classGroup: mutexWaits.measured(.waiting(.own)).map(\.evidence)
      case "proxied": captures.flatMap { $0.timeline.splits.map(\.evidence) }
      case "donation latency": donations.map(\.evidence)
      case "handoff": releases.map(\.evidence) + donations.map(\.evidence)
      default:
        WaitKind.allCases.first { "release, \($0.rawValue)" == group }.map { releases.ofKind($0).map(\.evidence) } ?? []
      }
    return ["probe", "event", "inferred", "unknown"].map { name in (name, all.count { $0.name == name }) }.filter {
      $0.1 > 0
    }
  }

  /// Releases of mutexes.
  package var mutexReleases: Samples { releases.ofKind(.mutex) }

  /// Sum of the captures' lengths, in steps of the trace clock.
  public var span: Int64 { captures.reduce(0) { $0 &+ $1.timeline.span } }

  /// Whether the clock steps of all captures are nanoseconds.
  public var countsNanoseconds: Bool { captures.allSatisfy(\.countsNanoseconds) }

  /// Whether all captures recorded events with a role.
  public func records(_ role: EventRole) -> Bool { !captures.isEmpty && captures.allSatisfy { $0.records(role) } }

  /// Time of the class `inverted` in mutex waits, including those whose length is not known.
  public var inverted: Int64 { sum { $0.times[.inverted] } }
  /// Time in mutex waits, including those whose length is not known.
  public var waited: Int64 { sum(\.length) }

  /// Time in mutex waits by class, including those whose length is not known.
  public var classTimes: ClassTimes {
    var times = ClassTimes()
    forEachMutexWait { times += $0.times }
    return times
  }

  private func sum(_ value: (WaitRow) -> Int64) -> Int64 {
    var sum: Int64 = 0
    forEachMutexWait { sum &+= value($0) }
    return sum
  }

  private func forEachMutexWait(_ body: (WaitRow) -> Void) {
    for (context, skip) in zip(captures, skips) {
      for (id, wait) in context.timeline.waits.enumerated() where wait.kind == .mutex && !skip.contains(id) {
        body(wait)
      }
    }
  }

  /// Holds that are known from the lock's taking on: their owner had waited for the lock itself, and others waited when it got it. Of
  /// all others the beginning is that of their first wait, since no event tells when a free mutex is taken.
  public var wholeHolds: Samples {
    let whole = captures.map { WholeHolds($0.timeline) }
    return holds.rows { capture, row in whole[capture].contains(row) }
  }

  /// The events that a result needs and that a capture of the side did not record; empty where none is missing.
  func missing(_ needs: [EventNeed]) -> [EventNeed] {
    needs.filter { need in captures.contains { !need.isMet(by: $0.recordedRoles) } }
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
