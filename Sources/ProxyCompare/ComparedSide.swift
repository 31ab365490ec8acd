public import ProxyAnalysis
import ProxyModel
public import TraceCore

/// A row's figure, with what rules and matching go by.
public struct Sample: Sendable, Hashable {
  /// In steps of the trace clock.
  public var value: Int64
  /// The row's id in its table, and which capture of the side it is of.
  public var id: Int
  public var capture: Int
  /// Of the waiter, or the owner. Hostile text.
  public var comm: String
  public var pid: Pid
  /// The lock's symbol, or the name that a match map gives it; `nil` where it has none: addresses differ between boots.
  public var lock: String?
  public var address: LockAddress
  /// How the row is known: of a hold or a window whose it is.
  public var evidence: Evidence
  /// Of waits what is waited for; of handoffs donation or release; else empty.
  public var kind: String
}

/// What one side of a comparison comes to: one capture, or several pooled.
///
/// Waits and holds that the trace's ends cut, or that lost records touch, are left out: their lengths are not known. How many
/// those are is told.
public struct ComparedSide: Sendable {
  public var label: String
  public private(set) var captures: [ReportContext] = []
  /// Mutex waits that ended with the lock or without, and are known from end to end.
  public private(set) var waits: [Sample] = []
  public private(set) var excludedWaits = 0
  public private(set) var holds: [Sample] = []
  public private(set) var inversions: [Sample] = []
  public private(set) var releases: [Sample] = []
  public private(set) var donations: [Sample] = []
  public private(set) var pairing: [Sample] = []

  public init(label: String, _ captures: [ReportContext], matching map: MatchMap = MatchMap()) {
    self.label = label
    for context in captures { add(context, map) }
  }

  private mutating func add(_ context: ReportContext, _ map: MatchMap) {
    let (timeline, number) = (context.timeline, captures.count)
    captures.append(context)
    func sample(
      _ value: Int64, _ id: Int, _ task: TaskLabel, _ lock: LockAddress, _ evidence: Evidence, _ kind: String = ""
    ) -> Sample {
      let symbol = map.lock(lock) ?? context.symbols[lock]
      return Sample(
        value: value, id: id + 1, capture: number, comm: map.task(task.comm.text), pid: task.pid, lock: symbol,
        address: lock, evidence: evidence, kind: kind)
    }
    for (id, wait) in timeline.waits.enumerated() {
      if wait.end != nil, !wait.isCutAtBegin, !wait.touchesGap {
        waits.append(sample(wait.length, id, wait.waiter, wait.lock, .event, wait.kind.rawValue))
      } else if wait.kind == .mutex {
        excludedWaits += 1
      }
    }
    for (id, hold) in timeline.holds.enumerated() {
      holds.append(sample(hold.end - hold.begin, id, hold.owner, hold.lock, hold.evidence))
    }
    for (id, window) in timeline.inversions.enumerated() {
      inversions.append(sample(window.length, id, window.waiter, window.lock, window.evidence))
    }
    for (id, handoff) in timeline.handoffs.enumerated() {
      let one = sample(
        handoff.end - handoff.begin, id, handoff.to, handoff.lock, handoff.evidence, handoff.kind.rawValue)
      if handoff.kind == .release { releases.append(one) } else { donations.append(one) }
    }
    for (id, row) in timeline.pairing.enumerated() {
      pairing.append(sample(0, id, row.task, LockAddress(0), .event, row.kind.rawValue))
    }
  }

  /// How many rows of each kind are known how: `probe`, `event`, `inferred`. Proxied time by its splits.
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

  /// Of mutexes alone, which is what the figures of a comparison are about.
  public var mutexWaits: [Sample] { waits.filter { $0.kind == WaitKind.mutex.rawValue } }

  /// Length of the captures together, in steps of the trace clock.
  public var span: Int64 { captures.reduce(0) { $0 &+ $1.timeline.span } }

  public var countsNanoseconds: Bool { captures.allSatisfy(\.countsNanoseconds) }

  /// Whether all captures recorded an event.
  public func records(_ role: EventRole) -> Bool { !captures.isEmpty && captures.allSatisfy { $0.records(role) } }

  /// Sum of the class `inverted` over all mutex waits, those too that are cut.
  public var inverted: Int64 { sum { $0.times[.inverted] } }
  public var waited: Int64 { sum(\.length) }

  private func sum(_ value: (WaitRow) -> Int64) -> Int64 {
    captures.reduce(0) { sum, context in
      context.timeline.waits.reduce(sum) { $0 &+ ($1.kind == .mutex ? value($1) : 0) }
    }
  }

  /// CPU time on a donor's account.
  public var proxied: Int64 {
    captures.reduce(0) { sum, context in context.timeline.cpus.reduce(sum) { $0 &+ $1.proxied } }
  }

  /// CPU time of which nothing is known, and all there is.
  public var lost: (part: Int64, of: Int64) {
    captures.reduce((0, 0)) { sum, context in
      (context.timeline.cpus.reduce(sum.0) { $0 &+ $1.lost }, sum.1 &+ context.cpuTime)
    }
  }

  /// `nil` where a capture has no marks of sched_ext callbacks.
  public var anomalies: Int? {
    captures.contains { $0.timeline.marks.isEmpty } ? nil : pairing.count
  }

  /// `nil` where enqueues or waits were not recorded.
  public var blockedEnqueues: UInt64? {
    captures.contains { !$0.knowsBlockedEnqueues }
      ? nil : captures.reduce(0) { $0 &+ $1.timeline.marks.total.blockedEnqueue }
  }
}
