import TraceCore

// The class of every open wait (``WaitClass``).

extension Hypothesis {
  /// Classifies the waits again whose class depends on what the current step has changed.
  mutating func classifyChanged(_ world: inout World) {
    let changed = effects.changed.union(world.changed)
    // Most steps are of tasks outside of every chain.
    guard dependencies.ofAny.intersects(changed.union(effects.rivals)) else { return }
    effects.bearsOnSleepers = true
    classifyThose(changed, &world)
  }

  @inline(never)
  private mutating func classifyThose(_ changed: ChangeMask, _ world: inout World) {
    tails.begin()
    effects.stale.removeAll()
    dependencies.ofAny = ChangeMask()
    for index in 0..<waits.count {
      guard dependencies.ofWaits.base[index].intersects(changed) else {
        dependencies.ofAny.formUnion(dependencies.ofWaits.base[index])
        continue
      }
      if !hasSameChain(index, changed, &world) { followChain(index, &world) }
      noteRival(index, world[world.waits.base[index].waiter].priority)
      effects.stale.append(index)
    }
    (effects.waitersOfLast, effects.lastCulprit) = (nil, nil)
    // All chains first: the most urgent of the waiters whose chains end in an owner decides for all of them.
    if effects.rivals.isEmpty {
      for place in effects.stale.indices { classify(effects.stale[place], &world) }
      return
    }
    var place = 0
    for index in 0..<waits.count {
      if place < effects.stale.count, effects.stale[place] == index {
        place += 1
      } else if !dependencies.ofWaits.base[index].intersects(effects.rivals) || !mindsRivals(index, &world) {
        continue
      }
      classify(index, &world)
    }
  }

  /// Whether other waiters bear on a wait: on its class while its terminal owner is on a runqueue and does not run; otherwise at most on
  /// how well it is known who lends that one the CPU, which rows of segments and stalls state.
  @inline(__always)
  private mutating func mindsRivals(_ index: Int, _ world: inout World) -> Bool {
    if stalls.base[index].isOpen || rows.wanted.contains(.segments) { return true }
    guard case .task(let owner) = waits.base[index].terminal else { return false }
    if case .queued = world.place(of: owner) { return true }
    return false
  }

  /// A wait is not behind its owner any more, or with another priority.
  mutating func noteRival(_ index: Int) {
    if case .task(let owner) = waits[index].terminal { effects.rivals.insert(owner) }
  }

  @inline(__always)
  private mutating func noteRival(_ index: Int, _ priority: Priority?) {
    if waits.base[index].priority == priority { return }
    waits.base[index].priority = priority
    noteRival(index)
  }

  /// Whether a wait's chain is the same as when it was walked last, so that the walk can be spared: no lock of it has changed
  /// hands, no link has moved on, and its terminal owner is not blocked by now.
  @inline(__always)
  private mutating func hasSameChain(_ index: Int, _ changed: ChangeMask, _ world: inout World) -> Bool {
    guard !waits.base[index].links.intersects(changed) else { return false }
    switch waits.base[index].terminal {
    case .task(let owner):
      guard waits.base[index].path.isWhole, !bearsDoubt(index, owner, &world) else { return false }
      return !(world.scheduling.isBlocked(owner) && world[owner].wait >= 0)
    // The waiter's own lock is free, or nobody is known to have it: behind it there is no task that a gap could hide.
    case .released, .unknown: return waits.base[index].path.isOneLock
    case .cycle: return false
    }
  }

  /// Whether a step can change how well a chain is known though it is the same. While records are missing nothing is known better,
  /// and where that ends all is walked again; from then on what a gap has hidden may show.
  @inline(__always)
  private mutating func bearsDoubt(_ index: Int, _ owner: TaskIndex, _ world: inout World) -> Bool {
    guard world.gaps.hadAny, !world.gaps.isInGap else { return false }
    return world[owner].mayHideWait || waits.base[index].evidence == .inferred(.besideGap)
  }

  /// Walks a wait's chain again.
  @inline(never)
  private mutating func followChain(_ index: Int, _ world: inout World) {
    // Rows of chains name all of their tasks.
    if !rows.kinds.contains(.chains) {
      if followShort(index, &world) { return }
      if tails.find(index, &world, handovers) { return followTail(index, &world) }
    }
    let (terminal, stated) = walk(from: index, &world)
    let evidence = world.besideGap(stated, chain)
    noteChain(index, terminal, evidence, &world)
    note(
      index, terminal, evidence, ownedLock: chain.locks.isEmpty ? nil : chain.locks[chain.locks.count - 1], &world)
    // The waiter's own place bears on its class, not on its chain; and where the terminal owner is, on both.
    waits[index].links = chain.links
    waits[index].passed = chain.passed
  }

  /// The same for a chain of one lock, as most are; ``ChainWalk/walk(from:_:_:)`` would find the same.
  /// - Returns: `false` where the chain goes on.
  @inline(__always)
  private mutating func followShort(_ index: Int, _ world: inout World) -> Bool {
    let (waiter, lock) = (world.waits.base[index].waiter, world.waits.base[index].lock)
    var (terminal, known, last) = (ChainTerminal.unknown, Evidence.unknown, TaskIndex?.none)
    switch ChainTails.owner(index, &world, handovers) {
    case .free(let stated): (terminal, known) = (.released, stated)
    case .pending, .unknown, .noRelease: break
    case .task(let owner, let stated):
      if owner == waiter {
        (terminal, known) = (.released, stated)
      } else if ChainTails.link(owner, &world) != nil {
        return false
      } else {
        (terminal, known, last) = (.task(owner), stated, owner)
      }
    }
    endChain(index, world.now)
    waits.base[index].path = ShortPath(waiter, owner: last)
    var passed = ChangeMask()
    passed.insert(lock)
    waits.base[index].links = passed
    passed.insert(waiter)
    var hides = false
    if let last {
      if world.waits.base[index].isMutex { waits.base[index].depth = max(waits.base[index].depth, 1) }
      hides = world.mayHideWait(last)
      passed.insert(last)
    }
    waits.base[index].passed = passed
    note(index, terminal, world.besideGap(known, hides: hides), ownedLock: lock, &world)
    return true
  }

  /// Takes a wait's chain from ``tails``.
  private mutating func followTail(_ index: Int, _ world: inout World) {
    endChain(index, world.now)
    let (taskCount, lockCount) = (tails[index].taskCount, tails[index].lockCount)
    if world.waits[index].isMutex, taskCount > 1 { waits[index].depth = max(waits[index].depth, Int(lockCount)) }
    waits[index].path = ShortPath(tails[index])
    note(
      index, tails[index].terminal, world.besideGap(tails[index].stated, hides: tails[index].hides),
      ownedLock: lockCount > 0 ? tails[index].ownedLock : nil, &world)
    waits[index].links = tails[index].links
    waits[index].passed = tails[index].passed
  }

  private mutating func note(
    _ index: Int, _ terminal: ChainTerminal, _ evidence: Evidence, ownedLock: LockIndex?, _ world: inout World
  ) {
    if waits.base[index].terminal != terminal {
      noteRival(index)
      waits.base[index].terminal = terminal
      noteRival(index)
    }
    waits.base[index].evidence = evidence
    let lock = ownedLock ?? waits.base[index].ownedLock
    waits.base[index].ownedLock = lock
    if waits.base[index].culprit != nil, windows[index].begin == world.now { windows[index].ownedLock = lock }
  }

  private mutating func classify(_ index: Int, _ world: inout World) {
    let terminal = waits.base[index].terminal
    noteDependencies(index, terminal, &world)
    let (kind, culprit) = currentClass(index, terminal, &world)
    if kind != waits.base[index].current || culprit != waits.base[index].culprit {
      book(index, &world)
      waits.base[index].current = kind
      if culprit != nil || waits.base[index].culprit != nil {
        noteInversion(index, terminal, culprit, waits.base[index].evidence, &world)
      }
    } else if culprit != nil, proxies {
      noteInversion(index, terminal, culprit, waits.base[index].evidence, &world)
    }
    if rows.makesStalls { noteStall(index, terminal, &world) }
    if rows.wanted.contains(.segments) { noteSegment(index, terminal, &world) }
  }

  /// Everything that the walk has passed, and the CPU that the terminal owner runs on or waits for.
  @inline(__always)
  private mutating func noteDependencies(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    var passed = waits.base[index].passed
    if case .task(let owner) = terminal {
      // A walk that ends at a task whose lock is free has passed that lock too.
      if world[owner].wait >= 0 { passed.insert(world.waits[world[owner].wait].lock) }
      if let cpu = runqueue(of: owner, &world) { passed.insert(cpu: Int(cpu)) }
    }
    // A stall looks at the CPU where a waiter is that may take a free lock.
    if case .released = terminal, case .queued(let cpu) = world.place(of: world.waits.base[index].waiter) {
      passed.insert(cpu: Int(cpu))
    }
    // A segment names the donor of the waiter that runs.
    if rows.wanted.contains(.segments), case .running(let cpu) = world.place(of: world.waits.base[index].waiter) {
      passed.insert(cpu: Int(cpu))
    }
    dependencies.ofWaits[index] = passed
    dependencies.ofAny.formUnion(passed)
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
    if case .running = world.place(of: world.waits.base[index].waiter) { return (.own, nil) }
    guard world.waits.base[index].isMutex else { return (.unknown, nil) }
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
    if isTakingLock(owner, &world) { return (.handoff, nil) }
    switch world.place(of: owner) {
    case .unknown: return (.unknown, nil)
    case .waking: return (.waking, nil)
    case .asleep, .blocked: return (.sleeping, nil)
    case .running(let cpu): return (runningClass(index, on: Int(cpu), &world), nil)
    case .queued(let cpu): return queuedClass(owner, index, on: Int(cpu), &world)
    }
  }

  /// Whether a task waits for a mutex that has been released, and that nobody else is known to have taken.
  @inline(__always)
  mutating func isTakingLock(_ task: TaskIndex, _ world: inout World) -> Bool {
    world[task].wait >= 0 && isTakingOwnLock(task, &world)
  }

  /// The same for a task of which it is known that it waits.
  private mutating func isTakingOwnLock(_ task: TaskIndex, _ world: inout World) -> Bool {
    let wait = world[task].wait
    guard world.waits[wait].isMutex else { return false }
    let lock = world.waits[wait].lock
    switch world[lock].owner {
    // It has been given the lock, and has not come to take it.
    case .task(let owner, _): return owner == task
    case .free: return (handovers.target(of: lock, world[lock].tenure) ?? task) == task
    case .pending, .unknown, .noRelease: return false
    }
  }

  /// How it is known that a task waits for a mutex that has been released: as well as the lock's state, and no better than that
  /// the task still waits.
  mutating func evidenceOfTaking(_ task: TaskIndex, _ world: inout World) -> Evidence {
    let wait = world[task].wait
    guard wait >= 0 else { return .unknown }
    let doubt: Evidence = waits[wait].isDoubted ? .inferred(.besideGap) : .probe
    return switch world[world.waits[wait].lock].owner {
    case .task(_, let known), .free(let known): known.combined(with: doubt)
    case .pending, .unknown, .noRelease: .unknown
    }
  }

  /// The terminal owner is on a CPU's runqueue, and that CPU runs something else.
  private mutating func queuedClass(
    _ owner: TaskIndex, _ index: Int, on cpu: Int, _ world: inout World
  ) -> (WaitClass, TaskIndex?) {
    guard let curr = world.curr(on: cpu) else { return (.unknown, nil) }
    if world[curr].pid == 0 { return (.delayed, nil) }
    let waiters = waiters(of: owner, &world)
    guard let urgency = urgency(of: cpu, &world), let most = waiters.mostUrgent else { return (.unknown, nil) }
    if isInChain(curr, index, &world) { return (.preempted, nil) }
    if most.isMoreUrgent(than: urgency) {
      // On whose account it runs is not known: perhaps on that of a more urgent one.
      return account(cpu).donor == .unknown ? (.unknown, nil) : (.inverted, curr)
    }
    return (waiters.hasUnknown ? .unknown : .preempted, nil)
  }

  /// The waiters whose chains end in an owner, by their priorities.
  private mutating func waiters(of owner: TaskIndex, _ world: inout World) -> OwnersWaiters {
    if let known = effects.waitersOfLast, known.owner == owner { return known }
    var waiters = OwnersWaiters(owner: owner)
    for index in 0..<waits.count where waits.base[index].terminal == .task(owner) {
      waiters.add(world[world.waits[index].waiter].priority)
    }
    effects.waitersOfLast = waiters
    return waiters
  }

  /// The terminal owner runs: on the account of the wait's chain, or on its own or another's.
  private mutating func runningClass(_ index: Int, on cpu: Int, _ world: inout World) -> WaitClass {
    switch account(cpu).donor {
    case .task(let donor, _, _): isInChain(donor, index, &world) ? .proxied : .running
    case .own: .running
    case .unknown: .unknown
    }
  }

  /// Whether a task is in a wait's chain.
  @inline(__always)
  private mutating func isInChain(_ task: TaskIndex, _ index: Int, _ world: inout World) -> Bool {
    if waits.base[index].path.isWhole { return waits.base[index].path.contains(task) }
    return tails.contains(task, from: index, &world, handovers)
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
    waits[index].since = max(now, since)
  }
}

/// How urgent the waiters are whose chains end in an owner.
struct OwnersWaiters {
  let owner: TaskIndex
  private(set) var mostUrgent: Priority?
  /// Of some waiter no priority is known.
  private(set) var hasUnknown = false

  init(owner: TaskIndex) { self.owner = owner }

  fileprivate mutating func add(_ priority: Priority?) {
    guard let priority else {
      hasUnknown = true
      return
    }
    if let most = mostUrgent, !priority.isMoreUrgent(than: most) { return }
    mostUrgent = priority
  }
}
