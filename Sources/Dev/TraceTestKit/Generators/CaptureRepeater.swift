public import TraceCore

/// Makes a long stream of events out of a short one, by playing it again and again.
///
/// Where one turn ends and the next begins each CPU gets a switch from the task that it ended with to the one that it begins
/// with, so that no record contradicts another. Waits that one turn does not show from begin to end are left out: they
/// would last until the next turn.
public struct CaptureRepeater: Sequence, IteratorProtocol {
  private let turn: [SchedEvent]
  private let times: Int
  /// What each CPU runs at the beginning and at the end of a turn, ascending by CPU.
  private var joins: [(cpu: CPU, first: TaskSnapshot, last: TaskSnapshot)] = []
  /// From one turn's beginning to the next.
  private let period: UInt64
  private var round = 0
  private var place = 0
  private var pending: [SchedEvent] = []

  /// - Parameters:
  ///   - events: One turn, in the order of a merged stream.
  ///   - times: How often it is played.
  public init(_ events: [SchedEvent], times: Int) {
    turn = Self.withoutHalfWaits(events)
    self.times = times
    let begin = turn.first?.timestamp.rawValue ?? 0
    let end = turn.map(\.timestamp.rawValue).max() ?? begin
    period = end - begin + 2_000
    findJoins()
  }

  public mutating func next() -> SchedEvent? {
    if let event = pending.popLast() { return event }
    if place == turn.count {
      round += 1
      place = 0
      if round < times { pending = switches().reversed() }
      return round < times ? next() : nil
    }
    guard round < times else { return nil }
    defer { place += 1 }
    return shifted(turn[place])
  }

  /// One capture played right after another, with the same switches in between as between turns.
  public static func following(_ turn: [SchedEvent], _ other: [SchedEvent]) -> [SchedEvent] {
    let (turn, other) = (withoutHalfWaits(turn), withoutHalfWaits(other))
    guard let begin = other.first?.timestamp.rawValue, let end = turn.map(\.timestamp.rawValue).max() else {
      return turn + other
    }
    let (before, after) = (CaptureRepeater(turn, times: 1), CaptureRepeater(other, times: 1))
    var result = turn
    for join in after.joins {
      let last = before.joins.first { $0.cpu == join.cpu }?.last ?? join.first
      if last.pid == join.first.pid { continue }
      let record = SwitchRecord(previous: last, previousState: .preempted, next: join.first)
      result.append(
        SchedEvent(timestamp: Timestamp(end + 1_000), cpu: join.cpu, pid: last.pid, body: .switched(record)))
    }
    for var event in other {
      event.timestamp = Timestamp(event.timestamp.rawValue - begin + end + 2_000)
      result.append(event)
    }
    return result
  }

  private func shifted(_ event: SchedEvent) -> SchedEvent {
    var event = event
    event.timestamp = Timestamp(event.timestamp.rawValue + UInt64(round) * period)
    return event
  }

  /// Each CPU goes from the end of the last turn to the beginning of this one.
  private func switches() -> [SchedEvent] {
    guard let begin = turn.first?.timestamp.rawValue else { return [] }
    let time = Timestamp(begin + UInt64(round) * period - 1_000)
    return joins.compactMap { join in
      if join.first.pid == join.last.pid { return nil }
      let record = SwitchRecord(previous: join.last, previousState: .preempted, next: join.first)
      return SchedEvent(timestamp: time, cpu: join.cpu, pid: join.last.pid, body: .switched(record))
    }
  }

  private mutating func findJoins() {
    var first: [CPU: Pid] = [:]
    var last: [CPU: Pid] = [:]
    var names: [Pid: TaskSnapshot] = [0: TaskSnapshot(pid: 0, priority: Priority(120), comm: "swapper")]
    for event in turn {
      if first[event.cpu] == nil { first[event.cpu] = event.pid }
      last[event.cpu] = event.pid
      guard case .switched(let record) = event.body else { continue }
      last[event.cpu] = record.next.pid
      for task in [record.previous, record.next] where names[task.pid] == nil { names[task.pid] = task }
    }
    for (cpu, pid) in first.sorted(by: { $0.key < $1.key }) {
      guard let end = last[cpu] else { continue }
      func name(_ pid: Pid) -> TaskSnapshot {
        names[pid] ?? TaskSnapshot(pid: pid, priority: Priority(120), comm: Comm("pid\(pid)"))
      }
      joins.append((cpu, name(pid), name(end)))
    }
  }

  private struct Contender: Hashable {
    var pid: Pid
    var lock: LockAddress
  }

  private static func withoutHalfWaits(_ events: [SchedEvent]) -> [SchedEvent] {
    var open: [Contender: [Int]] = [:]
    var halves: Set<Int> = []
    for (index, event) in events.enumerated() {
      switch event.body {
      case .contentionBegan(let lock, _): open[Contender(pid: event.pid, lock: lock), default: []].append(index)
      case .contentionEnded(let lock, _):
        if open.removeValue(forKey: Contender(pid: event.pid, lock: lock)) == nil { halves.insert(index) }
      case .lost: halves.insert(index)
      default: break
      }
    }
    halves.formUnion(open.values.joined())
    return events.indices.filter { !halves.contains($0) }.map { events[$0] }
  }
}
