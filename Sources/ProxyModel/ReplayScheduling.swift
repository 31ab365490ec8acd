import TraceCore

// Who runs and who is runnable, entry by entry.

extension Replay {
  subscript(task: TaskIndex) -> TaskNow {
    @inline(__always) _read { yield tasks[Int(task.rawValue)] }
    @inline(__always) _modify { yield &tasks[Int(task.rawValue)] }
  }

  subscript(lock: LockIndex) -> LockNow {
    @inline(__always) _read { yield locks[Int(lock.rawValue)] }
    @inline(__always) _modify { yield &locks[Int(lock.rawValue)] }
  }

  func label(_ task: TaskIndex) -> TaskLabel {
    let now = self[task]
    return TaskLabel(index: task, pid: now.pid, comm: now.comm, priority: now.priority)
  }

  /// The number of the task's label as it is now.
  @inline(__always)
  mutating func labelled(_ task: TaskIndex) -> LabelID {
    if self[task].label == .none { self[task].label = rows.labels.id(label(task)) }
    return self[task].label
  }

  mutating func described(_ task: TaskIndex, _ pid: Pid, _ comm: Comm, _ priority: Priority?) {
    while tasks.count <= Int(task.rawValue) { tasks.append(TaskNow()) }
    self[task].pid = pid
    self[task].comm = comm
    self[task].priority = priority
    self[task].label = .none
    touched.insert(task)
    if case .running(let cpu) = self[task].place { touched.insert(lane: Int(cpu)) }
  }

  mutating func setCurrent(_ lane: Int, _ task: TaskIndex) {
    bookLane(lane)
    // It has been current since the trace's beginning, if no record of the CPU is missing: no switch was written.
    if !lanes[lane].isInGap { lanes[lane].since = begin ?? now }
    if lanes[lane].isInGap { endGap(on: lane) }
    touched.insert(lane: lane)
    lanes[lane].curr = task
    // Whose account it runs on no event tells: a donor is inferred where it is switched in, and that is not in the trace.
    lanes[lane].donor = proxies && self[task].pid != 0 ? .unknown : .own
    place(task, .running(CPU(lane)), CPU(lane))
  }

  mutating func switched(
    _ lane: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex, _ sequel: Sequel
  ) {
    let cpu = CPU(lane)
    bookLane(lane)
    touched.insert(lane: lane)
    if self[from].pid != 0 { leave(from, state, cpu) }
    if !proxies, !state.isRunnable { parkWaitersOfSleepers() }
    noteIdling(lane, from: from, to: to)
    lanes[lane].curr = to
    place(to, .running(cpu), cpu)
    noteSwitchIn(to)
    lanes[lane].donor = donor(lane, left: from, state, next: to, sequel)
    if case .task = lanes[lane].donor { lanes[lane].proxiedSwitches += 1 }
    noteDonation(lane)
  }

  /// On whose account the task runs that has just been switched in.
  private mutating func donor(
    _ lane: Int, left: TaskIndex, _ state: TaskState, next: TaskIndex, _ sequel: Sequel
  ) -> DonorNow {
    let named = namedDonor(lane, left: left, state, next: next)
    if case .donor(let donor, let depth) = sequel {
      hasProbes = true
      if donor == nil { noteSelf(next, on: CPU(lane)) }
      return proxies ? donor.map { .task($0, depth: Int(depth), .probe) } ?? .own : .own
    }
    if let named { return proxies ? named : .own }
    if !proxies || hasProbes && self[next].pid == 0 { return .own }
    return inferDonor(lane, left: left, wasRunnable: state.isRunnable, next: next)
  }

  private mutating func leave(_ task: TaskIndex, _ state: TaskState, _ cpu: CPU) {
    if state.isRunnable {
      place(task, .queued(cpu), cpu)
    } else if self[task].wait >= 0, waits[self[task].wait].isMutex {
      place(task, .blocked(cpu), cpu)
      if waits[self[task].wait].blockedSince == nil { waits[self[task].wait].blockedSince = now }
      noteRemoteOwner(self[task].wait, home: cpu)
    } else {
      place(task, .asleep, cpu)
      // A waiter for a semaphore that has to sleep again.
      if self[task].wait >= 0 { waits[self[task].wait].forgetSteps() }
    }
  }

  mutating func waking(_ lane: Int, _ task: TaskIndex, target: CPU) {
    noteHiddenHandover(to: task, by: lane)
    noteWaking(task, target: target)
    self[task].isParked = false
    switch self[task].place {
    case .blocked, .asleep: place(task, .waking, target)
    // A task that has not left its CPU yet; or nothing is known of it, not even whether it had.
    case .running, .queued, .waking, .unknown: break
    }
  }

  mutating func wakeup(_ task: TaskIndex, target: CPU) {
    if case .running = self[task].place { return }
    place(task, .queued(target), target)
    if target >= 0, Int(target) < lanes.count, !lanes[Int(target)].idledBesides.isEmpty {
      lanes[Int(target)].idledBesides.removeAll { $0 == task }
      if lanes[Int(target)].idledBesides.isEmpty { idledLanes -= 1 }
    }
    let wait = self[task].wait
    if wait >= 0, waits[wait].wakeupAt == nil { waits[wait].wakeupAt = now }
  }

  mutating func migrated(_ task: TaskIndex, to cpu: CPU) {
    noteMigration(task, to: cpu)
    if proxies { dropReturningDonor(task, to: cpu) }
    switch self[task].place {
    case .queued: place(task, .queued(cpu), cpu)
    case .blocked: place(task, .blocked(cpu), cpu)
    case .running, .waking, .asleep, .unknown: self[task].cpu = cpu
    }
  }

  /// The task is gone for good.
  mutating func bury(_ task: TaskIndex) {
    self[task].place = .asleep
    touched.insert(task)
  }

  mutating func become(_ old: TaskIndex, _ new: TaskIndex) {
    touched = .everything
    self[new].place = self[old].place
    self[new].cpu = self[old].cpu
    self[old].place = .asleep
    for lane in lanes.indices where lanes[lane].curr == old {
      bookLane(lane)
      lanes[lane].curr = new
    }
  }

  mutating func place(_ task: TaskIndex, _ place: TaskNow.Place, _ cpu: CPU) {
    if case .queued(let old) = self[task].place { leaveQueue(task, Int(old)) }
    if case .queued(let new) = place, ProxyMachine.isPossible(new) { joinQueue(task, Int(new)) }
    self[task].place = place
    touched.insert(task)
    self[task].cpu = cpu
  }

  private mutating func joinQueue(_ task: TaskIndex, _ lane: Int) {
    while lanes.count <= lane { lanes.append(LaneNow()) }
    let first = lanes[lane].firstQueued
    self[task].previousQueued = -1
    self[task].nextQueued = first
    if first >= 0 { tasks[Int(first)].previousQueued = Int32(bitPattern: task.rawValue) }
    lanes[lane].firstQueued = Int32(bitPattern: task.rawValue)
  }

  private mutating func leaveQueue(_ task: TaskIndex, _ lane: Int) {
    let (previous, next) = (self[task].previousQueued, self[task].nextQueued)
    if previous >= 0 { tasks[Int(previous)].nextQueued = next } else { lanes[lane].firstQueued = next }
    if next >= 0 { tasks[Int(next)].previousQueued = previous }
    (self[task].previousQueued, self[task].nextQueued) = (-1, -1)
  }

  /// The tasks that are queued on a CPU, in no order.
  func queued(on lane: Int) -> [TaskIndex] {
    var all: [TaskIndex] = []
    var next = lanes[lane].firstQueued
    while next >= 0 {
      all.append(TaskIndex(rawValue: UInt32(next)))
      next = tasks[Int(next)].nextQueued
    }
    return all
  }
}
