import TraceCore

// Whom the scheduler must have picked as donor, and what became of it: the inference where no probe tells.

extension Replay {
  /// The donor of `next`, which a CPU has just switched to from `left`.
  ///
  /// Every blocked task on the CPU that is more urgent than `next` was picked before the scheduler came to `next`. It is then
  /// the donor, or it was moved to its owner's CPU, or it was taken off the runqueue (`find_proxy_task()`,
  /// kernel/sched/core.c). So was the donor before the switch, whatever its priority: its slice is not over.
  mutating func inferDonor(_ lane: Int, left: TaskIndex, wasRunnable: Bool, next: TaskIndex) -> DonorNow {
    let cpu = CPU(lane)
    let before = if case .task(let donor, _, _) = lanes[lane].donor { donor } else { left }
    let isIdle = self[next].pid == 0
    let keeps = before != next && isResident(before, cpu)
    let leaves = isIdle && isResident(left, cpu)
    var best = pick(cpu, next, forced: keeps ? before : leaves ? left : nil)
    if isIdle { return .own }
    // It was lent the CPU, was woken, and runs now by itself.
    if before == next, !wasRunnable { best = nil }
    guard let best, case (_, let evidence) = walk(from: self[best].wait) else { return .own }
    return .task(best, depth: walkedLocks.count, evidence.combined(with: .inferred(.mostUrgentDonor)))
  }

  /// Goes through the blocked tasks of a CPU as the scheduler picks them, the most urgent first.
  /// - Returns: the one that runs `next` on its account.
  private mutating func pick(_ cpu: CPU, _ next: TaskIndex, forced: TaskIndex?) -> TaskIndex? {
    guard hasResident(cpu) else { return nil }
    var residents: [TaskIndex] = []
    for index in waits.indices where waits[index].isMutex {
      let waiter = waits[index].waiter
      if isResident(waiter, cpu), waiter == forced || isMoreUrgent(waiter, next) { residents.append(waiter) }
    }
    residents.sort { urgencyOrder($0) < urgencyOrder($1) }
    var best: TaskIndex?
    for donor in residents {
      while isResident(donor, cpu) {
        guard let step = proxyStep(of: donor, on: cpu) else {
          if best == nil, ends(donor, in: next) { best = donor }
          break
        }
        take(step)
      }
    }
    return best
  }

  /// What the kernel does with a picked donor that it cannot run an owner for at once.
  private enum ProxyStep {
    /// The owner of this link is on another CPU: the link's task moves there (`proxy_migrate_task()`).
    case move(TaskIndex, to: CPU)
    /// The owner sleeps, or the lock is free: off the runqueue (`proxy_deactivate()`).
    case park(TaskIndex)
  }

  private mutating func proxyStep(of donor: TaskIndex, on cpu: CPU) -> ProxyStep? {
    let (terminal, _) = walk(from: self[donor].wait)
    switch terminal {
    case .released: return .park(donor)
    case .unknown, .cycle: return nil
    case .task(let owner): if !isOnRunqueue(owner) { return .park(donor) }
    }
    for link in walkedTasks.indices.dropFirst() {
      let home = home(of: walkedTasks[link])
      if home >= 0, home != cpu { return .move(walkedTasks[link - 1], to: home) }
    }
    return nil
  }

  private mutating func take(_ step: ProxyStep) {
    switch step {
    case .park(let donor): self[donor].isParked = true
    case .move(let task, let cpu):
      self[task].place = .blocked(cpu)
      touched.insert(task)
    }
  }

  /// On a kernel without donors nothing is picked, but a waiter whose owner sleeps tells nothing of the kernel either.
  mutating func parkWaitersOfSleepers() {
    for index in waits.indices where waits[index].isMutex {
      let waiter = waits[index].waiter
      guard case .blocked = self[waiter].place, !self[waiter].isParked else { continue }
      guard case (.task(let terminal), _) = walk(from: index), !isOnRunqueue(terminal) else { continue }
      self[waiter].isParked = true
    }
  }

  private func hasResident(_ cpu: CPU) -> Bool {
    for index in waits.indices where isResident(waits[index].waiter, cpu) { return true }
    return false
  }

  private func isResident(_ task: TaskIndex, _ cpu: CPU) -> Bool {
    self[task].place == .blocked(cpu) && !self[task].isParked && self[task].wait >= 0
  }

  private mutating func ends(_ donor: TaskIndex, in task: TaskIndex) -> Bool {
    if case (.task(task), _) = walk(from: self[donor].wait) { true } else { false }
  }

  private func isMoreUrgent(_ a: TaskIndex, _ b: TaskIndex) -> Bool {
    if self[b].pid == 0 { return true }
    guard let first = self[a].priority, let second = self[b].priority else { return false }
    return first.isMoreUrgent(than: second)
  }

  private func urgencyOrder(_ task: TaskIndex) -> (Int32, Pid) {
    (self[task].priority?.rawValue ?? .max, self[task].pid)
  }

  /// The CPU on whose runqueue a task is; −1 where it is on none, or a gap hides on which.
  private func home(of task: TaskIndex) -> CPU {
    switch self[task].place {
    case .running(let cpu), .queued(let cpu), .blocked(let cpu): cpu
    case .waking, .asleep, .unknown: -1
    }
  }

  /// Whether the end of a chain can be run: it cannot while it sleeps, is being woken, or is yet to be told that its lock
  /// is free. What a gap hides counts as runnable.
  private func isOnRunqueue(_ terminal: TaskIndex) -> Bool {
    switch self[terminal].place {
    case .running, .queued, .unknown: true
    case .blocked, .waking, .asleep: false
    }
  }
}
