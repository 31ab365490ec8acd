import TraceCore

// The quickest way of an event: in a lull, where everything that it names is known and as it was.

extension ProxyMachine {
  /// Follows an event that a lull can follow without a look at anything else. What it does is what the long way would do.
  /// - Returns: whether it has; `false` before anything is changed.
  @inline(__always)
  mutating func followsLull(_ event: SchedEvent) -> Bool {
    guard event.timestamp < Self.timeLimit, event.cpu >= 0, Int(event.cpu) < lanes.count else { return false }
    switch event.body {
    case .switched(let record): return followsSwitch(record, event, Int(event.cpu))
    case .waking(let record):
      guard let task = follows(record, event, Int(event.cpu)) else { return false }
      note(.waking, event)
      lull.waking(task, target: record.targetCPU, at: event.timestamp)
      return true
    case .wakeup(let record):
      guard let task = follows(record, event, Int(event.cpu)) else { return false }
      note(.wakeup, event)
      lull.wakeup(task, target: record.targetCPU, at: event.timestamp)
      return true
    default: return false
    }
  }

  @inline(__always)
  private mutating func followsSwitch(_ record: SwitchRecord, _ event: SchedEvent, _ lane: Int) -> Bool {
    guard lull.knows(lane: lane), let previous = current(record.previous.pid, on: lane), lull.knows(previous),
      tasks.isNamed(previous, record.previous),
      let next = tasks.unchanged(record.next), lull.knows(next), !record.previousState.isDead
    else { return false }
    lanes[lane].goesOn(record.previous.pid, at: event.timestamp)
    tasks[previous].run &+= lanes[lane].switchTo(next, pid: record.next.pid, at: event.timestamp)
    tasks[next].switches &+= 1
    note(.switched, event)
    lull.switched(
      lane, previous, isIdle: record.previous.pid == 0, record.previousState, next, at: event.timestamp)
    return true
  }

  /// The task that is woken.
  @inline(__always)
  private mutating func follows(_ record: WakeRecord, _ event: SchedEvent, _ lane: Int) -> TaskIndex? {
    guard current(event.pid, on: lane) != nil, let task = tasks.unchanged(record.task), lull.knows(task),
      Self.isPossible(record.targetCPU)
    else { return nil }
    lanes[lane].goesOn(event.pid, at: event.timestamp)
    return task
  }

  @inline(__always)
  private mutating func note(_ role: EventRole, _ event: SchedEvent) {
    see(role)
    end = max(end, event.timestamp)
    eventCount += 1
  }
}
