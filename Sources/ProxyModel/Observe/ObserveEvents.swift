import TraceCore

// Every event's way, by its role.

extension ProxyMachine {
  mutating func applyBody(_ event: SchedEvent, cpu: Int, current: TaskIndex) {
    if event.body.showsThatCurrGoesOn { deferred.followUps.goesOn(cpu, in: &deferred.journal) }
    switch event.body {
    case .switched(let record):
      facts.see(.switched)
      switched(record, event: event, cpu: cpu, previous: current)
    case .waking(let record): waking(record, event, current)
    case .wakeup(let record): wakeup(record, event, .wakeup)
    case .wakeupNew(let record): wakeup(record, event, .wakeupNew)
    case .migrated(let snapshot, _, let to):
      facts.see(.migrated)
      guard TaskTable.isValid(snapshot.pid), isValid(to, event) else { return }
      expectRecords(of: to, at: event.timestamp)
      let task = named(snapshot, event)
      emit(.migrated(task, to: to), at: event.timestamp, cpu: event.cpu)
    case .contentionBegan(let lock, let flags):
      let isPinned = event.context.contains(.migrationDisabled)
      contended(lock, flags, cpu, current, isPinned: isPinned, at: event.timestamp)
    case .contentionEnded(let lock, let result): acquired(lock, result, cpu, current, at: event.timestamp)
    case .contendedRelease(let lock): released(lock, cpu, current, at: event.timestamp)
    case .probedSwitch(let probe): probed(probe, event, cpu)
    case .probedWait(let probe): probed(probe, event, current)
    case .probedSetNext(let pid, _):
      facts.see(.probedSetNext)
      if options.ignoresProbes || !TaskTable.isValid(pid) { return }
      notePick(tasks.task(pid), event, cpu)
      let position = deferStep(.probedChoice(tasks.task(pid)), at: event.timestamp, cpu: event.cpu)
      deferred.followUps.chose(cpu, position: position, in: &deferred.journal)
    case .probedExit(let isSwitch, let donor, _, let curr): exited(donor, curr, isSwitch, event, cpu, current)
    case .mark(let mark): marked(mark, event)
    case .schedExt(let record): schedExt(record, event)
    case .donorNamed(let donor, let owner): donorNamed(donor, owner, event)
    case .ownerNamed(let lock, let waiter, let owner): ownerNamed(lock, waiter, owner, event)
    case .queued(let pid, let cpu): queued(pid, cpu, event)
    case .unqueued(let pid, _): unqueued(pid, event)
    default: applyLife(event, cpu: cpu)
    }
  }

  mutating func applyLife(_ event: SchedEvent, cpu: Int) {
    switch event.body {
    case .exited(let task):
      facts.see(.exited)
      if TaskTable.isValid(task.pid) { _ = named(task, event) }
    case .forked(_, let child, let comm):
      facts.see(.forked)
      guard TaskTable.isValid(child) else { return }
      let task = tasks.newLife(child)
      tasks.name(task, comm, tasks[task].priority)
      describe(task, at: event.timestamp, cpu: event.cpu)
    case .executed(let pid, let oldPid):
      facts.see(.executed)
      executed(pid: pid, oldPid: oldPid, cpu: cpu, event: event)
    case .renamed(let pid, let comm):
      facts.see(.renamed)
      guard TaskTable.isValid(pid) else { return }
      let task = tasks.task(pid)
      tasks.name(task, comm, tasks[task].priority)
      describe(task, at: event.timestamp, cpu: event.cpu)
    case .inheritedPriority(let pid, let comm, _, let priority):
      facts.see(.inheritedPriority)
      if TaskTable.isValid(pid) { _ = named(TaskSnapshot(pid: pid, priority: priority, comm: comm), event) }
    default: break
    }
  }

  mutating func waking(_ record: WakeRecord, _ event: SchedEvent, _ current: TaskIndex) {
    facts.see(.waking)
    guard TaskTable.isValid(record.task.pid), isValid(record.targetCPU, event) else { return }
    follow(
      waking: named(record.task, event), target: record.targetCPU, by: current, pid: event.pid, event.context,
      cpu: event.cpu, at: event.timestamp)
  }

  /// A waking of a task that is known as the event names it.
  /// - Parameter pid: the record's own.
  @inline(__always)
  mutating func follow(
    waking task: TaskIndex, target: CPU, by current: TaskIndex, pid: Pid, _ context: EventContext, cpu: CPU,
    at time: Timestamp
  ) {
    // Who sleeps for a mutex is woken by its release, or by a signal: a wakeup from interrupt context is unlikely unless the
    // record says so.
    if context.mayBeTask, let wait = waits.waiting(task), current != task, pid != 0,
      case let lock = locks.index(of: wait.lock), deferred.owners.isSign(lock, by: current)
    {
      let position = deferStep(.released(lock, by: current, .inferred(.wokeTheWaiter)), at: time, cpu: cpu)
      deferred.owners.woke(lock, task, by: current, at: position, time: time, in: &deferred.journal)
    }
    emit(.waking(task, target: target), at: time, cpu: cpu)
  }

  mutating func wakeup(_ record: WakeRecord, _ event: SchedEvent, _ role: EventRole) {
    facts.see(role)
    guard TaskTable.isValid(record.task.pid), isValid(record.targetCPU, event) else { return }
    expectRecords(of: record.targetCPU, at: event.timestamp)
    let task = named(record.task, event)
    emit(.wakeup(task, target: record.targetCPU, isNew: role == .wakeupNew), at: event.timestamp, cpu: event.cpu)
  }
}

// MARK: - Checks

extension ProxyMachine {
  /// Whether a CPU number in an event's fields is one that a kernel can have.
  mutating func isValid(_ cpu: CPU, _ event: SchedEvent) -> Bool {
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

  mutating func name(_ task: TaskIndex, _ snapshot: TaskSnapshot, _ event: SchedEvent) {
    if tasks.isNamed(task, snapshot) { return }
    tasks.name(task, snapshot.comm, snapshot.priority)
    describe(task, at: event.timestamp, cpu: event.cpu)
  }

  /// Passes on what is known of a task.
  mutating func describe(_ task: TaskIndex, at time: Timestamp, cpu: CPU) {
    let row = tasks[task]
    emit(.described(task, pid: row.id.pid, row.comm, row.priority), at: time, cpu: cpu)
  }
}

extension EventBody {
  /// Whether the record cannot come from the middle of `__schedule()`, between the scheduler's choice and the switch or
  /// beside the switch: then no switch is under way on its CPU.
  fileprivate var showsThatCurrGoesOn: Bool {
    switch self {
    // Runqueue locks are contended there, a donor that is moved home migrates, and sched_ext callbacks are called. Of
    // other events nothing is known.
    case .switched, .probedSwitch, .probedSetNext, .probedExit, .migrated, .mark, .donorNamed, .ownerNamed, .queued,
      .unqueued, .schedExt,
      .other, .lost:
      false
    case .contentionBegan(_, let flags): WaitKind(flags) != nil
    case .contentionEnded: false
    default: true
    }
  }
}
