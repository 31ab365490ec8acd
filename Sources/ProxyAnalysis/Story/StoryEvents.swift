import ProxyModel
import TraceCore

// The lines of records, each with what it means for the wait.

extension StoryBuilder {
  /// The line of a record; `nil` where it does not concern the wait.
  func line(for event: SchedEvent) -> WaitStory.Line? {
    switch event.body {
    case .switched(let record): return switched(record, event)
    case .waking(let record): return waking(record, event)
    case .wakeup(let record), .wakeupNew(let record): return wakeup(record, event)
    case .migrated(let task, let from, let to):
      guard concerns(task.pid, event) else { return nil }
      var text: [TextFragment] = [name(task), " is moved from ", .cpu(from), " to ", .cpu(to)]
      if scope.isMove(.return, of: task.pid, at: event.timestamp) { text.append(": a return migration") }
      if scope.isMove(.steered, of: task.pid, at: event.timestamp) {
        text.append(" by its scheduler while it is blocked")
      }
      return line(event, .migrated, task.pid, nil, text, isNeverFolded: isWaiter(task.pid))
    case .contentionBegan(let lock, let flags): return began(lock, flags, event)
    case .contentionEnded(let lock, let result): return acquired(lock, result, event)
    case .contendedRelease(let lock):
      guard concerns(lock, event) else { return nil }
      return line(event, .released, event.pid, nil, [name(event.pid), " releases ", .lock(lock)])
    case .lost(let lost): return self.lost(lost, event)
    default: return rare(event)
    }
  }

  private func rare(_ event: SchedEvent) -> WaitStory.Line? {
    switch event.body {
    case .renamed(let pid, let comm) where concerns(pid, event):
      line(event, .described, pid, nil, [name(pid), " is now called ", .comm(comm)], isNeverFolded: true)
    case .inheritedPriority(let pid, _, let old, let new) where concerns(pid, event):
      line(
        event, .described, pid, nil, [name(pid), " changes from ", .priority(old), " to ", .priority(new)],
        isNeverFolded: true
      )
    case .exited(let task) where concerns(task.pid, event):
      line(event, .described, task.pid, nil, [name(task), " exits"], isNeverFolded: true)
    case .mark(let mark) where concerns(mark.pid, event): marked(mark, event)
    case .probedSwitch(let probe): probed(probe, event)
    case .probedSetNext(let pid, _) where concerns(pid, event):
      line(event, .probed, pid, nil, ["the scheduler picks ", name(pid)], evidence: .probe)
    default: nil
    }
  }

  /// A callback of a BPF scheduler: what it is told of a task of the wait, and where it puts a blocked one.
  private func marked(_ mark: MarkRecord, _ event: SchedEvent) -> WaitStory.Line {
    var text: [TextFragment] = []
    switch mark.kind {
    case .running: text = ["ops.running(): ", name(mark.pid)]
    case .stopping:
      text = ["ops.stopping(): ", name(mark.pid)]
      if let stays = mark.isRunnable { text.append(stays ? ", which stays runnable" : ", which leaves the runqueue") }
    case .enqueue:
      text = ["ops.enqueue(): ", name(mark.pid)]
      guard let call = scope.enqueues[event.timestamp], call.donor.pid == mark.pid else { break }
      text.append(.plain(", \(reason(call.reason))"))
      if let cpu = call.placedCPU {
        text += [call.dispatchQueue == nil ? "; next donates on " : "; put on ", .cpu(cpu)]
        if let owner = call.ownerCPU { text.append(owner == cpu ? ", its owner's" : ", not its owner's") }
      }
      if let length = call.donatedAfter { text += [", and donates after ", .duration(length)] }
    }
    return line(event, .marked, mark.pid, nil, text, isNeverFolded: false)
  }

  private func reason(_ reason: EnqueueRow.Reason) -> String {
    switch reason {
    case .blocked: "blocked"
    case .migrated: "which the kernel has moved here"
    case .sliceOver: "blocked, whose turn as donor is over"
    case .handedBack: "blocked, handed back"
    }
  }

  private func probed(_ probe: SwitchProbe, _ event: SchedEvent) -> WaitStory.Line? {
    guard concerns(probe.next, event), let donor = probe.farthestDonor else { return nil }
    return line(
      event, .probed, probe.next, donor, [name(donor), " is the donor of ", name(probe.next)], evidence: .probe)
  }

  // MARK: Switches

  /// The CPU whose switches matter: the terminal owner's, or the waiter's once the lock is free.
  private func followed(at time: Timestamp) -> CPU? {
    let waiter = scope.row.waiter.pid
    let pid = scope.chain(at: time)?.terminal?.pid ?? waiter
    switch places[pid] {
    case .queued(let cpu), .running(let cpu): return cpu
    case .off, nil: return nil
    }
  }

  private func switched(_ record: SwitchRecord, _ event: SchedEvent) -> WaitStory.Line? {
    let (previous, next) = (record.previous, record.next)
    let isTheirs = concerns(previous.pid, event) || concerns(next.pid, event)
    guard isTheirs || followed(at: event.timestamp) == event.cpu else { return nil }
    var text: [TextFragment] = [name(previous), .plain(" (\(record.previousState)) ==> "), name(next)]
    text += meaning(record, event)
    let steps = isWaiter(next.pid) && releasedAt != nil
    return line(event, .switched, previous.pid, next.pid, text, isNeverFolded: steps)
  }

  private func meaning(_ record: SwitchRecord, _ event: SchedEvent) -> [TextFragment] {
    let (previous, next) = (record.previous.pid, record.next.pid)
    if isWaiter(next) { return [": the waiter runs"] + sinceRelease(event) }
    if isWaiter(previous) { return [waiterLeft(record)] }
    guard let terminal = scope.chain(at: event.timestamp)?.terminal?.pid else { return queuedWaiter(record, event) }
    if next == terminal {
      guard scope.proxies, scope.split(on: event.cpu, at: event.timestamp) == nil else { return [": the owner runs"] }
      return [": the owner runs on its own account"]
    }
    if previous == terminal, !record.previousState.isRunnable { return [": the owner sleeps"] }
    return ranInstead(record, event, isTerminalHere: previous == terminal || places[terminal] == .queued(event.cpu))
  }

  /// The terminal owner is runnable here and another task runs. Inversions have lines of their own.
  private func ranInstead(_ record: SwitchRecord, _ event: SchedEvent, isTerminalHere: Bool) -> [TextFragment] {
    guard isTerminalHere else { return [] }
    if record.next.pid == 0 { return [": the owner is runnable, its CPU idles"] }
    if concerns(record.next.pid, event) || scope.isInverted(at: event.timestamp) { return [] }
    var urgency = record.next.priority
    if let donor = scope.split(on: event.cpu, at: event.timestamp)?.donor.priority, donor.isMoreUrgent(than: urgency) {
      urgency = donor
    }
    guard let waiting = scope.row.waiter.priority, !waiting.isMoreUrgent(than: urgency) else { return [] }
    return [": no less urgent than the waiter"]
  }

  private func waiterLeft(_ record: SwitchRecord) -> TextFragment {
    if record.previousState.isRunnable {
      return releasedAt == nil ? ": the waiter loses the CPU while it spins" : ": the waiter loses the CPU"
    }
    if scope.proxies, scope.row.kind == .mutex { return ": it blocks, and may donate from now on" }
    return ": the waiter sleeps"
  }

  /// The lock is free, and the waiter is runnable while another task runs.
  private func queuedWaiter(_ record: SwitchRecord, _ event: SchedEvent) -> [TextFragment] {
    guard places[scope.row.waiter.pid] == .queued(event.cpu), record.next.pid != 0 else { return [] }
    return [": the waiter is runnable here"]
  }

  // MARK: Wakings

  private func waking(_ record: WakeRecord, _ event: SchedEvent) -> WaitStory.Line? {
    // Where no event states a release, the waking of a waiter shows it.
    let isSign = event.context.mayBeTask && concerns(event.pid, event) && scope.changesChain(at: event.timestamp)
    let wantsTheLock = event.context.mayBeTask && otherWaiters.contains(record.task.pid)
    guard concerns(record.task.pid, event) || isSign || wantsTheLock else { return nil }
    var text = waker(event) + [" wakes ", name(record.task)]
    text += [", last on ", .cpu(record.targetCPU)]
    if isWaiter(record.task.pid) { text += sinceRelease(event) }
    if wantsTheLock, !isWaiter(record.task.pid) { text += [", who waits for ", .lock(scope.row.lock), " too"] }
    return line(event, .waking, event.pid, record.task.pid, text, isNeverFolded: isStep(record.task.pid))
  }

  /// The waker. Text without the flags of a record does not say whether that is the current task or an interrupt.
  private func waker(_ event: SchedEvent) -> [TextFragment] {
    guard event.context.mayBeTask else { return ["an interrupt"] }
    return event.context.isTask ? [name(event.pid)] : [name(event.pid), ", or an interrupt on top of it,"]
  }

  private func wakeup(_ record: WakeRecord, _ event: SchedEvent) -> WaitStory.Line? {
    guard concerns(record.task.pid, event) else { return nil }
    var text: [TextFragment] = [name(record.task), " is queued on ", .cpu(record.targetCPU)]
    if isWaiter(record.task.pid) { text += sinceRelease(event) }
    return line(event, .wakeup, record.task.pid, nil, text, isNeverFolded: isStep(record.task.pid))
  }

  /// Whether a line is a step of the handoff to the waiter. Such lines are never folded.
  private func isStep(_ pid: Pid) -> Bool { isWaiter(pid) && releasedAt != nil }

  private func sinceRelease(_ event: SchedEvent) -> [TextFragment] {
    guard let releasedAt, event.timestamp > releasedAt else { return [] }
    return [", ", .duration(event.timestamp - releasedAt), " after the release"]
  }

  // MARK: Locks

  private func began(_ lock: LockAddress, _ flags: ContentionFlags, _ event: SchedEvent) -> WaitStory.Line? {
    guard concerns(lock, event) else { return nil }
    let spins = flags.contains(.spin)
    var text = [name(event.pid), spins ? " spins for " : " queues for ", .lock(lock)]
    if event.context.contains(.migrationDisabled) { text.append("; migration is disabled: the kernel cannot move it") }
    return line(event, spins ? .spins : .queues, event.pid, nil, text)
  }

  private func acquired(_ lock: LockAddress, _ result: Int32, _ event: SchedEvent) -> WaitStory.Line? {
    guard concerns(lock, event) else { return nil }
    var text: [TextFragment] = [name(event.pid)]
    text += result == 0 ? [" acquires ", .lock(lock)] : [" gives up ", .lock(lock), .plain(" (errno \(0 &- result))")]
    let isWaiter = isWaiter(event.pid) && lock == scope.row.lock
    if isWaiter { text += sinceRelease(event) }
    return line(event, result == 0 ? .acquired : .gaveUp, event.pid, nil, text, isNeverFolded: isWaiter)
  }

  private func lost(_ lost: LostEvents, _ event: SchedEvent) -> WaitStory.Line {
    var text: [TextFragment] = lost.count.map { [.count($0), " records lost on "] } ?? ["records lost on "]
    if lost.isQuiet { text = ["no record of "] }
    text.append(.cpu(event.cpu))
    if let until = lost.until { text += [" up to ", .instant(until)] }
    return line(event, .lost, nil, nil, text, isNeverFolded: true)
  }

  // MARK: Tasks

  /// The last switch of a task before the wait: where it was when the wait began.
  func beforeLine(_ pid: Pid, _ event: SchedEvent) -> WaitStory.Line {
    var text: [TextFragment] = ["before: "]
    if case .switched(let record) = event.body {
      if record.next.pid == pid {
        text += [name(record.next), " was switched in"]
      } else {
        let state = record.previousState
        text += [name(record.previous), .plain(" left the CPU (\(state))")]
      }
    }
    return line(event, .before, pid, nil, text, isNeverFolded: true)
  }

  private func concerns(_ pid: Pid, _ event: SchedEvent) -> Bool { scope.concerns(pid, at: event.timestamp) }

  /// Whether a lock is in the chain, or a task of the chain takes or releases it.
  private func concerns(_ lock: LockAddress, _ event: SchedEvent) -> Bool {
    scope.concerns(lock, at: event.timestamp) || (scope.locks.contains(lock) && concerns(event.pid, event))
  }

  private func isWaiter(_ pid: Pid) -> Bool { pid == scope.row.waiter.pid }

  private func name(_ snapshot: TaskSnapshot) -> TextFragment {
    if snapshot.pid == 0 { return "idle" }
    var task = label(snapshot.pid)
    task.comm = snapshot.comm
    task.priority = snapshot.priority
    return .task(task)
  }

  private func name(_ pid: Pid) -> TextFragment { pid == 0 ? "idle" : .task(label(pid)) }

  private func label(_ pid: Pid) -> TaskLabel {
    var task =
      scope.names[pid] ?? TaskLabel(index: TaskIndex(rawValue: 0), pid: pid, comm: .empty, priority: nil)
    if let comm = names[pid] ?? (isWaiter(pid) ? scope.row.waiter.comm : nil) { task.comm = comm }
    task.priority = nil
    return task
  }

  private func line(
    _ event: SchedEvent, _ kind: WaitStory.Kind, _ actor: Pid?, _ other: Pid?, _ text: [TextFragment],
    evidence: Evidence? = nil, isNeverFolded: Bool = false
  ) -> WaitStory.Line {
    WaitStory.Line(
      time: event.timestamp, cpu: event.cpu, kind: kind, actor: actor.map(label), other: other.map(label), text: text,
      evidence: evidence, length: nil, isNeverFolded: isNeverFolded)
  }
}

extension MarkRecord {
  /// ` (stays runnable)`; empty where the mark does not say.
  var note: String { isRunnable.map { $0 ? " (stays runnable)" : " (leaves the runqueue)" } ?? "" }
}
