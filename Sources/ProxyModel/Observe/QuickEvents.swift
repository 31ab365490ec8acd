import TraceCore

// The way of switches, wakeups and lock events in which nothing is new: the packed event is enough, and most of what the long way looks
// at has been looked at.

/// Which tasks a batch's numbers name, looked up once as long as no task changes.
struct KnownTasks: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Known: BitwiseCopyable {
    var task = TaskIndex(rawValue: 0)
    var epoch: UInt64 = 0
  }

  /// By the batch's numbers.
  fileprivate var tasks = FlatArray<Known>()
  /// What was looked up in an earlier epoch counts no more. They count from 1.
  fileprivate var epoch: UInt64 = 1
  fileprivate var changes: UInt64 = 0

  /// A batch, whose numbers are others than those of the batch before.
  mutating func begin(_ batch: EventBatch) {
    epoch &+= 1
    while tasks.count < batch.tasks.count { tasks.append(Known()) }
  }
}

extension ProxyMachine {
  /// Takes a switch, a wakeup or a lock event of tasks that are known as the event names them. What it does is what the long way would do.
  /// - Returns: `false` for any other event: nothing has changed then.
  @inline(__always)
  mutating func applyQuickly(_ event: PackedEvent, _ batch: EventBatch) -> Bool {
    let cpu = Int(event.cpu)
    // An event that is earlier than the one before it goes the long way.
    guard event.timestamp < Self.timeLimit, event.timestamp >= facts.end, facts.begin != nil, cpu >= 0,
      cpu < cpus.count, cpus[cpu].isOpen, !deferred.owners.isInGap
    else { return false }
    switch event.kind {
    case .switched: guard switchQuickly(event, cpu, batch) else { return false }
    case .waking, .wakeup: guard wakeQuickly(event, cpu, batch) else { return false }
    case .contentionBegan, .contentionEnded, .contendedRelease:
      guard let current = current(event.pid, on: cpu) else { return false }
      takeLockEvent(event, cpu, current)
    case .boxed, .other: return false
    }
    goOn()
    return true
  }

  @inline(__always)
  private mutating func count(_ event: PackedEvent) {
    facts.extend(to: event.timestamp)
    facts.count(events: 1)
  }

  @inline(__always)
  private mutating func switchQuickly(_ event: PackedEvent, _ cpu: Int, _ batch: EventBatch) -> Bool {
    let (first, second) = event.tasks
    guard let previous = known(first, batch), let next = known(second, batch), cpus[cpu].runs(previous),
      !tasks.isReplaced(previous), !event.state.isDead
    else { return false }
    count(event)
    cpus[cpu].goesOn(batch.tasks[first].pid, at: event.timestamp)
    facts.see(.switched)
    follow(from: previous, event.state, to: next, pid: batch.tasks[second].pid, cpu, at: event.timestamp)
    return true
  }

  @inline(__always)
  private mutating func wakeQuickly(_ event: PackedEvent, _ cpu: Int, _ batch: EventBatch) -> Bool {
    guard let task = known(event.tasks.first, batch), Self.isPossible(event.target),
      let current = current(event.pid, on: cpu)
    else { return false }
    count(event)
    cpus[cpu].goesOn(event.pid, at: event.timestamp)
    deferred.followUps.goesOn(cpu, in: &deferred.journal)
    if event.kind == .waking {
      facts.see(.waking)
      follow(
        waking: task, target: event.target, by: current, pid: event.pid, event.context, cpu: event.cpu,
        at: event.timestamp)
    } else {
      facts.see(.wakeup)
      expectRecords(of: event.target, at: event.timestamp)
      emit(.wakeup(task, target: event.target, isNew: false), at: event.timestamp, cpu: event.cpu)
    }
    return true
  }

  @inline(__always)
  private mutating func takeLockEvent(_ event: PackedEvent, _ cpu: Int, _ current: TaskIndex) {
    count(event)
    cpus[cpu].goesOn(event.pid, at: event.timestamp)
    let lock = LockAddress(event.payload)
    switch event.kind {
    case .contentionBegan:
      let flags = ContentionFlags(rawValue: event.detail)
      if WaitKind(flags) != nil { deferred.followUps.goesOn(cpu, in: &deferred.journal) }
      let isPinned = event.context.contains(.migrationDisabled)
      contended(lock, flags, cpu, current, isPinned: isPinned, at: event.timestamp)
    case .contentionEnded:
      acquired(lock, Int32(bitPattern: event.detail), cpu, current, at: event.timestamp)
    default:
      deferred.followUps.goesOn(cpu, in: &deferred.journal)
      released(lock, cpu, current, at: event.timestamp)
    }
  }

  /// The task of a number, if there is nothing new about it.
  @inline(__always)
  private mutating func known(_ number: Int, _ batch: EventBatch) -> TaskIndex? {
    if knownTasks.changes != tasks.changes {
      knownTasks.changes = tasks.changes
      knownTasks.epoch &+= 1
    }
    let known = knownTasks.tasks[number]
    return known.epoch == knownTasks.epoch ? known.task : lookUp(number, batch)
  }

  @inline(never)
  private mutating func lookUp(_ number: Int, _ batch: EventBatch) -> TaskIndex? {
    guard let task = tasks.unchanged(batch.tasks[number]) else { return nil }
    knownTasks.tasks[number] = KnownTasks.Known(task: task, epoch: knownTasks.epoch)
    return task
  }
}
