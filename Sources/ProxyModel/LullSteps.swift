import TraceCore

// The quickest way of events: in a lull, where everything that they name is known and as it was.

/// What a batch names, looked up in a lull once as long as it holds: that a task has the name, the priority and the pid that
/// the batch says, that curr is still its pid's task, and that the lull keeps them.
struct LullLookups: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Task: BitwiseCopyable {
    var task = TaskIndex(rawValue: 0)
    var epoch: UInt64 = 0
  }

  /// By the batch's numbers.
  var tasks = FlatArray<Task>()
  /// By CPU: the epoch in which its curr was looked up.
  var lanes = FlatArray<UInt64>()
  /// What was looked up in an earlier epoch counts no more. They count from 1.
  private(set) var epoch: UInt64 = 0
  private var lull: UInt32 = 0
  private var changes: UInt64 = 0

  /// A batch, whose numbers are others than those of the batch before.
  mutating func begin(_ batch: EventBatch) {
    epoch &+= 1
    while tasks.count < batch.tasks.count { tasks.append(Task()) }
  }

  /// Begins an epoch if there is another lull, or some task has changed.
  @inline(__always)
  mutating func begin(lull: UInt32, changes: UInt64, laneCount: Int) {
    if lull != self.lull || changes != self.changes {
      epoch &+= 1
      (self.lull, self.changes) = (lull, changes)
    }
    while lanes.count < laneCount { lanes.append(0) }
  }
}

extension ProxyMachine {
  /// Follows events of a batch as long as the lull can without a look at anything else. What it does is what the long way
  /// would do.
  /// - Returns: the place of the first event that it has not followed, or the range's end.
  @inline(never)
  mutating func followLull(_ batch: EventBatch, _ range: Range<Int>) -> Int {
    guard lull.isOn else { return range.lowerBound }
    lookups.begin(lull: lull.number, changes: tasks.changes, laneCount: lanes.count)
    var follower = LullFollower(
      batch: batch, epoch: lookups.epoch, laneCount: CPU(lanes.count), named: lookups.tasks.base,
      laneEpochs: lookups.lanes.base, lanes: lanes.base, rows: tasks.rowBase, spots: lull.spots.base,
      lullLanes: lull.lanes.base)
    var place = range.lowerBound
    repeat {
      place = follower.follow(place..<range.upperBound)
    } while place < range.upperBound && lookUp(batch.events[place], batch)
    guard place > range.lowerBound else { return place }
    eventCount += UInt64(place - range.lowerBound)
    end = max(end, follower.latest)
    lull.lastStep = batch.events[place - 1].timestamp
    seeFollowed(follower.kinds)
    return place
  }

  private mutating func seeFollowed(_ kinds: UInt8) {
    if kinds & 1 << PackedEvent.Kind.switched.rawValue != 0 { see(.switched) }
    if kinds & 1 << PackedEvent.Kind.waking.rawValue != 0 { see(.waking) }
    if kinds & 1 << PackedEvent.Kind.wakeup.rawValue != 0 { see(.wakeup) }
  }

  /// Looks up what an event names that was not looked up in this epoch.
  /// - Returns: whether something was, and all has what a lull can follow.
  @inline(never)
  private mutating func lookUp(_ event: PackedEvent, _ batch: EventBatch) -> Bool {
    let (isSwitch, lane) = (event.kind == .switched, Int(event.cpu))
    guard isSwitch || event.kind == .waking || event.kind == .wakeup, event.cpu >= 0, lane < lanes.count else {
      return false
    }
    let numbers = event.tasks
    let hasNewLane = lookups.lanes[lane] != lookups.epoch
    if hasNewLane {
      guard lull.knows(lane: lane), case .task(let task, _) = lanes[lane].current, !tasks.isReplaced(task) else {
        return false
      }
      lookups.lanes[lane] = lookups.epoch
    }
    guard let hasNew = lookUp(numbers.first, batch) else { return false }
    guard isSwitch else { return hasNewLane || hasNew }
    guard let hasNewNext = lookUp(numbers.second, batch) else { return false }
    return hasNewLane || hasNew || hasNewNext
  }

  /// - Returns: whether the task was looked up; `nil` where something is new about it.
  private mutating func lookUp(_ number: Int, _ batch: EventBatch) -> Bool? {
    if lookups.tasks[number].epoch == lookups.epoch { return false }
    guard let task = tasks.unchanged(batch.tasks[number]), lull.knows(task) else { return nil }
    lookups.tasks[number] = LullLookups.Task(task: task, epoch: lookups.epoch)
    return true
  }
}

/// The loop, with all that it needs within reach.
///
/// The pointers are those of arrays that do not grow as long as this lives. Indices are not checked again: what was looked up
/// in the epoch was within its array then, and CPUs are compared with ``laneCount``; the batch's numbers are its own.
private struct LullFollower {
  let batch: EventBatch
  let epoch: UInt64
  let laneCount: CPU
  let named: UnsafeMutablePointer<LullLookups.Task>
  let laneEpochs: UnsafeMutablePointer<UInt64>
  let lanes: UnsafeMutablePointer<CPULane>
  let rows: UnsafeMutablePointer<TaskRow>
  let spots: UnsafeMutablePointer<Lull.Spot>
  let lullLanes: UnsafeMutablePointer<Lull.Lane>
  /// The latest time of all.
  private(set) var latest = Timestamp(0)
  /// A bit for each kind that there was.
  private(set) var kinds: UInt8 = 0

  /// - Returns: the place of the first event that it has not followed; nothing was changed by that.
  @inline(__always)
  mutating func follow(_ range: Range<Int>) -> Int {
    for place in range {
      let event = batch.events[place]
      guard event.timestamp < ProxyMachine.timeLimit, event.cpu >= 0, event.cpu < laneCount,
        laneEpochs[Int(event.cpu)] == epoch
      else { return place }
      let kind = event.kind
      switch kind {
      case .switched: guard followSwitch(event, Int(event.cpu)) else { return place }
      case .waking, .wakeup:
        let task = named[event.tasks.first]
        guard task.epoch == epoch, lanes[Int(event.cpu)].runs(event.pid), ProxyMachine.isPossible(event.target) else {
          return place
        }
        lanes[Int(event.cpu)].goesOn(event.pid, at: event.timestamp)
        if kind == .waking {
          spots[Int(task.task.rawValue)].waking(target: event.target)
        } else {
          spots[Int(task.task.rawValue)].wakeup(target: event.target)
        }
      default: return place
      }
      kinds |= 1 << kind.rawValue
      latest = max(latest, event.timestamp)
    }
    return range.upperBound
  }

  @inline(__always)
  private func followSwitch(_ event: PackedEvent, _ lane: Int) -> Bool {
    let (first, second) = event.tasks
    let (previous, next) = (named[first], named[second])
    guard previous.epoch == epoch, next.epoch == epoch, lanes[lane].runs(previous.task), !event.state.isDead else {
      return false
    }
    let pids = (previous: batch.tasks[first].pid, next: batch.tasks[second].pid)
    lanes[lane].goesOn(pids.previous, at: event.timestamp)
    let ran = lanes[lane].switchTo(next.task, pid: pids.next, at: event.timestamp)
    rows[Int(previous.task.rawValue)].run &+= ran
    rows[Int(next.task.rawValue)].switches &+= 1
    if pids.previous != 0 { spots[Int(previous.task.rawValue)].leave(event.cpu, event.state) }
    spots[Int(next.task.rawValue)].enter(event.cpu)
    lullLanes[lane].current = next.task
    return true
  }
}
