import TraceCore

// sched_ext callbacks held against what really ran (kernel/sched/ext.c, `set_next_task_scx()` and `put_prev_task_scx()`).
//
// The scheduler sees the donor, and nothing of the owner that runs on its account: `running` and `stopping` come for the
// donor, from when the kernel has found an owner to run. So a blocked task may be running, if an owner runs for it; and an
// owner that nobody dispatched is neither running nor stopping.

extension Replay {
  /// - Parameters:
  ///   - isBlocking: The task has told that it goes to sleep for a mutex.
  ///   - cpu: The CPU of the record.
  mutating func marked(_ task: TaskIndex, _ mark: MarkRecord, isBlocking: Bool, on cpu: CPU) {
    signs.hasMarks = true
    let moment = marks.count(mark.kind, at: now)
    let lane = laneRunning(task)
    switch mark.kind {
    case .running: markRunning(task, moment, on: lane, isBlocking: isBlocking, writtenOn: cpu)
    case .stopping: markStopping(task, moment, on: lane, mark.isRunnable, writtenOn: cpu)
    case .enqueue:
      marks[task].counts.enqueue += 1
      if isBlocked(task) {
        marks[task].counts.blockedEnqueue += 1
      } else if lane != nil, isBlocking {
        marks[task].enqueuedLeaving += 1
      }
    }
  }

  private mutating func markRunning(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on lane: Int?, isBlocking: Bool, writtenOn cpu: CPU
  ) {
    marks[task].counts.running += 1
    if let lane, let donor = openDonor(of: task, on: lane) {
      marks.open(task, moment, writtenOn: cpu)
      marks[task].isProxy = true
      marks[donor].suspect = MarkBook.Suspect(owner: task, running: moment)
      return
    }
    noteUnclosed(task, by: task, moment)
    // If it is not known where it ran before, it may be going on there.
    let wasSeen = marks[task].wasSeenToRun
    marks.open(task, moment, writtenOn: cpu)
    if let lane {
      noteClash(on: lane, with: task)
      marks.locate(task, on: lane)
      marks[task].awaitsStart = isBlocking && wasSeen
    } else if let start = laneProxied(by: task) {
      noteClash(on: start, with: task)
      marks.donate(task, on: start)
    } else if isBlocked(task) {
      marks[task].awaitsStart = wasSeen
    }
  }

  private mutating func markStopping(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on lane: Int?, _ staysRunnable: Bool?, writtenOn cpu: CPU
  ) {
    marks[task].counts.stopping += 1
    let state = marks[task]
    // A proxy's `running` was reported, or will be.
    if state.isOpen, !state.isProxy {
      if let suspect = state.suspect { reportProxy(suspect.owner, .running, suspect.running, of: task) }
      if state.phase == .running, state.awaitsStart {
        if lane != nil {
          marks[task].isUnstarted = true
        } else if !mayHaveStarted(task) {
          reportNoStart(task, by: clash(.stopping, task, moment.time, state.writtenOn))
        }
      }
    } else if !state.isOpen {
      if let lane, let donor = openDonor(of: task, on: lane) {
        reportProxy(task, .stopping, moment, of: donor)
      } else if let since = owedRunning(task) {
        reportStopping(task, moment, on: lane, writtenOn: cpu, since: since)
      }
    }
    marks.close(task, moment, staysRunnable: staysRunnable)
  }

  /// A CPU has switched: which of the marks before it that confirms.
  /// - Returns: the donor on whose account `to` runs, where the marks tell.
  mutating func settleMarks(_ lane: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex) -> TaskIndex? {
    if marks.isEmpty { return nil }
    settleLeaving(from, isBlocked: isBlocked(from))
    // Who sleeps is nobody's donor: what runs later begins with a `running`.
    if !state.isRunnable, self[from].wait < 0 { marks[from].hasSlept = true }
    marks[to].switchedIn = marks.moment(now)
    (marks[lane].donor, marks[lane].retained) = (nil, nil)
    if let donor = startedDonor(lane, to) {
      if marks[to].phase == .running, !marks[to].isProxy {
        marks[donor].suspect = MarkBook.Suspect(owner: to, running: marks[to].running)
        marks[to].isProxy = true
      }
      if marks[donor].cpu != CPU(lane) { noteClash(on: lane, with: donor) }
      marks.donate(donor, on: lane)
      return donor
    }
    if marks[to].isOpen, !marks[to].isProxy {
      if marks[to].cpu != CPU(lane) { noteClash(on: lane, with: to) }
      marks.locate(to, on: lane)
    }
    return nil
  }

  /// What is undecided at the end.
  mutating func finishMarks() {
    for index in tasks.indices {
      let task = TaskIndex(rawValue: UInt32(index))
      guard let suspect = marks[task].suspect else { continue }
      reportProxy(suspect.owner, .running, suspect.running, of: task)
    }
  }
}

// MARK: - What runs

extension Replay {
  /// The CPU that a task is curr on.
  private func laneRunning(_ task: TaskIndex) -> Int? {
    guard case .running(let cpu) = self[task].place, lanes[Int(cpu)].curr == task else { return nil }
    return Int(cpu)
  }

  /// Whether a task waits for a mutex; not where a gap may hide that it does no more.
  private func isWaiter(_ task: TaskIndex) -> Bool {
    let wait = self[task].wait
    return wait >= 0 && waits[wait].isMutex && !waits[wait].isDoubted
  }

  /// Whether a task is off its CPU for a mutex, and nobody has begun to wake it.
  private func isBlocked(_ task: TaskIndex) -> Bool {
    if case .blocked = self[task].place { isWaiter(task) } else { false }
  }

  /// The CPU that a blocked task is on, as far as that has shown.
  private func home(of task: TaskIndex) -> Int? {
    if case .blocked(let cpu) = self[task].place, cpu >= 0, Int(cpu) < lanes.count { Int(cpu) } else { nil }
  }

  /// The task on whose account an owner runs on a CPU, and whose run is open there.
  private func openDonor(of owner: TaskIndex, on lane: Int) -> TaskIndex? {
    if let donor = marks[lane].donor, donor != owner, marks[donor].isOpen { return donor }
    if case .task(let donor, _, .probe) = lanes[lane].donor, donor != owner, marks[donor].isOpen { return donor }
    return nil
  }

  /// The CPU whose curr runs on another task's account since that one's `running`: it was the donor there just now, or is
  /// blocked and its chain ends in curr, where its `running` was written.
  private mutating func laneProxied(by task: TaskIndex) -> Int? {
    if let lane = lanes.indices.first(where: { marks[$0].retained == task || marks[$0].donor == task }) {
      return lane
    }
    guard isBlocked(task) else { return nil }
    let lane = Int(marks[task].writtenOn)
    guard lane >= 0, lane < lanes.count, let curr = lanes[lane].curr else { return nil }
    switch walk(from: self[task].wait) {
    case (.task(curr), _): return lane
    // Not known whom it waits for: it may be curr, if that one has no run of its own.
    case (.unknown, _) where self[curr].pid != 0 && !marks[curr].isOpen: return lane
    default: return nil
    }
  }

  /// Whether a blocked task whose run is open may have had an owner run on its account, so far as is known.
  private mutating func mayHaveStarted(_ task: TaskIndex) -> Bool {
    guard isWaiter(task) else { return true }
    guard case (.task(let owner), let evidence) = walk(from: self[task].wait) else { return true }
    // What a gap hides of the owner may lead further.
    return evidence.rule != nil || self[owner].place == .unknown || laneProxied(by: task) != nil
  }

  /// Whose open run the switch to `next` carries on: a waiter's whose chain ends in `next`.
  private mutating func startedDonor(_ lane: Int, _ next: TaskIndex) -> TaskIndex? {
    var possible: TaskIndex?
    for task in candidates(lane) where task != next && marks[task].isOpen && !marks[task].isProxy && isWaiter(task) {
      let isBlocked = isBlocked(task)
      let isHere = marks[task].cpu == CPU(lane) || home(of: task) == lane
      let mustStart = isBlocked && isHere && marks[task].awaitsStart && marks[task].phase == .running
      let (terminal, evidence) = walk(from: self[task].wait)
      switch terminal {
      case .task(next):
        if isBlocked { signs.markedDonors += 1 }
        return task
      case .task(let owner)
      where mustStart && (self[next].pid == 0 || evidence.rule == nil && self[owner].place != .unknown):
        fallthrough
      case .unknown where mustStart && self[next].pid == 0:
        reportNoStart(task, by: clash(.switchedIn, next, now, CPU(lane)))
        marks[task].phase = .clashed
      case .unknown where isBlocked: possible = task
      // Whose lock it was before need not have kept it: another can have taken it without an event.
      case .task where isBlocked && evidence.rule != nil: possible = task
      case .cycle where isBlocked && evidence.rule != nil: possible = task
      case .task, .unknown, .released, .cycle: break
      }
    }
    return marks[next].isOpen || self[next].pid == 0 ? nil : possible
  }

  private func candidates(_ lane: Int) -> [TaskIndex] {
    (marks[lane].open.map { [$0] } ?? []) + marks.pending.filter { marks[$0].writtenOn == CPU(lane) }
  }

  /// What was left open until a task's switch-out showed whether it was blocked.
  private mutating func settleLeaving(_ task: TaskIndex, isBlocked: Bool) {
    let state = marks[task]
    if state.isUnstarted {
      if isBlocked { reportNoStart(task, by: clash(.stopping, task, state.stopping.time, state.writtenOn)) }
      marks[task].isUnstarted = false
    }
    if state.enqueuedLeaving > 0 {
      if isBlocked { marks[task].counts.blockedEnqueue += state.enqueuedLeaving }
      marks[task].enqueuedLeaving = 0
    }
    guard isBlocked, let stays = state.staysRunnable, let since = state.switchedIn, since <= state.stopping else {
      return
    }
    if stays {
      signs.keptWaiters += 1
    } else if case (.task(let owner), _) = walk(from: self[task].wait) {
      switch self[owner].place {
      case .running, .queued: signs.dequeuedWaiters += 1
      case .blocked, .waking, .asleep, .unknown: break
      }
    }
  }
}

// MARK: - Anomalies

extension Replay {
  private func clash(_ what: PairingRow.Clash.What, _ task: TaskIndex, _ time: Timestamp, _ cpu: CPU)
    -> PairingRow.Clash
  { PairingRow.Clash(what: what, task: label(task), time: time, cpu: cpu) }

  /// Where a task's open run is: where it ran, or else where its mark was written.
  private func cpu(of task: TaskIndex) -> CPU { marks[task].cpu >= 0 ? marks[task].cpu : marks[task].writtenOn }

  /// Since when a task that stops should have had a `running`; `nil` where none is owed.
  private func owedRunning(_ task: TaskIndex) -> MarkBook.Moment? {
    let state = marks[task]
    guard let first = marks.firstRunning,
      let since = state.phase == .stopped ? state.stopping : state.hasSlept ? state.switchedIn : nil, first < since
    else { return nil }
    return since
  }

  /// A `running` comes while a task's run is still open.
  private mutating func noteUnclosed(_ open: TaskIndex, by other: TaskIndex, _ moment: MarkBook.Moment) {
    let state = marks[open]
    guard state.phase == .running, let first = marks.firstStopping, first < state.running else { return }
    // The owner's `running` that looked like one too many was right, and this is the run that lacks its end.
    let (other, moment) = state.suspect.map { ($0.owner, $0.running) } ?? (other, moment)
    if let suspect = state.suspect { marks[suspect.owner].isProxy = false }
    marks[open].suspect = nil
    report(
      .runningWithoutStopping, .running, open, state.running, cpu(of: open),
      clash(.running, other, moment.time, other == open ? self[open].cpu : cpu(of: open)),
      since: min(state.running, moment))
  }

  /// A task starts on a CPU: another's run may still be open there, or have been until after this one's `running`.
  private mutating func noteClash(on lane: Int, with task: TaskIndex) {
    let running = marks[task].running
    if let open = marks[lane].open, open != task {
      noteUnclosed(open, by: task, running)
      if marks[open].phase == .running { marks[open].phase = .clashed }
    } else if let closed = marks[lane].closed, closed != task, marks[closed].phase == .stopped,
      running < marks[closed].stopping, marks[closed].running < running, let first = marks.firstStopping,
      first < marks[closed].running
    {
      report(
        .runningWithoutStopping, .running, closed, marks[closed].running, CPU(lane),
        clash(.running, task, running.time, CPU(lane)), since: marks[closed].running)
    }
    marks[lane].closed = nil
  }

  private mutating func reportStopping(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on lane: Int?, writtenOn cpu: CPU, since: MarkBook.Moment
  ) {
    let place = lane.map { CPU($0) } ?? (self[task].cpu >= 0 ? self[task].cpu : cpu)
    let isSecond = marks[task].phase == .stopped
    report(
      .stoppingWithoutRunning, .stopping, task, moment, place,
      clash(isSecond ? .stopping : .switchedIn, task, since.time, place), since: since)
  }

  /// A mark of an owner that runs on a donor's account.
  private mutating func reportProxy(
    _ owner: TaskIndex, _ callback: MarkRecord.Kind, _ moment: MarkBook.Moment, of donor: TaskIndex
  ) {
    let running = marks[donor].running
    let place = cpu(of: donor)
    report(
      .undispatchedOwner, callback, owner, moment, place, clash(.running, donor, running.time, place),
      since: min(running, moment), donor: donor, owner: owner)
  }

  /// A blocked task's `running` that nothing came of.
  private mutating func reportNoStart(_ donor: TaskIndex, by clash: PairingRow.Clash) {
    var owner: TaskIndex?
    if isWaiter(donor), case (.task(let terminal), _) = walk(from: self[donor].wait) { owner = terminal }
    report(
      .donorRunning, .running, donor, marks[donor].running, cpu(of: donor), clash, since: marks[donor].running,
      donor: donor, owner: owner)
  }

  private mutating func report(
    _ kind: PairingRow.Kind, _ callback: MarkRecord.Kind, _ task: TaskIndex, _ moment: MarkBook.Moment, _ cpu: CPU,
    _ clash: PairingRow.Clash?, since: MarkBook.Moment, donor: TaskIndex? = nil, owner: TaskIndex? = nil
  ) {
    marks.rows.append(
      PairingRow(
        kind: kind, callback: callback, task: label(task), time: moment.time, cpu: cpu, clash: clash,
        donor: donor.map { label($0) }, owner: owner.map { label($0) }, since: since.time))
  }
}
