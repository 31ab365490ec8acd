import TraceCore

// The class of every open wait (``WaitClass``).

extension Hypothesis {
  /// Classifies the waits again whose class depends on what the current step has changed.
  mutating func classifyChanged(_ world: inout World) {
    let changed = changed.union(world.changed)
    for index in waits.indices where waits[index].dependsOn.intersects(changed) { classify(index, &world) }
  }

  private mutating func classify(_ index: Int, _ world: inout World) {
    let (terminal, stated) = walk(from: index, &world)
    let evidence = world.besideGap(stated, chain)
    noteChain(index, terminal, evidence, &world)
    noteDependencies(index, terminal, &world)
    let (kind, culprit) = currentClass(index, terminal, &world)
    if kind != waits[index].current || culprit != waits[index].inversion?.culprit {
      book(index, &world)
      waits[index].current = kind
      noteInversion(index, terminal, culprit, evidence, &world)
    }
  }

  /// Everything that the walk has passed, and the CPU that the terminal owner runs on or waits for.
  private mutating func noteDependencies(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    var passed = ChangeMask()
    for link in chain.tasks.indices { passed.insert(chain.tasks[link]) }
    for link in chain.locks.indices { passed.insert(chain.locks[link]) }
    // A walk that ends at a task whose lock is free has passed that lock too.
    if case .task(let owner) = terminal {
      if world[owner].wait >= 0 { passed.insert(world.waits[world[owner].wait].lock) }
      if let cpu = runqueue(of: owner, &world) { passed.insert(cpu: Int(cpu)) }
    }
    waits[index].dependsOn = passed
  }

  /// The CPU on whose runqueue a task is, blocked or not; `nil` where it is on none, or a gap hides on which.
  func runqueue(of task: TaskIndex, _ world: inout World) -> CPU? {
    switch world.place(of: task) {
    case .running(let cpu), .queued(let cpu): cpu
    case .blocked: residence(of: task, &world)
    case .waking, .asleep, .unknown: nil
    }
  }

  /// The class of this instant, and for an inversion who runs instead. ``chain`` is the wait's.
  private mutating func currentClass(
    _ index: Int, _ terminal: ChainTerminal, _ world: inout World
  ) -> (WaitClass, TaskIndex?) {
    let waiter = world.waits[index].waiter
    if case .running = world.place(of: waiter) { return (.own, nil) }
    guard world.waits[index].isMutex else { return (.unknown, nil) }
    switch terminal {
    case .released: return (.handoff, nil)
    case .unknown: return (.unknown, nil)
    // Nobody in a cycle is terminal.
    case .cycle: return (.unknown, nil)
    case .task(let owner): return ownerClass(owner, waiter: waiter, &world)
    }
  }

  private mutating func ownerClass(
    _ owner: TaskIndex, waiter: TaskIndex, _ world: inout World
  ) -> (WaitClass, TaskIndex?) {
    switch world.place(of: owner) {
    case .unknown: return (.unknown, nil)
    // A terminal owner that is blocked has its lock for the taking, and waits to be woken.
    case .asleep, .waking, .blocked: return (.sleeping, nil)
    case .running(let cpu): return (runningClass(on: Int(cpu)), nil)
    case .queued(let cpu):
      guard let curr = world.curr(on: Int(cpu)) else { return (.unknown, nil) }
      if world[curr].pid == 0 { return (.delayed, nil) }
      guard let urgency = urgency(of: Int(cpu), &world), let waiting = world[waiter].priority else {
        return (.unknown, nil)
      }
      if chain.tasks.contains(curr) || !waiting.isMoreUrgent(than: urgency) { return (.preempted, nil) }
      return (.inverted, curr)
    }
  }

  /// The terminal owner runs: on the account of the wait's chain, or on its own or another's.
  private mutating func runningClass(on cpu: Int) -> WaitClass {
    switch account(cpu).donor {
    case .task(let donor, _, _): chain.tasks.contains(donor) ? .proxied : .running
    case .own: .running
    case .unknown: .unknown
    }
  }

  /// The priority that a CPU's curr runs with: its own, or its donor's if that is more urgent.
  private mutating func urgency(of cpu: Int, _ world: inout World) -> Priority? {
    guard let curr = world.curr(on: cpu), let own = world[curr].priority else { return nil }
    if case .task(let donor, _, _) = account(cpu).donor, let lent = world[donor].priority, lent.isMoreUrgent(than: own)
    {
      return lent
    }
    return own
  }

  /// Books the time since the last change to the class that held until now.
  mutating func book(_ index: Int, _ world: inout World) {
    let (since, now) = (waits[index].since, world.now)
    let length = max(0, now - since)
    waits[index].times[waits[index].current] &+= length
    if length > 0 {
      rows.classes?.append(
        ClassRow(wait: world.waits[index].row, begin: since, end: now, kind: waits[index].current))
    }
    waits[index].since = max(now, since)
  }
}
