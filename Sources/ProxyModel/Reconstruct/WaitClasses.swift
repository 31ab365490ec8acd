import TraceCore

// The class of every open wait (``WaitClass``).

extension Hypothesis {
  /// Classifies the waits again whose class depends on what the current step has changed.
  mutating func classifyChanged(_ world: inout World) {
    let changed = changed.union(world.changed)
    for index in 0..<waits.count where waits.base[index].dependsOn.intersects(changed) {
      if !hasSameChain(index, changed, &world) { followChain(index, &world) }
      classify(index, &world)
    }
  }

  /// Whether a wait's chain is the same as when it was walked last, so that the walk can be spared: no lock of it has changed
  /// hands, no link has moved on, and its terminal owner is not blocked by now.
  @inline(__always)
  private mutating func hasSameChain(_ index: Int, _ changed: ChangeMask, _ world: inout World) -> Bool {
    guard case .task(let owner) = waits[index].terminal, !waits[index].links.intersects(changed),
      waits[index].path.isWhole, !world.gaps.hadAny
    else { return false }
    return !(world.scheduling.isBlocked(owner) && world[owner].wait >= 0)
  }

  /// Walks a wait's chain again.
  @inline(never)
  private mutating func followChain(_ index: Int, _ world: inout World) {
    let (terminal, stated) = walk(from: index, &world)
    let evidence = world.besideGap(stated, chain)
    noteChain(index, terminal, evidence, &world)
    waits[index].terminal = terminal
    waits[index].evidence = evidence
    // The waiter's own place bears on its class, not on its chain; and where the terminal owner is, on both.
    waits[index].links = chain.links
    waits[index].passed = chain.passed
  }

  private mutating func classify(_ index: Int, _ world: inout World) {
    let terminal = waits[index].terminal
    noteDependencies(index, terminal, &world)
    let (kind, culprit) = currentClass(index, terminal, &world)
    if kind != waits[index].current || culprit != waits[index].inversion?.culprit {
      book(index, &world)
      waits[index].current = kind
      noteInversion(index, terminal, culprit, waits[index].evidence, &world)
    }
  }

  /// Everything that the walk has passed, and the CPU that the terminal owner runs on or waits for.
  @inline(__always)
  private mutating func noteDependencies(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    var passed = waits[index].passed
    if case .task(let owner) = terminal {
      // A walk that ends at a task whose lock is free has passed that lock too.
      if world[owner].wait >= 0 { passed.insert(world.waits[world[owner].wait].lock) }
      if let cpu = runqueue(of: owner, &world) { passed.insert(cpu: Int(cpu)) }
    }
    waits[index].dependsOn = passed
  }

  /// The CPU on whose runqueue a task is, blocked or not; `nil` where it is on none, or a gap hides on which.
  @inline(__always)
  func runqueue(of task: TaskIndex, _ world: inout World) -> CPU? {
    switch world.place(of: task) {
    case .running(let cpu), .queued(let cpu): cpu
    case .blocked: residence(of: task, &world)
    case .waking, .asleep, .unknown: nil
    }
  }

  /// The class of this instant, and for an inversion who runs instead.
  private mutating func currentClass(
    _ index: Int, _ terminal: ChainTerminal, _ world: inout World
  ) -> (WaitClass, TaskIndex?) {
    if case .running = world.place(of: world.waits[index].waiter) { return (.own, nil) }
    guard world.waits[index].isMutex else { return (.unknown, nil) }
    switch terminal {
    case .released: return (.handoff, nil)
    case .unknown: return (.unknown, nil)
    // Nobody in a cycle is terminal.
    case .cycle: return (.unknown, nil)
    case .task(let owner): return ownerClass(owner, index, &world)
    }
  }

  private mutating func ownerClass(
    _ owner: TaskIndex, _ index: Int, _ world: inout World
  ) -> (WaitClass, TaskIndex?) {
    switch world.place(of: owner) {
    case .unknown: return (.unknown, nil)
    // A terminal owner that is blocked has its lock for the taking, and waits to be woken.
    case .asleep, .waking, .blocked: return (.sleeping, nil)
    case .running(let cpu): return (runningClass(index, on: Int(cpu)), nil)
    case .queued(let cpu):
      guard let curr = world.curr(on: Int(cpu)) else { return (.unknown, nil) }
      if world[curr].pid == 0 { return (.delayed, nil) }
      guard let urgency = urgency(of: Int(cpu), &world), let waiting = world[world.waits[index].waiter].priority else {
        return (.unknown, nil)
      }
      if isInChain(curr, index) || !waiting.isMoreUrgent(than: urgency) { return (.preempted, nil) }
      return (.inverted, curr)
    }
  }

  /// The terminal owner runs: on the account of the wait's chain, or on its own or another's.
  private mutating func runningClass(_ index: Int, on cpu: Int) -> WaitClass {
    switch account(cpu).donor {
    case .task(let donor, _, _): isInChain(donor, index) ? .proxied : .running
    case .own: .running
    case .unknown: .unknown
    }
  }

  /// Whether a task is in a wait's chain. A long chain was walked just now.
  @inline(__always)
  private mutating func isInChain(_ task: TaskIndex, _ index: Int) -> Bool {
    waits[index].path.isWhole ? waits[index].path.contains(task) : chain.tasks.contains(task)
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
