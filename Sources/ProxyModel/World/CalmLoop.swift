import TraceCore

// The quickest way of events: in a calm period, where everything that they name is known and as it was.

/// What a batch names, looked up once as long as it holds: that a task has the name, the priority and the pid that the batch says,
/// and that a CPU's curr is still its pid's task and runs on its own account.
struct CalmLookups: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Task: BitwiseCopyable {
    var task = TaskIndex(rawValue: 0)
    var epoch: UInt64 = 0
  }

  /// By the batch's numbers.
  fileprivate var tasks = FlatArray<Task>()
  /// By CPU: the epoch in which its curr was looked up.
  fileprivate var cpus = FlatArray<UInt64>()
  /// What was looked up in an earlier epoch counts no more. They count from 1.
  fileprivate private(set) var epoch: UInt64 = 0
  private var period: UInt32 = 0
  private var changes: UInt64 = 0

  /// A batch, whose numbers are others than those of the batch before.
  mutating func begin(_ batch: EventBatch) {
    epoch &+= 1
    while tasks.count < batch.tasks.count { tasks.append(Task()) }
  }

  /// Begins an epoch if there is another calm period, or some task has changed.
  @inline(__always)
  fileprivate mutating func begin(period: UInt32, changes: UInt64, cpuCount: Int) {
    if period != self.period || changes != self.changes {
      epoch &+= 1
      (self.period, self.changes) = (period, changes)
    }
    while cpus.count < cpuCount { cpus.append(0) }
  }
}

extension ProxyMachine {
  /// Follows events of a batch as long as that needs no look at anything else. What it does is what the long way would do.
  /// - Returns: the place of the first event that it has not followed, or the range's end.
  @inline(never)
  mutating func followCalm(_ batch: EventBatch, _ range: Range<Int>) -> Int {
    guard calm.isOn else { return range.lowerBound }
    introduceNew()
    calm.lookups.begin(period: calm.count, changes: tasks.changes, cpuCount: cpus.count)
    var loop = CalmLoop(
      batch: batch, epoch: calm.lookups.epoch, cpuCount: CPU(cpus.count), named: calm.lookups.tasks.base,
      cpuEpochs: calm.lookups.cpus.base, cpus: cpus.base, rows: tasks.rowBase,
      placements: second.upToDate.pointee.placementBase, currs: second.upToDate.pointee.currBase,
      latest: facts.end)
    var place = range.lowerBound
    repeat {
      place = loop.follow(place..<range.upperBound)
    } while place < range.upperBound && lookUp(batch.events[place], batch)
    guard place > range.lowerBound else { return place }
    facts.count(events: place - range.lowerBound)
    facts.extend(to: loop.latest)
    second.upToDate.pointee.advance(to: loop.latest)
    see(loop.kinds)
    return place
  }

  /// - Parameter kinds: a bit for each kind of event that was followed.
  private mutating func see(_ kinds: UInt8) {
    if kinds & 1 << PackedEvent.Kind.switched.rawValue != 0 { facts.see(.switched) }
    if kinds & 1 << PackedEvent.Kind.waking.rawValue != 0 { facts.see(.waking) }
    if kinds & 1 << PackedEvent.Kind.wakeup.rawValue != 0 { facts.see(.wakeup) }
  }

  /// Looks up what an event names that was not looked up in this epoch.
  /// - Returns: whether something was, and the calm loop can follow all of it.
  @inline(never)
  private mutating func lookUp(_ event: PackedEvent, _ batch: EventBatch) -> Bool {
    let (isSwitch, cpu) = (event.kind == .switched, Int(event.cpu))
    guard isSwitch || event.kind == .waking || event.kind == .wakeup, event.cpu >= 0, cpu < cpus.count else {
      return false
    }
    let numbers = event.tasks
    let hasNewCPU = calm.lookups.cpus[cpu] != calm.lookups.epoch
    if hasNewCPU {
      guard case .task(let task, _) = cpus[cpu].current, !tasks.isReplaced(task),
        second.upToDate.pointee.runsOwn(task, on: cpu)
      else { return false }
      calm.lookups.cpus[cpu] = calm.lookups.epoch
    }
    guard let hasNew = lookUp(numbers.first, batch) else { return false }
    guard isSwitch else { return hasNewCPU || hasNew }
    guard let hasNewNext = lookUp(numbers.second, batch) else { return false }
    return hasNewCPU || hasNew || hasNewNext
  }

  /// - Returns: whether the task was looked up; `nil` where something is new about it.
  private mutating func lookUp(_ number: Int, _ batch: EventBatch) -> Bool? {
    if calm.lookups.tasks[number].epoch == calm.lookups.epoch { return false }
    guard let task = tasks.unchanged(batch.tasks[number]), second.upToDate.pointee.knows(task) else { return nil }
    second.upToDate.pointee.unlist(task)
    calm.lookups.tasks[number] = CalmLookups.Task(task: task, epoch: calm.lookups.epoch)
    return true
  }
}

/// The loop, with all that it needs within reach.
///
/// The pointers are those of arrays that do not grow as long as this lives. Indices are not checked again: what was looked up
/// in the epoch was within its array then, and CPUs are compared with ``cpuCount``; the batch's numbers are its own.
private struct CalmLoop {
  let batch: EventBatch
  let epoch: UInt64
  let cpuCount: CPU
  let named: UnsafeMutablePointer<CalmLookups.Task>
  let cpuEpochs: UnsafeMutablePointer<UInt64>
  let cpus: UnsafeMutablePointer<CPUState>
  let rows: UnsafeMutablePointer<TaskRow>
  let placements: UnsafeMutablePointer<Placement>
  let currs: UnsafeMutablePointer<Scheduling.CPUNow>
  /// The latest time so far, that of the last event that was followed.
  private(set) var latest: Timestamp
  /// A bit for each kind that there was.
  private(set) var kinds: UInt8 = 0

  /// - Returns: the place of the first event that it has not followed; nothing was changed by that.
  @inline(__always)
  mutating func follow(_ range: Range<Int>) -> Int {
    for place in range {
      let event = batch.events[place]
      // An event that is earlier than the one before it goes the long way.
      guard event.timestamp < ProxyMachine.timeLimit, event.timestamp >= latest, event.cpu >= 0, event.cpu < cpuCount,
        cpuEpochs[Int(event.cpu)] == epoch
      else { return place }
      let kind = event.kind
      switch kind {
      case .switched: guard followSwitch(event, Int(event.cpu)) else { return place }
      case .waking, .wakeup:
        let task = named[event.tasks.first]
        // A CPU without a record may lack them all.
        guard task.epoch == epoch, cpus[Int(event.cpu)].runs(event.pid), event.target >= 0, event.target < cpuCount,
          cpus[Int(event.target)].isOpen
        else { return place }
        cpus[Int(event.cpu)].goesOn(event.pid, at: event.timestamp)
        if kind == .waking {
          placements[Int(task.task.rawValue)].waking(target: event.target)
        } else {
          placements[Int(task.task.rawValue)].wakeup(target: event.target)
        }
      default: return place
      }
      kinds |= 1 << kind.rawValue
      latest = event.timestamp
    }
    return range.upperBound
  }

  @inline(__always)
  private func followSwitch(_ event: PackedEvent, _ cpu: Int) -> Bool {
    let (first, second) = event.tasks
    let (previous, next) = (named[first], named[second])
    guard previous.epoch == epoch, next.epoch == epoch, cpus[cpu].runs(previous.task), !event.state.isDead else {
      return false
    }
    let pids = (previous: batch.tasks[first].pid, next: batch.tasks[second].pid)
    cpus[cpu].goesOn(pids.previous, at: event.timestamp)
    let ran = cpus[cpu].switchTo(next.task, pid: pids.next, at: event.timestamp)
    rows[Int(previous.task.rawValue)].run &+= ran
    rows[Int(next.task.rawValue)].switches &+= 1
    if pids.previous != 0 {
      placements[Int(previous.task.rawValue)].leave(
        event.cpu, event.state, waitsForMutex: false, at: event.timestamp)
    }
    placements[Int(next.task.rawValue)].enter(event.cpu)
    currs[cpu].curr = next.task
    return true
  }
}
