import TraceCore

// The first step: curr, tasks and waits out of the stream, and the journal for the second.

// MARK: - Curr

extension ProxyMachine {
  mutating func openLane(_ lane: Int) {
    while lanes.count <= lane { lanes.append(CPULane(cpu: CPU(lanes.count), traceBegin: Timestamp(0), isOpen: false)) }
    if !lanes[lane].isOpen { lanes[lane] = CPULane(cpu: CPU(lane), traceBegin: begin ?? Timestamp(0)) }
  }

  /// Establishes which task wrote the record; `nil` where its pid is impossible.
  mutating func see(_ event: SchedEvent, lane: Int) -> TaskIndex? {
    let pid =
      switch event.body {
      // The task that leaves; common_pid is the same one, but text may lack it.
      case .switched(let record): record.previous.pid
      // Already written under the new pid; until now it was curr under the old one.
      case .executed(_, let oldPid): oldPid
      default: event.pid
      }
    guard TaskTable.isValid(pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(pid)")
      return nil
    }
    if !lanes[lane].continues(with: pid) { breakContinuity(event, pid: pid, lane: lane) }
    // Mostly the task that was switched in; a task's pid is its own as long as it runs.
    if let task = current(pid, on: lane) {
      lanes[lane].goesOn(pid, at: event.timestamp)
      return task
    }
    let task = tasks.task(pid)
    let wasUnknown = lanes[lane].current == .unknown
    lanes[lane].see(task, pid: pid, at: event.timestamp)
    if wasUnknown {
      fallingAsleep.remove(task)
      describe(task, at: event.timestamp, cpu: event.cpu)
      tell(.current(task), at: event.timestamp, cpu: event.cpu)
    }
    return task
  }

  /// Curr, if a record's `common_pid` is its pid, and still names it.
  @inline(__always)
  func current(_ pid: Pid, on lane: Int) -> TaskIndex? {
    guard let task = lanes[lane].current(pid), !tasks.isReplaced(task) else { return nil }
    return task
  }

  /// The record cannot follow the one before it: between the two, curr is not known.
  private mutating func breakContinuity(_ event: SchedEvent, pid: Pid, lane: Int) {
    let last = lanes[lane].lastRecord
    diagnostics.record(
      .switchDiscontinuity, cpu: event.cpu, time: event.timestamp, "pid \(pid) runs, though no switch led to it")
    loseCurrent(lane, since: last, at: event.timestamp)
    waits.doubt(on: event.cpu, since: last, until: event.timestamp)
    holes.append(last...max(last, event.timestamp))
    noteDoubts(at: event.timestamp, cpu: event.cpu)
    gaplessSince = event.timestamp
  }

  private mutating func switched(_ record: SwitchRecord, event: SchedEvent, lane: Int, previous: TaskIndex) {
    guard TaskTable.isValid(record.next.pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(record.next.pid)")
      loseCurrent(lane, since: event.timestamp, at: event.timestamp)
      return
    }
    name(previous, record.previous, event)
    let next = named(record.next, event)
    bookRun(lane) { $0.switchTo(next, pid: record.next.pid, at: event.timestamp) }
    tasks[next].switches += 1
    waits.leaveCPU(previous, at: event.timestamp)
    noteDoubts(at: event.timestamp, cpu: event.cpu)
    waits.enterCPU(next, cpu: event.cpu, at: event.timestamp)
    if !fallingAsleep.isEmpty { fallingAsleep.remove(next) }
    let sequel = sequels.switched(
      lane, to: next, isIdle: record.next.pid == 0, leftRunnable: record.previousState.isRunnable,
      at: event.timestamp, in: &journal)
    let action = JournalAction.switched(from: previous, state: record.previousState, to: next)
    if sequel == .pending {
      sequels.awaitProbe(lane, position: note(action, at: event.timestamp, cpu: event.cpu), in: &journal)
    } else if lull.isOn, sequel == .none, keeps(lane: lane, current: previous), keeps(previous), keeps(next) {
      lull.switched(
        lane, previous, isIdle: record.previous.pid == 0, record.previousState, next, at: event.timestamp)
    } else {
      tell(action, sequel, at: event.timestamp, cpu: event.cpu) { replay, lane in
        replay.switched(lane, previous, record.previousState, next, sequel)
      }
    }
    if record.previousState.isDead {
      tasks.markDead(previous)
      waits.forget(previous)
      endLostWaits(event)
      if lull.isOn, keeps(previous) {
        lull.bury(previous, at: event.timestamp)
      } else {
        tell(.dead(previous), at: event.timestamp, cpu: event.cpu)
      }
    }
  }

  private mutating func executed(pid: Pid, oldPid: Pid, lane: Int, event: SchedEvent) {
    // de_thread() (fs/exec.c): the thread takes its dead leader's pid, and goes on as that pid.
    guard pid != oldPid, TaskTable.isValid(pid), TaskTable.isValid(oldPid) else { return }
    let task = tasks.newLife(pid)
    let old = tasks.task(oldPid)
    tasks.name(task, tasks[old].comm, tasks[old].priority)
    tasks.markDead(old)
    bookRun(lane) { $0.rename(to: task, pid: pid, at: event.timestamp) }
    describe(task, at: event.timestamp, cpu: event.cpu)
    tell(.becomes(old, task), at: event.timestamp, cpu: event.cpu)
  }

  /// Runs a step of a lane and books the run that it returns to the task that was curr before it.
  mutating func bookRun(_ lane: Int, _ step: (inout CPULane) -> Int64) {
    let current = lanes[lane].current
    let ran = step(&lanes[lane])
    if case .task(let task, _) = current { tasks[task].run &+= ran }
  }
}

// MARK: - Gaps

extension ProxyMachine {
  mutating func lose(_ lost: LostEvents, lane: Int, at time: Timestamp) {
    let since = lost.isAtStart ? begin ?? time : time
    // A clock that steps back in a hole makes it end before it began.
    let until = max(lost.until ?? Timestamp(.max), since)
    lanes[lane].countLost(lost.count)
    loseCurrent(lane, since: since, at: time)
    diagnostics.record(
      .lostEvents, cpu: CPU(lane), count: lost.count ?? 1, time: since,
      lost.count == nil ? "the ring buffer did not say how many" : "")
    gaps.append(GapRow(cpu: CPU(lane), begin: since, end: until, lostEvents: lost.count))
    waits.doubt(on: CPU(lane), since: since, until: until)
    noteDoubts(at: time, cpu: CPU(lane))
    gaplessSince = max(gaplessSince, until)
    ledger.gapBegan(until: until)
  }

  private mutating func loseCurrent(_ lane: Int, since: Timestamp, at time: Timestamp) {
    bookRun(lane) { $0.lose(since: since) }
    ledger.forget(in: &journal)
    fallingAsleep.removeAll()
    sequels.lost(lane, in: &journal)
    tell(.lost, at: time, cpu: CPU(lane))
  }

  private mutating func noteDoubts(at time: Timestamp, cpu: CPU) {
    if !waits.hasDoubted { return }
    for wait in waits.takeDoubted() {
      tell(.waitDoubted(wait: wait.row, since: wait.doubtfulSince ?? time), at: time, cpu: cpu)
    }
  }

  /// Waits whose end is not seen leave the ledger and the replay.
  private mutating func endLostWaits(_ event: SchedEvent) {
    if !waits.hasLost { return }
    for wait in waits.takeLost() {
      let lock = locks.index(of: wait.lock)
      let position = note(
        .waitLost(wait: wait.row, wait.waiter, lock), at: event.timestamp, cpu: event.cpu)
      ledger.waitEnded(lock, wait.waiter, acquired: false, at: position, time: event.timestamp, in: &journal)
    }
  }

  /// Marks the waits that a gap overlaps.
  func markGaps(_ gaps: [GapRow], on waits: inout PackedLog<WaitRecord>) {
    guard !gaps.isEmpty else { return }
    // Gaps are in order of their beginning, so the furthest end among those that begin before an instant decides.
    var furthest: [Timestamp] = []
    for gap in gaps { furthest.append(max(furthest.last ?? gap.end, gap.end)) }
    for i in waits.indices {
      let (begin, end) = (waits[i].begin, waits[i].certainEnd)
      var (low, high) = (0, gaps.count)
      while low < high {
        let middle = (low + high) / 2
        if gaps[middle].begin <= end { low = middle + 1 } else { high = middle }
      }
      waits[i].touchesGap = low > 0 && furthest[low - 1] > begin
    }
  }
}

// MARK: - What happened

extension ProxyMachine {
  mutating func applyBody(_ event: SchedEvent, lane: Int, current: TaskIndex) {
    if event.body.showsThatCurrGoesOn { sequels.goesOn(lane, in: &journal) }
    switch event.body {
    case .switched(let record):
      see(.switched)
      switched(record, event: event, lane: lane, previous: current)
    case .waking(let record): waking(record, event, current)
    case .wakeup(let record): wakeup(record, event, .wakeup)
    case .wakeupNew(let record): wakeup(record, event, .wakeupNew)
    case .migrated(let snapshot, _, let to):
      see(.migrated)
      guard TaskTable.isValid(snapshot.pid), isValid(to, event) else { return }
      let task = named(snapshot, event)
      if lull.isOn, keeps(task) { return lull.migrated(task, to: to, at: event.timestamp) }
      tell(.migrated(task, to: to), at: event.timestamp, cpu: event.cpu)
    case .contentionBegan(let lock, let flags): contended(lock, flags, event, lane, current)
    case .contentionEnded(let lock, let result): acquired(lock, result, event, lane, current)
    case .contendedRelease(let lock):
      see(.contendedRelease)
      let lock = locks.index(of: lock)
      let position = note(.released(lock, by: current, .event), at: event.timestamp, cpu: event.cpu)
      ledger.released(lock, by: current, isRelease: true, at: position, time: event.timestamp, in: &journal)
    case .probedSwitch(let probe): probed(probe, event, lane)
    case .probedWait(let probe): probed(probe, event, current)
    case .probedSetNext(let pid, _):
      see(.probedSetNext)
      if options.ignoresProbes || !TaskTable.isValid(pid) { return }
      let position = note(.probedChoice(tasks.task(pid)), at: event.timestamp, cpu: event.cpu)
      sequels.chose(lane, position: position, in: &journal)
    case .mark(let mark): marked(mark, event)
    case .schedExt(let record): schedExt(record, event)
    case .donorNamed(let donor, let owner): donorNamed(donor, owner, event)
    case .ownerNamed(let lock, let waiter, let owner): ownerNamed(lock, waiter, owner, event)
    default: applyLife(event, lane: lane)
    }
  }

  private mutating func applyLife(_ event: SchedEvent, lane: Int) {
    switch event.body {
    case .exited(let task):
      see(.exited)
      if TaskTable.isValid(task.pid) { _ = named(task, event) }
    case .forked(_, let child, let comm):
      see(.forked)
      guard TaskTable.isValid(child) else { return }
      let task = tasks.newLife(child)
      tasks.name(task, comm, tasks[task].priority)
      describe(task, at: event.timestamp, cpu: event.cpu)
    case .executed(let pid, let oldPid):
      see(.executed)
      executed(pid: pid, oldPid: oldPid, lane: lane, event: event)
    case .renamed(let pid, let comm):
      see(.renamed)
      guard TaskTable.isValid(pid) else { return }
      let task = tasks.task(pid)
      tasks.name(task, comm, tasks[task].priority)
      describe(task, at: event.timestamp, cpu: event.cpu)
    case .inheritedPriority(let pid, let comm, _, let priority):
      see(.inheritedPriority)
      if TaskTable.isValid(pid) { _ = named(TaskSnapshot(pid: pid, priority: priority, comm: comm), event) }
    default: break
    }
  }

  private mutating func waking(_ record: WakeRecord, _ event: SchedEvent, _ current: TaskIndex) {
    see(.waking)
    guard TaskTable.isValid(record.task.pid), isValid(record.targetCPU, event) else { return }
    let task = named(record.task, event)
    if lull.isOn, keeps(task) { return lull.waking(task, target: record.targetCPU, at: event.timestamp) }
    // Who sleeps for a mutex is woken by its release, or by a signal: an interrupt that does it is rare where none is told of.
    if event.context.mayBeTask, let wait = waits.waiting(task), current != task, event.pid != 0,
      case let lock = locks.index(of: wait.lock), ledger.isSign(lock, by: current)
    {
      let position = note(
        .released(lock, by: current, .inferred(.wokeTheWaiter)), at: event.timestamp, cpu: event.cpu)
      ledger.released(lock, by: current, isRelease: false, at: position, time: event.timestamp, in: &journal)
    }
    tell(.waking(task, target: record.targetCPU), at: event.timestamp, cpu: event.cpu) { replay, lane in
      replay.waking(lane, task, target: record.targetCPU)
    }
  }

  private mutating func wakeup(_ record: WakeRecord, _ event: SchedEvent, _ role: EventRole) {
    see(role)
    guard TaskTable.isValid(record.task.pid), isValid(record.targetCPU, event) else { return }
    let task = named(record.task, event)
    if lull.isOn, keeps(task) { return lull.wakeup(task, target: record.targetCPU, at: event.timestamp) }
    tell(.wakeup(task, target: record.targetCPU), at: event.timestamp, cpu: event.cpu) { replay, _ in
      replay.wakeup(task, target: record.targetCPU)
    }
  }

  private mutating func contended(
    _ lock: LockAddress, _ flags: ContentionFlags, _ event: SchedEvent, _ lane: Int, _ current: TaskIndex
  ) {
    see(.contentionBegan)
    guard let kind = WaitKind(flags) else {
      lanes[lane].beginSpinning(on: lock)
      return
    }
    let row = waits.begin(lock, kind: kind, waiter: tasks.label(current), cpu: event.cpu, at: event.timestamp)
    endLostWaits(event)
    let lock = locks.index(of: lock)
    if let row {
      let position = note(
        .waitBegan(wait: row, current, lock, isMutex: kind == .mutex), at: event.timestamp, cpu: event.cpu)
      if kind == .mutex {
        let spin = flags.contains(.spin) ? spin(on: lane, at: event.timestamp) : nil
        ledger.waitBegan(lock, current, spin: spin, at: position, in: &journal)
      }
    }
    if kind == .mutex, !flags.contains(.spin) {
      ledger.waiterSleeps(lock, current, at: event.timestamp)
      fallingAsleep.insert(current)
    } else {
      fallingAsleep.remove(current)
    }
  }

  /// What a task that begins to spin could see of the other CPUs.
  private func spin(on lane: Int, at time: Timestamp) -> OwnershipLedger.Spin {
    var spin = OwnershipLedger.Spin(since: time, others: [], sawAll: lanes.count >= options.cpuCount)
    for other in lanes.indices where other != lane {
      switch lanes[other].current {
      case .task(let task, let pid): if pid != 0 { spin.others.append(task) }
      case .unknown: spin.sawAll = false
      }
    }
    return spin
  }

  private mutating func acquired(
    _ lock: LockAddress, _ result: Int32, _ event: SchedEvent, _ lane: Int, _ current: TaskIndex
  ) {
    see(.contentionEnded)
    if lanes[lane].endSpinning(on: lock) { return }
    let row = waits.end(
      lock, result: result, waiter: tasks.label(current), at: event.timestamp,
      certainSince: min(gaplessSince, event.timestamp))
    endLostWaits(event)
    fallingAsleep.remove(current)
    guard let row else { return acquiredBlindly(lock, result, event, current) }
    let lock = locks.index(of: lock)
    let position = note(
      .waitEnded(wait: row, current, lock, acquired: result == 0), at: event.timestamp, cpu: event.cpu)
    ledger.waitEnded(
      lock, current, acquired: result == 0, at: position, time: event.timestamp, in: &journal)
  }

  /// The wait's begin is not in the trace; that the lock is this task's from now on the event says all the same.
  private mutating func acquiredBlindly(
    _ lock: LockAddress, _ result: Int32, _ event: SchedEvent, _ current: TaskIndex
  ) {
    guard result == 0, waits.kind(of: lock) == .mutex else { return }
    let lock = locks.index(of: lock)
    let position = note(.acquired(lock), at: event.timestamp, cpu: event.cpu)
    ledger.waitEnded(lock, current, acquired: true, at: position, time: event.timestamp, in: &journal)
  }

  private mutating func probed(_ probe: SwitchProbe, _ event: SchedEvent, _ lane: Int) {
    see(.probedSwitch)
    if options.ignoresProbes || !TaskTable.isValid(probe.next) { return }
    let next = tasks.task(probe.next)
    // From here on a probe may stand beside every switch.
    if lull.isOn { endLull() }
    tasksByPointer[probe.nextTask] = next
    verdict.probedSwitches += 1
    if probe.depth > 0 { verdict.probedDonors += 1 }
    let donor = probe.farthestDonor.flatMap { TaskTable.isValid($0) ? tasks.task($0) : nil }
    let isCurrent = if case .task(next, _) = lanes[lane].current { true } else { false }
    sequels.probed(lane, next: next, isCurrent: isCurrent, donor: donor, depth: probe.depth, in: &journal)
  }

  private mutating func probed(_ probe: WaitProbe, _ event: SchedEvent, _ current: TaskIndex) {
    see(.probedWait)
    if options.ignoresProbes || !probe.flags.contains(.mutex) { return }
    guard probe.ownerTask == 0 || tasksByPointer[probe.ownerTask] != nil else { return }
    let lock = locks.index(of: probe.lock)
    let position = note(.ownerRead(lock), at: event.timestamp, cpu: event.cpu)
    ledger.ownerRead(
      lock, tasksByPointer[probe.ownerTask], by: current, at: position, in: &journal)
  }
}

// MARK: - Checks

extension ProxyMachine {
  /// Whether a CPU number in an event's fields is one that a kernel can have.
  private mutating func isValid(_ cpu: CPU, _ event: SchedEvent) -> Bool {
    if Self.isPossible(cpu) { return true }
    diagnostics.record(.cpuOutOfRange, cpu: event.cpu, time: event.timestamp, "CPU \(cpu)")
    return false
  }
}

// MARK: - Names

extension ProxyMachine {
  /// The task that an event describes, with the name and priority that it states.
  mutating func named(_ snapshot: TaskSnapshot, _ event: SchedEvent) -> TaskIndex {
    let task = tasks.livingTask(snapshot.pid)
    name(task, snapshot, event)
    return task
  }

  private mutating func name(_ task: TaskIndex, _ snapshot: TaskSnapshot, _ event: SchedEvent) {
    if tasks.isNamed(task, snapshot) { return }
    tasks.name(task, snapshot.comm, snapshot.priority)
    describe(task, at: event.timestamp, cpu: event.cpu)
  }

  /// Tells the replay about a task.
  mutating func describe(_ task: TaskIndex, at time: Timestamp, cpu: CPU) {
    let row = tasks[task]
    tell(.described(task, pid: row.id.pid, row.comm, row.priority), at: time, cpu: cpu)
  }
}

extension EventBody {
  /// Whether the record cannot come from the middle of `__schedule()`, between the scheduler's choice and the switch or
  /// beside the switch: then no switch is under way on its CPU.
  fileprivate var showsThatCurrGoesOn: Bool {
    switch self {
    // Runqueue locks are contended there, a donor that is moved home migrates, and sched_ext callbacks are called. Of
    // other events nothing is known.
    case .switched, .probedSwitch, .probedSetNext, .migrated, .mark, .donorNamed, .ownerNamed, .schedExt, .other,
      .lost:
      false
    case .contentionBegan(_, let flags): WaitKind(flags) != nil
    case .contentionEnded: false
    default: true
    }
  }
}
