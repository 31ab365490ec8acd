import TraceCore

// Whom the scheduler must have picked as donor, and what became of it: the inference where no probe tells.

extension Hypothesis {
  /// The donor of `next`, which a CPU has just switched to from `left`.
  ///
  /// Every blocked task on the CPU that is more urgent than `next` was picked before the scheduler came to `next`. It is then
  /// the donor, or it was moved to its owner's CPU, or it was taken off the runqueue (`find_proxy_task()`,
  /// kernel/sched/core.c). So was the donor before the switch, whatever its priority: its slice is not over.
  mutating func inferDonor(
    _ cpu: Int, left: TaskIndex, wasRunnable: Bool, next: TaskIndex, _ world: inout World
  ) -> DonorNow {
    let before = if case .task(let donor, _, _) = account(cpu).donor { donor } else { left }
    choice.arrivals.removeAll()
    let isIdle = world[next].pid == 0
    let keeps = before != next && isResident(before, CPU(cpu), &world)
    let leaves = isIdle && isResident(left, CPU(cpu), &world)
    var best = pick(CPU(cpu), next, forced: keeps ? before : leaves ? left : nil, &world)
    if !choice.arrivals.isEmpty { lendToCurrs(&world) }
    if isIdle { return .own }
    // It was lent the CPU, was woken, and runs now by itself.
    if before == next, !wasRunnable { best = nil }
    guard let best, case (_, let evidence) = walk(from: world[best].wait, &world) else { return .own }
    let depth = chain.locks.count
    let weighed = weighChoice(best, of: next, on: CPU(cpu), &world)
    choice.others = weighed.others
    return .task(best, depth: depth, evidence.combined(with: .inferred(weighed.rule)))
  }

  /// Goes through the blocked tasks of a CPU as the scheduler picks them, the most urgent first.
  /// - Returns: the one that runs `next` on its account.
  private mutating func pick(
    _ cpu: CPU, _ next: TaskIndex, forced: TaskIndex?, _ world: inout World
  ) -> TaskIndex? {
    choice.picked.removeAll()
    for index in 0..<world.waits.count where world.waits.base[index].isMutex {
      let waiter = world.waits.base[index].waiter
      guard isQueuedWaiter(waiter, cpu, &world), waiter == forced || isMoreUrgent(waiter, next, &world) else {
        continue
      }
      choice.picked.append(waiter)
    }
    world.sortByUrgency(&choice.picked)
    var best: TaskIndex?
    for place in choice.picked.indices {
      let donor = choice.picked[place]
      while isResident(donor, cpu, &world) {
        guard let step = proxyStep(of: donor, on: cpu, &world) else {
          if best == nil, ends(donor, in: next, &world) { best = donor }
          break
        }
        take(step, &world)
      }
    }
    return best
  }

  /// What the kernel does with a picked donor that it cannot run an owner for at once.
  private enum ProxyStep {
    /// The owner of this link is on another CPU: the link's task moves there (`proxy_migrate_task()`).
    case move(TaskIndex, to: CPU)
    /// The owner sleeps, or the lock is free: off the runqueue (`proxy_deactivate()`).
    case dequeue(TaskIndex)
  }

  private mutating func proxyStep(of donor: TaskIndex, on cpu: CPU, _ world: inout World) -> ProxyStep? {
    let (terminal, _) = walk(from: world[donor].wait, &world)
    switch terminal {
    case .released: return .dequeue(donor)
    case .unknown, .cycle: return nil
    case .task(let owner): if !canRun(owner, &world) { return .dequeue(donor) }
    }
    for link in chain.tasks.indices.dropFirst() {
      if let home = runqueue(of: chain.tasks[link], &world), home >= 0, home != cpu {
        return .move(chain.tasks[link - 1], to: home)
      }
    }
    return nil
  }

  private mutating func take(_ step: ProxyStep, _ world: inout World) {
    switch step {
    case .dequeue(let donor):
      dequeue(donor, &world)
      // Its class is the same; where it is in a stall is not.
      effects.changed.insert(donor)
    case .move(let task, let cpu):
      residence.set(task, cpu, isInferred: true)
      effects.changed.insert(task)
      choice.arrivals.append(task)
    }
  }

  /// On a kernel without donors nothing is picked, but a waiter whose owner sleeps tells nothing of the kernel either.
  mutating func dequeueWaitersOfSleepers(_ world: inout World) {
    tails.begin()
    for index in world.waits.indices where world.waits[index].isMutex {
      let waiter = world.waits[index].waiter
      guard world.scheduling.isBlocked(waiter), !isDequeued(waiter, &world) else { continue }
      let end = tails.find(index, &world, handovers) ? tails[index].terminal : walk(from: index, &world).0
      guard case .task(let terminal) = end, !canRun(terminal, &world) else { continue }
      dequeue(waiter, &world)
    }
  }

  /// Whether a blocked task is queued on a CPU, so that it can be picked there.
  @inline(__always)
  func isResident(_ task: TaskIndex, _ cpu: CPU, _ world: inout World) -> Bool {
    world[task].wait >= 0 && isQueuedWaiter(task, cpu, &world)
  }

  /// The same for a task of which it is known that it waits.
  @inline(__always)
  private func isQueuedWaiter(_ task: TaskIndex, _ cpu: CPU, _ world: inout World) -> Bool {
    // Most waiters are elsewhere.
    if proxies, residence.cpu(of: task) != cpu { return false }
    guard world.scheduling.isBlocked(task) else { return false }
    let wakings = world.scheduling.wakings(of: task)
    if proxies { return !residence.isDequeued(task, wakings: wakings) }
    return world.scheduling.cpu(of: task) == cpu && !residence.isDequeued(task, wakings: wakings)
  }

  mutating func ends(_ donor: TaskIndex, in task: TaskIndex, _ world: inout World) -> Bool {
    if case (.task(task), _) = walk(from: world[donor].wait, &world) { true } else { false }
  }

  @inline(__always)
  func isMoreUrgent(_ a: TaskIndex, _ b: TaskIndex, _ world: inout World) -> Bool {
    if world[b].pid == 0 { return true }
    guard let first = world[a].priority, let second = world[b].priority else { return false }
    return first.isMoreUrgent(than: second)
  }

  /// Whether the end of a chain can be run: it cannot while it sleeps, is being woken, or does not know yet that its lock
  /// is free. What a gap hides counts as runnable.
  @inline(__always)
  private func canRun(_ terminal: TaskIndex, _ world: inout World) -> Bool {
    switch world.place(of: terminal) {
    case .running, .queued, .unknown: true
    case .blocked, .waking, .asleep: false
    }
  }
}

extension World {
  /// More tasks than that are sorted by copies of what they are sorted by.
  private static let fewTasks = 16

  /// The most urgent first; of equal ones the one with the lowest pid.
  @inline(__always)
  mutating func sortByUrgency(_ tasks: inout FlatArray<TaskIndex>) {
    if tasks.count > 1 { sortSeveral(&tasks) }
  }

  @inline(never)
  private mutating func sortSeveral(_ tasks: inout FlatArray<TaskIndex>) {
    if tasks.count > Self.fewTasks { return sortMany(&tasks) }
    for place in 1..<tasks.count {
      let task = tasks[place]
      let urgency = urgency(of: task)
      var free = place
      while free > 0, urgency < self.urgency(of: tasks[free - 1]) {
        tasks[free] = tasks[free - 1]
        free -= 1
      }
      tasks[free] = task
    }
  }

  private mutating func sortMany(_ tasks: inout FlatArray<TaskIndex>) {
    var keys: [(task: TaskIndex, urgency: Int64)] = []
    for place in tasks.indices { keys.append((tasks[place], urgency(of: tasks[place]))) }
    keys.sort { $0.urgency < $1.urgency }
    for place in keys.indices { tasks[place] = keys[place].task }
  }

  /// The smaller, the sooner a task is picked.
  @inline(__always)
  private func urgency(of task: TaskIndex) -> Int64 {
    Int64(self[task].priority?.rawValue ?? .max) << 32 &+ Int64(self[task].pid)
  }
}
