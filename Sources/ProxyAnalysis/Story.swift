public import ProxyModel
public import TraceCore

/// One line of a wait's story: what happened, and how that is known.
public struct StoryLine: Sendable, Hashable {
  public enum Weight: Sendable, Hashable {
    /// Part of the plot: always told.
    case plot
    /// One of many alike: told where there are few.
    case routine
  }

  /// The trace's own instant, so that the line can be found in `trace-cmd report` and KernelShark.
  public var time: Timestamp
  public var cpu: CPU?
  public var text: [Phrase]
  /// `nil` for what the event itself says.
  public var evidence: Evidence?
  public var weight: Weight

  public init(time: Timestamp, cpu: CPU?, _ text: [Phrase], evidence: Evidence? = nil, weight: Weight = .plot) {
    self.time = time
    self.cpu = cpu
    self.text = text
    self.evidence = evidence
    self.weight = weight
  }
}

/// The story of one wait: who took part in it, and line by line what they did.
public struct Story: Sendable {
  public let timeline: Timeline
  /// Index into ``Timeline/waits``.
  public let wait: Int
  public private(set) var lines: [StoryLine] = []

  /// Pids of the waiter and of every task of its chains.
  private var cast: Set<Pid>
  private var locks: Set<LockAddress>
  /// Facts of the timeline that begin inside the wait, in order of time, not yet told.
  private var facts: [StoryLine]
  private var nextFact = 0

  public init(of wait: Int, in timeline: Timeline) {
    self.timeline = timeline
    self.wait = wait
    let row = timeline.waits[wait]
    cast = [row.waiter.pid]
    locks = [row.lock]
    for chain in timeline.chains where chain.wait == wait {
      cast.formUnion(chain.path.map(\.pid))
      locks.formUnion(chain.locks)
    }
    if let owner = row.owner { cast.insert(owner.pid) }
    facts = []
    facts = Self.facts(wait, timeline, cast)
  }

  public var row: WaitRow { timeline.waits[wait] }
  /// Until when the wait is followed.
  public var end: Timestamp { row.begin + row.length }

  /// Rules that the story rests on, in the order of the enumeration.
  public var rules: [InferenceRule] {
    var used = Set(lines.compactMap { $0.evidence?.rule })
    if let rule = row.ownerEvidence.rule { used.insert(rule) }
    if let rule = timeline.verdict.evidence.rule { used.insert(rule) }
    return InferenceRule.allCases.filter(used.contains)
  }

  /// Takes the next event of the capture; those outside the wait or of others are passed over.
  public mutating func apply(_ event: SchedEvent) {
    guard event.timestamp >= row.begin, event.timestamp <= end else { return }
    tellFacts(before: event.timestamp)
    if let line = line(for: event) { lines.append(line) }
  }

  /// Tells what is left when the capture is at its end.
  public mutating func finish() { tellFacts(before: Timestamp(.max)) }

  private mutating func tellFacts(before time: Timestamp) {
    while nextFact < facts.count, facts[nextFact].time < time {
      lines.append(facts[nextFact])
      nextFact += 1
    }
  }
}

// MARK: - What the model adds

extension Story {
  private static func facts(_ wait: Int, _ timeline: Timeline, _ cast: Set<Pid>) -> [StoryLine] {
    let row = timeline.waits[wait]
    let end = row.begin + row.length
    var facts = timeline.chains.filter { $0.wait == wait }.map(chain)
    for window in timeline.inversions where window.wait == wait { facts += inversion(window) }
    for split in timeline.splits where split.begin >= row.begin && split.begin <= end {
      if cast.contains(split.curr.pid), cast.contains(split.donor.pid) { facts.append(donation(split)) }
    }
    for move in timeline.migrations where move.kind == .proxy && move.time >= row.begin && move.time <= end {
      if cast.contains(move.task.pid) { facts.append(migration(move)) }
    }
    return facts.sorted { $0.time < $1.time }
  }

  private static func chain(_ row: ChainRow) -> StoryLine {
    var text: [Phrase] = ["chain: "]
    for (place, task) in row.path.enumerated() {
      if place > 0 { text.append(" waits for ") }
      text.append(.task(TaskLabel(index: task.index, pid: task.pid, comm: task.comm, priority: nil)))
    }
    if row.terminal == nil {
      text.append(row.terminalState == .released ? ", whose lock is free" : ", whose lock's owner is not known")
    } else {
      text.append(.plain(row.terminalState == .deadlock ? ": a deadlock" : ", \(row.terminalState.rawValue)"))
    }
    return StoryLine(time: row.begin, cpu: nil, text, evidence: row.evidence)
  }

  private static func inversion(_ window: InversionRow) -> [StoryLine] {
    var begin: [Phrase] = ["inversion begins: ", .task(window.owner), .plain(" is kept from CPU \(window.cpu)")]
    if let culprit = window.culprits.first { begin += [" by ", .task(culprit.task)] }
    return [
      StoryLine(time: window.begin, cpu: window.cpu, begin, evidence: window.evidence),
      StoryLine(time: window.end, cpu: window.cpu, ["inversion ends after ", .duration(window.length)]),
    ]
  }

  private static func donation(_ split: SplitRow) -> StoryLine {
    StoryLine(
      time: split.begin, cpu: split.cpu,
      [.task(split.curr), " runs on the account of ", .task(split.donor), " for ", .duration(split.end - split.begin)],
      evidence: split.evidence)
  }

  private static func migration(_ move: MigrationRow) -> StoryLine {
    StoryLine(
      time: move.time, cpu: move.from,
      [.task(move.task), .plain(" is moved to CPU \(move.to) without an event, at some instant from here on")],
      evidence: move.evidence)
  }
}

// MARK: - What the events say

extension Story {
  private func line(for event: SchedEvent) -> StoryLine? {
    switch event.body {
    case .switched(let record): switched(record, event)
    case .waking(let record) where cast.contains(record.task.pid):
      told(
        event, [wake(event), " wakes ", name(record.task.pid), .plain(" (on CPU \(record.targetCPU))")],
        of: record.task.pid)
    case .wakeup(let record) where cast.contains(record.task.pid):
      told(
        event, [name(record.task.pid), .plain(" is on the runqueue of CPU \(record.targetCPU)")], of: record.task.pid)
    case .migrated(let task, let from, let to) where cast.contains(task.pid):
      told(event, [name(task.pid), .plain(" is moved from CPU \(from) to CPU \(to)")], of: task.pid)
    case .contentionBegan(let lock, let flags) where locks.contains(lock):
      began(lock, flags, event)
    case .contentionEnded(let lock, let result) where locks.contains(lock):
      StoryLine(
        time: event.timestamp, cpu: event.cpu,
        [name(event.pid), .plain(result == 0 ? " acquires " : " gives up (\(result)) "), .lock(lock)])
    case .contendedRelease(let lock) where locks.contains(lock):
      StoryLine(time: event.timestamp, cpu: event.cpu, [name(event.pid), " releases ", .lock(lock)])
    default: nil
    }
  }

  private func began(_ lock: LockAddress, _ flags: ContentionFlags, _ event: SchedEvent) -> StoryLine {
    let how = flags.contains(.spin) ? " spins for " : " queues up for "
    let isOurs = event.pid == row.waiter.pid
    return StoryLine(
      time: event.timestamp, cpu: event.cpu, [name(event.pid), .plain(how), .lock(lock)],
      weight: isOurs ? .plot : .routine)
  }

  private func switched(_ record: SwitchRecord, _ event: SchedEvent) -> StoryLine? {
    let (previous, next) = (record.previous.pid, record.next.pid)
    guard cast.contains(previous) || cast.contains(next) else { return nil }
    let text: [Phrase] = [
      name(previous), .plain(" (\(record.previousState)) ==> "), name(next, record.next),
    ]
    let isOurs = previous == row.waiter.pid || next == row.waiter.pid
    return StoryLine(time: event.timestamp, cpu: event.cpu, text, weight: isOurs ? .plot : .routine)
  }

  private func told(_ event: SchedEvent, _ text: [Phrase], of pid: Pid) -> StoryLine {
    StoryLine(time: event.timestamp, cpu: event.cpu, text, weight: pid == row.waiter.pid ? .plot : .routine)
  }

  /// Who wakes: the current task, or an interrupt on top of it.
  private func wake(_ event: SchedEvent) -> Phrase { event.context.isTask ? name(event.pid) : "an interrupt" }

  private func name(_ pid: Pid, _ snapshot: TaskSnapshot? = nil) -> Phrase {
    if pid == 0 { return "idle" }
    let known = timeline.tasks.lastIndex { $0.id.pid == pid }
    let index = TaskIndex(rawValue: UInt32(known ?? 0))
    let comm = snapshot?.comm ?? known.map { timeline.tasks[$0].comm } ?? .empty
    return .task(TaskLabel(index: index, pid: pid, comm: comm, priority: nil))
  }
}
