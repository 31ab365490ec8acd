import TraceCore

/// Who runs where, and on whose account.
extension SimulatedMachine {
  /// Where a pick leads.
  private enum Outcome {
    /// `chain`: the donors above the task that runs, nearest first; empty if it runs on its own account.
    case run(Int, chain: [Int])
    /// The owner is on another CPU, to which these donors go.
    case move([Int], to: Int)
    /// The owner sleeps, or there is none: the donor leaves the runqueue.
    case park
  }

  /// Picks anew on a CPU.
  /// - Parameter state: In what state the task that runs there leaves, if it does.
  mutating func reschedule(_ cpu: Int, leaving state: TaskState) {
    charge(cpu)
    if let curr = processors[cpu].curr, tasks[curr].isSpinning {
      // Somebody else wants the CPU, so it waits for its lock asleep; that picks anew as well.
      return goToSleep(curr, on: cpu)
    }
    while true {
      guard let picked = pick(cpu) ?? pull(to: cpu) else { return run(nil, on: cpu, chain: [], leaving: state) }
      switch follow(picked) {
      case .run(let next, let chain): return run(next, on: cpu, chain: chain, leaving: state)
      case .park: tasks[picked].status = .parked
      case .move(let donors, let target):
        // The kernel idles this CPU for a moment first, to release the donors (`proxy_resched_idle()`).
        run(nil, on: cpu, chain: [], leaving: state)
        move(donors, from: cpu, to: target)
        // What the target did about it may have come back here.
        return reschedule(cpu, leaving: .preempted)
      }
    }
  }

  /// The task that is to have the CPU: it or the owner of its lock will run.
  private mutating func pick(_ cpu: Int) -> Int? {
    let candidates = tasks.indices.filter {
      tasks[$0].cpu == cpu && (tasks[$0].status == .runnable || tasks[$0].status == .donating)
    }
    guard let best = candidates.min(by: { tasks[$0].priority.isMoreUrgent(than: tasks[$1].priority) }) else {
      return nil
    }
    // The fair class gives everybody a share, so now and then a less urgent task has its turn.
    guard plan.fairTurns > 0, !tasks[best].isRealTime, random.oneIn(plan.fairTurns) else { return best }
    return random.element(candidates)
  }

  /// Takes a runnable task that is free to move from another CPU.
  private mutating func pull(to cpu: Int) -> Int? {
    guard plan.balances else { return nil }
    let running = processors.compactMap(\.curr)
    let found = tasks.indices.first {
      tasks[$0].status == .runnable && tasks[$0].boundTo == nil && tasks[$0].cpu != cpu && !running.contains($0)
    }
    guard let found else { return nil }
    emit(cpu, .migrated(task: snapshot(found, on: cpu), from: CPU(tasks[found].cpu), to: CPU(cpu)))
    tasks[found].cpu = cpu
    return found
  }

  /// Follows a task's chain of locks and owners.
  private func follow(_ picked: Int) -> Outcome {
    var chain: [Int] = []
    var task = picked
    while tasks[task].isBlocked {
      guard let lock = tasks[task].wants, let owner = locks[lock].owner else { return .park }
      // A deadlock: nobody will run again.
      if chain.contains(task) { return .park }
      chain.insert(task, at: 0)
      switch tasks[owner].status {
      case .sleeping, .parked: return .park
      case .runnable, .donating: break
      }
      if tasks[owner].cpu != tasks[picked].cpu { return .move(chain, to: tasks[owner].cpu) }
      task = owner
    }
    return .run(task, chain: chain)
  }

  private mutating func move(_ donors: [Int], from cpu: Int, to target: Int) {
    for donor in donors {
      tasks[donor].cpu = target
      if plan.recordsTruth {
        truth.moves.append(
          ScheduleTruth.DonorMove(pid: tasks[donor].pid, from: CPU(cpu), to: CPU(target), time: Timestamp(now)))
      }
    }
    if let best = donors.min(by: { tasks[$0].priority.isMoreUrgent(than: tasks[$1].priority) }) {
      preempt(target, for: best)
    }
  }

  /// Puts a task on a CPU.
  private mutating func run(_ next: Int?, on cpu: Int, chain: [Int], leaving state: TaskState) {
    let (curr, donor) = (processors[cpu].curr, chain.last ?? next)
    if plan.emitsProbes, let donor, donor != processors[cpu].donor, !tasks[donor].isRealTime {
      emit(cpu, .probedSetNext(pid: tasks[donor].pid, priority: tasks[donor].priority))
    }
    if next != curr { emitSwitch(cpu, to: next, chain: chain, leaving: curr == nil ? .running : state) }
    let isChange = next != curr || donor != processors[cpu].donor
    (processors[cpu].curr, processors[cpu].donor) = (next, donor)
    (processors[cpu].chargedTo, processors[cpu].sliceEnd) = (now, next == nil ? .max : now + plan.timeSlice)
    if isChange { noteOccupancy(cpu) }
    // The probe follows the event at the same place in the kernel, so what it sees is what the event saw.
    if plan.emitsProbes, next != curr { emitSwitchProbe(cpu, from: curr, to: next, chain: chain) }
  }

  private mutating func emitSwitch(_ cpu: Int, to next: Int?, chain: [Int], leaving state: TaskState) {
    let record = SwitchRecord(
      previous: snapshot(processors[cpu].curr, on: cpu), previousState: state, next: snapshot(next, on: cpu))
    emit(cpu, .switched(record), context: .irqsOff)
  }

  private mutating func emitSwitchProbe(_ cpu: Int, from previous: Int?, to next: Int?, chain: [Int]) {
    func pid(_ task: Int?) -> Pid { task.map { tasks[$0].pid } ?? 0 }
    func donor(_ level: Int) -> (task: UInt64, pid: Pid) {
      guard level < chain.count else { return (0, -1) }
      return (SyntheticAddress.task(pid(chain[level])), pid(chain[level]))
    }
    let blockedOn = previous.flatMap { tasks[$0].isBlocked ? tasks[$0].wants : nil }
    let probe = SwitchProbe(
      previous: pid(previous), next: pid(next), nextTask: SyntheticAddress.task(pid(next)),
      donors: (donor(0), donor(1), donor(2)), previousBlockedOn: blockedOn.map { locks[$0].address.rawValue } ?? 0)
    // Written before the kernel changes `curr`, as the event is.
    let after = processors[cpu].curr
    processors[cpu].curr = previous
    emit(cpu, .probedSwitch(probe), context: .irqsOff)
    processors[cpu].curr = after
    processors[cpu].chargedTo = now
  }

  /// Charges the running task for its time since the last charge.
  mutating func charge(_ cpu: Int) {
    if let curr = processors[cpu].curr {
      let used = now - processors[cpu].chargedTo
      tasks[curr].remaining -= min(used, tasks[curr].remaining - 1)
    }
    processors[cpu].chargedTo = now
  }

  // MARK: Waking

  /// Makes a task runnable.
  /// - Parameter cpu: Where the waker is.
  mutating func wake(_ task: Int, from cpu: Int, context: EventContext = .task) {
    let target = tasks[task].status == .donating ? tasks[task].homeCPU : placeForWoken(task)
    emit(cpu, .waking(WakeRecord(task: snapshot(task, on: cpu), targetCPU: CPU(tasks[task].cpu))), context: context)
    if target != tasks[task].cpu {
      // For a donor that was moved silently this is the way back.
      let (from, to) = (CPU(tasks[task].cpu), CPU(target))
      emit(cpu, .migrated(task: snapshot(task, on: cpu), from: from, to: to), context: context)
      tasks[task].cpu = target
    }
    tasks[task].status = .runnable
    tasks[task].signalTime = nil
    emit(cpu, .wakeup(WakeRecord(task: snapshot(task, on: cpu), targetCPU: CPU(target))), context: context)
    preempt(target, for: task)
  }

  private mutating func placeForWoken(_ task: Int) -> Int {
    if let bound = tasks[task].boundTo { return bound }
    if processors[tasks[task].cpu].curr == nil || random.oneIn(2) { return tasks[task].cpu }
    return processors.indices.first { processors[$0].curr == nil } ?? random.number(0...(processors.count - 1))
  }

  /// Picks anew on a CPU if a task that came there is more urgent than the one on whose account it works.
  private mutating func preempt(_ cpu: Int, for task: Int) {
    guard let donor = processors[cpu].donor, processors[cpu].curr != nil else {
      return reschedule(cpu, leaving: .running)
    }
    if tasks[task].priority.isMoreUrgent(than: tasks[donor].priority) { reschedule(cpu, leaving: .preempted) }
  }

  // MARK: Settling

  /// Picks anew wherever what a CPU does has lost its reason, until nothing has.
  mutating func settle() {
    while let cpu = firstUnsettled() {
      guard let curr = processors[cpu].curr, tasks[curr].isSpinning, let lock = tasks[curr].wants else {
        reschedule(cpu, leaving: .preempted)
        continue
      }
      charge(cpu)
      if locks[lock].owner == nil { acquireAfterWait(curr, on: cpu) } else { goToSleep(curr, on: cpu) }
    }
  }

  private func firstUnsettled() -> Int? {
    var isAsked = [Bool](repeating: false, count: processors.count)
    for task in tasks where task.status == .runnable || task.status == .donating { isAsked[task.cpu] = true }
    return processors.indices.first { !isSettled($0, isAsked: isAsked[$0]) }
  }

  /// - Parameter isAsked: Whether there is a task on the CPU's runqueue.
  private func isSettled(_ cpu: Int, isAsked: Bool) -> Bool {
    guard let curr = processors[cpu].curr, let donor = processors[cpu].donor else { return !isAsked }
    if tasks[curr].isSpinning, let lock = tasks[curr].wants {
      guard let owner = locks[lock].owner, processors.contains(where: { $0.curr == owner }) else { return false }
    }
    guard tasks[donor].cpu == cpu, tasks[donor].status == .runnable || tasks[donor].status == .donating else {
      return false
    }
    guard case .run(let next, _) = follow(donor) else { return false }
    return next == curr
  }
}
