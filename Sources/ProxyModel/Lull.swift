import TraceCore

/// Where tasks are while nobody waits for a lock.
///
/// Without a wait there is no chain, no class, no donor: all that the replays will need, when the next wait begins, is who is
/// where. So they are left alone as long as the lull lasts, and are told at its end. Most of most captures is one lull.
struct Lull: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Spot {
    var place = TaskNow.Place.unknown
    var cpu: CPU = -1
    /// Its blocked state is over, and with it that it was taken off the runqueue.
    var wasWoken = false
    /// The lull in which this was put down; an older one's counts for nothing.
    var lull: UInt32 = 0
  }

  struct Lane {
    var current = TaskIndex(rawValue: 0)
    var lull: UInt32 = 0
  }

  private(set) var isOn = false
  /// Which lull it is; lulls count from 1.
  private(set) var number: UInt32 = 0
  var spots = FlatArray<Spot>()
  var lanes = FlatArray<Lane>()
  /// Tasks and CPUs that are known in this lull, in no order.
  private(set) var knownTasks: [TaskIndex] = []
  private(set) var knownLanes: [Int] = []
  /// The last step that was kept here.
  var lastStep = Timestamp(0)

  mutating func begin() {
    isOn = true
    number &+= 1
    // Once in four billion lulls.
    if number == 0 {
      spots = FlatArray()
      lanes = FlatArray()
      number = 1
    }
    knownTasks.removeAll(keepingCapacity: true)
    knownLanes.removeAll(keepingCapacity: true)
  }

  mutating func end() { isOn = false }

  @inline(__always)
  func knows(_ task: TaskIndex) -> Bool {
    Int(task.rawValue) < spots.count && spots[Int(task.rawValue)].lull == number
  }

  @inline(__always)
  func knows(lane: Int) -> Bool { lane < lanes.count && lanes[lane].lull == number }

  /// From here on the lull keeps where a task is.
  mutating func take(_ task: TaskIndex, _ place: TaskNow.Place, _ cpu: CPU) {
    while spots.count <= Int(task.rawValue) { spots.append(Spot()) }
    spots[Int(task.rawValue)] = Spot(place: place, cpu: cpu, lull: number)
    knownTasks.append(task)
  }

  /// From here on the lull keeps a CPU's curr.
  mutating func take(lane: Int, current: TaskIndex) {
    while lanes.count <= lane { lanes.append(Lane()) }
    lanes[lane] = Lane(current: current, lull: number)
    knownLanes.append(lane)
  }

  func place(of task: TaskIndex) -> (place: TaskNow.Place, cpu: CPU, wasWoken: Bool) {
    let spot = spots[Int(task.rawValue)]
    return (spot.place, spot.cpu, spot.wasWoken)
  }

  func current(_ lane: Int) -> TaskIndex { lanes[lane].current }
}

// MARK: - Steps

// Each does to a task that waits for nothing what the replay's step of the same name does.
extension Lull.Spot {
  @inline(__always)
  mutating func leave(_ cpu: CPU, _ state: TaskState) { put(state.isRunnable ? .queued(cpu) : .asleep, cpu) }

  @inline(__always)
  mutating func enter(_ cpu: CPU) { put(.running(cpu), cpu) }

  @inline(__always)
  mutating func waking(target: CPU) {
    wasWoken = true
    switch place {
    case .blocked, .asleep: put(.waking, target)
    case .running, .queued, .waking, .unknown: break
    }
  }

  @inline(__always)
  mutating func wakeup(target: CPU) {
    if case .running = place { return }
    put(.queued(target), target)
  }

  mutating func migrate(to cpu: CPU) {
    switch place {
    case .queued: put(.queued(cpu), cpu)
    case .blocked: put(.blocked(cpu), cpu)
    case .running, .waking, .asleep, .unknown: self.cpu = cpu
    }
  }

  @inline(__always)
  private mutating func put(_ place: TaskNow.Place, _ cpu: CPU) {
    self.place = place
    self.cpu = cpu
  }
}

// The tasks are known.
extension Lull {
  mutating func switched(
    _ lane: Int, _ from: TaskIndex, isIdle: Bool, _ state: TaskState, _ to: TaskIndex, at time: Timestamp
  ) {
    let cpu = CPU(truncatingIfNeeded: lane)
    if !isIdle { spots[Int(from.rawValue)].leave(cpu, state) }
    spots[Int(to.rawValue)].enter(cpu)
    lanes[lane].current = to
    lastStep = time
  }

  mutating func waking(_ task: TaskIndex, target: CPU, at time: Timestamp) {
    spots[Int(task.rawValue)].waking(target: target)
    lastStep = time
  }

  mutating func wakeup(_ task: TaskIndex, target: CPU, at time: Timestamp) {
    spots[Int(task.rawValue)].wakeup(target: target)
    lastStep = time
  }

  mutating func migrated(_ task: TaskIndex, to cpu: CPU, at time: Timestamp) {
    spots[Int(task.rawValue)].migrate(to: cpu)
    lastStep = time
  }

  mutating func bury(_ task: TaskIndex, at time: Timestamp) {
    spots[Int(task.rawValue)].place = .asleep
    lastStep = time
  }
}

// MARK: - Beginning and end

extension ProxyMachine {
  /// How many lulls there were.
  package var lullCount: Int { Int(lull.number) }

  /// Begins a lull where nothing is open.
  @inline(__always)
  mutating func beginLullIfCalm() {
    if lull.isOn || waits.hasOpen || !options.usesLulls { return }
    beginLullIfReplaysAreCalm()
  }

  @inline(never)
  private mutating func beginLullIfReplaysAreCalm() {
    guard !ledger.isInGap, sequels.expectsNothing, fallingAsleep.isEmpty, areReplaysCalm() else { return }
    lull.begin()
  }

  /// Tells the replays what has happened in a lull.
  @inline(never)
  mutating func endLull() {
    lull.end()
    introduceNew()
    for lane in lull.knownLanes { setCurrentInReplays(lane, lull.current(lane)) }
    for task in lull.knownTasks {
      let (place, cpu, wasWoken) = lull.place(of: task)
      settleInReplays(task, place, cpu, wasWoken: wasWoken, at: lull.lastStep)
    }
  }

  /// Whether the lull can keep the task.
  @inline(__always)
  mutating func keeps(_ task: TaskIndex) -> Bool { lull.knows(task) || take(task) }

  /// Whether the lull can keep a CPU's switches.
  @inline(__always)
  mutating func keeps(lane: Int, current: TaskIndex) -> Bool { lull.knows(lane: lane) || take(lane, current) }

  @inline(never)
  private mutating func take(_ task: TaskIndex) -> Bool {
    introduceNew()
    guard let (place, cpu) = placeInReplays(task) else { return false }
    lull.take(task, place, cpu)
    return true
  }

  @inline(never)
  private mutating func take(_ lane: Int, _ current: TaskIndex) -> Bool {
    introduceNew()
    guard isOwnInReplays(lane, current) else { return false }
    lull.take(lane: lane, current: current)
    return true
  }
}

// MARK: - The replays' side

extension Replay {
  /// Nothing is open that a step of the scheduler could bear on.
  var isCalm: Bool {
    waits.isEmpty && marks.isEmpty && announced.isEmpty && lanesInGap == 0 && idledLanes == 0
  }

  /// Whether a CPU's curr is this task and runs on its own account.
  func isOwn(_ lane: Int, _ current: TaskIndex) -> Bool {
    lane < lanes.count && lanes[lane].curr == current && lanes[lane].donor == .own
  }

  func spot(of task: TaskIndex) -> (TaskNow.Place, CPU) { (self[task].place, self[task].cpu) }

  /// What a lull came to for a task.
  mutating func settle(_ task: TaskIndex, _ place: TaskNow.Place, _ cpu: CPU, wasWoken: Bool, at time: Timestamp) {
    now = max(now, time)
    if wasWoken { self[task].isParked = false }
    self.place(task, place, cpu)
  }
}

extension JournalAction {
  /// Whether it bears on nothing that a lull keeps.
  var isAside: Bool { if case .described = self { true } else { false } }
}
