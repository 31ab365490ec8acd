import TraceCore

/// sched_ext callbacks held against what really ran (kernel/sched/ext.c, `set_next_task_scx()` and `put_prev_task_scx()`).
///
/// The scheduler sees the donor, and nothing of the owner that runs on its account: `running` and `stopping` come for the
/// donor, from when the kernel has found an owner to run. So a blocked task may be running, if an owner runs for it; and an
/// owner that nobody dispatched is neither running nor stopping.
struct CallbackPairing: ~Copyable {
  var book = MarkBook()
  private(set) var signs = CallbackSigns()

  /// No mark has been seen: nothing of this is of interest.
  var isEmpty: Bool { book.isEmpty }

  /// - Parameters:
  ///   - isBlocking: The task has announced that it goes to sleep for a mutex.
  ///   - cpu: The CPU of the record.
  ///   - owner: Whom an enqueue mark names as the owner of the task's mutex.
  mutating func marked(
    _ task: TaskIndex, _ mark: MarkRecord, owner: TaskIndex?, isBlocking: Bool, on cpu: CPU,
    _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    let moment = book.count(mark.kind, at: world.now)
    let ranOn = world.scheduling.cpuRunning(task)
    switch mark.kind {
    case .running: markRunning(task, moment, on: ranOn, isBlocking: isBlocking, writtenOn: cpu, &hypothesis, &world)
    case .stopping: markStopping(task, moment, on: ranOn, mark.isRunnable, writtenOn: cpu, &hypothesis, &world)
    case .enqueue:
      markEnqueue(task, mark, owner: owner, isBlocking: isBlocking, on: cpu, &hypothesis, &world)
    }
  }

  private mutating func markRunning(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on cpu: Int?, isBlocking: Bool, writtenOn: CPU,
    _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    book[task].counts.running += 1
    let wait = world[task].wait
    if wait >= 0 { hypothesis.waits[wait].admission.picked = moment.time }
    if let cpu, let donor = openDonor(of: task, on: cpu, &hypothesis) {
      book.open(task, moment, writtenOn: writtenOn)
      book[task].isProxy = true
      book[donor].suspect = MarkBook.Suspect(owner: task, running: moment)
      return
    }
    noteUnclosed(task, by: task, moment, &world)
    // If it is not known where it ran before, it may be going on there.
    let wasSeen = book[task].wasSeenToRun
    book.open(task, moment, writtenOn: writtenOn)
    if let cpu {
      noteClash(on: cpu, with: task, &world)
      book.locate(task, on: cpu)
      book[task].awaitsStart = isBlocking && wasSeen
      // It is curr, and its scheduler has it running: it goes on by itself, though no switch says so.
      hypothesis.setDonor(cpu, .own, own: .inferred(.markedDonor), &world)
    } else if let start = cpuProxied(by: task, &hypothesis, &world) {
      noteClash(on: start, with: task, &world)
      book.donate(task, on: start)
      pickDonor(task, on: start, &hypothesis, &world)
      if case .task(task, _, _) = hypothesis.account(start).donor {
        // It may have been the donor before, and been put back and picked again.
        hypothesis.settleCalls(of: task, on: start, &world)
      }
    } else if isBlockedWaiter(task, &hypothesis, &world) {
      book[task].awaitsStart = wasSeen
    }
  }

  /// A blocked task's `running` comes while a CPU's curr goes on: the donor changes, which no event of the kernel says.
  private mutating func pickDonor(
    _ task: TaskIndex, on cpu: Int, _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    guard isBlockedWaiter(task, &hypothesis, &world), let curr = world.curr(on: cpu), world[curr].pid != 0,
      case (.task(curr), let known) = hypothesis.walk(from: world[task].wait, &world)
    else { return }
    signs.markedDonors += 1
    let depth = hypothesis.chain.locks.count
    hypothesis.setDonor(cpu, .task(task, depth: depth, known.combined(with: .event)), own: .event, &world)
  }

  private mutating func markStopping(
    _ task: TaskIndex, _ moment: MarkBook.Moment, on cpu: Int?, _ staysRunnable: Bool?, writtenOn: CPU,
    _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    book[task].counts.stopping += 1
    let state = book[task]
    if state.isOpen { book[task].admission.hasDonated = true }
    // A proxy's `running` was reported, or will be.
    if state.isOpen, !state.isProxy {
      if let suspect = state.suspect { reportProxy(suspect.owner, .running, suspect.running, of: task, &world) }
      if state.phase == .running, state.awaitsStart {
        if cpu != nil {
          book[task].isUnstarted = true
        } else if !mayHaveStarted(task, &hypothesis, &world) {
          let clash = PairingRow.Clash(
            what: .stopping, task: world.label(task), time: moment.time, cpu: state.writtenOn)
          reportNoStart(task, by: clash, &hypothesis, &world)
        }
      }
    } else if !state.isOpen {
      if let cpu, let donor = openDonor(of: task, on: cpu, &hypothesis) {
        reportProxy(task, .stopping, moment, of: donor, &world)
      } else if let since = owedRunning(task) {
        reportStopping(task, moment, on: cpu, writtenOn: writtenOn, since: since, &world)
      }
    }
    book.close(task, moment, staysRunnable: staysRunnable)
  }

  /// A CPU has switched: which of the marks before it that confirms.
  /// - Returns: the donor on whose account `to` runs, where the marks tell; `to` itself where its own run is open.
  mutating func switched(
    _ cpu: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex, _ hypothesis: inout Hypothesis,
    _ world: inout World
  ) -> TaskIndex? {
    if book.isEmpty { return nil }
    settleLeaving(from, &hypothesis, &world)
    // Who sleeps is nobody's donor: what runs later begins with a `running`.
    if !state.isRunnable, world[from].wait < 0 { book[from].hasSlept = true }
    book[to].switchedIn = book.moment(world.now)
    endAdmission(to)
    (book[cpu].donor, book[cpu].retained) = (nil, nil)
    if let donor = startedDonor(cpu, to, &hypothesis, &world) {
      if book[to].phase == .running, !book[to].isProxy {
        book[donor].suspect = MarkBook.Suspect(owner: to, running: book[to].running)
        book[to].isProxy = true
      }
      if book[donor].cpu != CPU(cpu) { noteClash(on: cpu, with: donor, &world) }
      book.donate(donor, on: cpu)
      return donor
    }
    if book[to].isOpen, !book[to].isProxy {
      if book[to].cpu != CPU(cpu) { noteClash(on: cpu, with: to, &world) }
      book.locate(to, on: cpu)
      return to
    }
    return nil
  }

  /// Records are missing: what was said so far says nothing of what follows.
  mutating func forget() { book.forget() }

  /// The task is gone.
  mutating func end(_ task: TaskIndex) { book.end(task) }

  /// A task goes on as another.
  mutating func become(_ old: TaskIndex, _ new: TaskIndex) { book.become(old, new) }

  /// Reports what is undecided at the end.
  mutating func finish(_ world: inout World) {
    for index in world.tasks.indices {
      let task = TaskIndex(rawValue: UInt32(index))
      guard let suspect = book[task].suspect else { continue }
      reportProxy(suspect.owner, .running, suspect.running, of: task, &world)
    }
  }
}

/// What the callbacks show of whether the kernel proxies.
struct CallbackSigns {
  /// An owner was switched in while the scheduler had a task running that was blocked on that owner's mutex.
  var markedDonors: UInt64 = 0
  /// Mutex waiters that left their CPU, by whether the scheduler's `stopping` said that they stay runnable.
  var keptWaiters: UInt64 = 0
  var dequeuedWaiters: UInt64 = 0
}

// MARK: - What runs

extension CallbackPairing {
  /// Whether a task waits for a mutex; not where a gap may hide that it does no more.
  func isWaiter(_ task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World) -> Bool {
    let wait = world[task].wait
    return wait >= 0 && world.waits[wait].isMutex && !hypothesis.waits[wait].isDoubted
  }

  /// Whether a task is off its CPU for a mutex, and nobody has begun to wake it.
  func isBlockedWaiter(_ task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World) -> Bool {
    world.scheduling.isBlocked(task) && isWaiter(task, &hypothesis, &world)
  }

  /// The task on whose account an owner runs on a CPU, and whose run is open there.
  private func openDonor(of owner: TaskIndex, on cpu: Int, _ hypothesis: inout Hypothesis) -> TaskIndex? {
    if let donor = book[cpu].donor, donor != owner, book[donor].isOpen { return donor }
    if case .task(let donor, _, .probe) = hypothesis.account(cpu).donor, donor != owner, book[donor].isOpen {
      return donor
    }
    return nil
  }

  /// The CPU whose curr runs on another task's account since that one's `running`: it was the donor there just now, or is
  /// blocked and its chain ends in curr, where its `running` was written.
  private func cpuProxied(by task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World) -> Int? {
    let cpus = 0..<world.scheduling.cpuCount
    if let cpu = cpus.first(where: { book[$0].retained == task || book[$0].donor == task }) { return cpu }
    guard isBlockedWaiter(task, &hypothesis, &world) else { return nil }
    let cpu = Int(book[task].writtenOn)
    guard let curr = world.curr(on: cpu) else { return nil }
    switch hypothesis.walk(from: world[task].wait, &world) {
    case (.task(curr), _): return cpu
    // Not known whom it waits for: it may be curr, if that one has no run of its own.
    case (.unknown, _) where world[curr].pid != 0 && !book[curr].isOpen: return cpu
    default: return nil
    }
  }

  /// Whether a blocked task whose run is open may have had an owner run on its account, so far as is known.
  private func mayHaveStarted(_ task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World) -> Bool {
    guard isWaiter(task, &hypothesis, &world) else { return true }
    guard case (.task(let owner), let evidence) = hypothesis.walk(from: world[task].wait, &world) else { return true }
    // What a gap hides of the owner may lead further.
    return evidence.rule != nil || world.place(of: owner) == .unknown
      || cpuProxied(by: task, &hypothesis, &world) != nil
  }

  /// Whose open run the switch to `next` carries on: a waiter's whose chain ends in `next`.
  private mutating func startedDonor(
    _ cpu: Int, _ next: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World
  ) -> TaskIndex? {
    var possible: TaskIndex?
    for task in candidates(cpu) where task != next && book[task].isOpen && !book[task].isProxy {
      guard isWaiter(task, &hypothesis, &world) else { continue }
      let isBlocked = isBlockedWaiter(task, &hypothesis, &world)
      let isHere = book[task].cpu == CPU(cpu) || hypothesis.residence(of: task, &world) == CPU(cpu)
      let mustStart = isBlocked && isHere && book[task].awaitsStart && book[task].phase == .running
      let (terminal, evidence) = hypothesis.walk(from: world[task].wait, &world)
      switch terminal {
      case .task(next):
        if isBlocked, world.gaps.signs != .none { signs.markedDonors += 1 }
        return task
      case .task(let owner)
      where mustStart && (world[next].pid == 0 || evidence.rule == nil && world.place(of: owner) != .unknown):
        fallthrough
      case .unknown where mustStart && world[next].pid == 0:
        let clash = PairingRow.Clash(what: .switchedIn, task: world.label(next), time: world.now, cpu: CPU(cpu))
        reportNoStart(task, by: clash, &hypothesis, &world)
        book[task].phase = .clashed
      case .unknown where isBlocked: possible = task
      // Whose lock it was before need not have kept it: another can have taken it without an event.
      case .task where isBlocked && evidence.rule != nil: possible = task
      case .cycle where isBlocked && evidence.rule != nil: possible = task
      case .task, .unknown, .released, .cycle: break
      }
    }
    return book[next].isOpen || world[next].pid == 0 ? nil : possible
  }

  private func candidates(_ cpu: Int) -> [TaskIndex] {
    (book[cpu].open.map { [$0] } ?? []) + book.pending.filter { book[$0].writtenOn == CPU(cpu) }
  }

  /// What was left open until a task's switch-out showed whether it was blocked.
  private mutating func settleLeaving(
    _ task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    let state = book[task]
    let isBlocked = isBlockedWaiter(task, &hypothesis, &world)
    if state.isUnstarted {
      if isBlocked {
        let clash = PairingRow.Clash(
          what: .stopping, task: world.label(task), time: state.stopping.time, cpu: state.writtenOn)
        reportNoStart(task, by: clash, &hypothesis, &world)
      }
      book[task].isUnstarted = false
    }
    settleCalls(of: task, isBlocked: isBlocked, &hypothesis, &world)
    guard isBlocked, let stays = state.staysRunnable, let since = state.switchedIn, since <= state.stopping else {
      return
    }
    if world.gaps.signs == .none { return }
    if stays {
      signs.keptWaiters += 1
    } else if case (.task(let owner), _) = hypothesis.walk(from: world[task].wait, &world) {
      switch world.place(of: owner) {
      case .running, .queued: signs.dequeuedWaiters += 1
      case .blocked, .waking, .asleep, .unknown: break
      }
    }
  }
}
