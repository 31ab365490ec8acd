import TraceCore

// Waits, owners and holds, step by step.

extension World {
  /// A wait begins; it is the last of ``waits``.
  /// - Parameter read: the owner that was read at this very instant, gap or not.
  mutating func beginWait(
    _ row: Int, _ task: TaskIndex, _ lock: LockIndex, isMutex: Bool, _ owner: OwnerFact, read: OwnerFact?
  ) {
    var wait = WaitNow(row: row, waiter: task, lock: lock, isMutex: isMutex, outer: self[task].wait)
    if isMutex {
      self[lock].waiters += 1
      setOwner(lock, owner)
      switch read ?? besideGap(owner) {
      case .task(let owner, let evidence): (wait.firstOwner, wait.firstEvidence) = (labelID(owner), evidence)
      // Given up, and the next owner is on its way. That the lock has none meanwhile only a probe can read: it may have been
      // handed over (`MUTEX_FLAG_PICKUP`, kernel/locking/mutex.c).
      case .free(let evidence):
        wait.firstEvidence = evidence.combined(with: evidence == .probe ? .probe : .inferred(.foundFree))
      case .pending, .unknown, .noRelease: break
      }
    }
    // Who else waits for the lock bears on nobody's chain, and ``setOwner(_:_:)`` has told of an owner.
    changed.insert(task)
    self[task].mayHideWait = false
    self[task].wait = waits.count
    waits.append(wait)
  }

  /// The place of a task's wait among the open ones.
  mutating func waitIndex(of row: Int, _ task: TaskIndex) -> Int? {
    var index = self[task].wait
    while index >= 0, waits[index].row != row { index = waits[index].outer }
    return index >= 0 ? index : nil
  }

  /// A wait ends: takes it out of the list; the last one moves to its place.
  mutating func removeWait(_ index: Int) {
    let gone = waits[index]
    if self[gone.waiter].wait == index { self[gone.waiter].wait = gone.outer }
    let last = waits.count - 1
    for i in waits.indices where waits[i].outer == index { waits[i].outer = gone.outer }
    if last != index {
      waits[index] = waits[last]
      if self[waits[index].waiter].wait == last { self[waits[index].waiter].wait = index }
      for i in waits.indices where waits[i].outer == last { waits[i].outer = index }
    }
    waits.removeLast()
    changed.insert(gone.waiter)
    self[gone.waiter].mayHideWait = false
  }

  /// A wait for a mutex has ended, and with it perhaps all interest in the lock.
  /// - Parameter owner: who has it from now on; `nil` where the wait failed.
  mutating func leaveLock(_ lock: LockIndex, owner: OwnerFact?) {
    self[lock].waiters -= 1
    if let owner { setOwner(lock, owner) }
    if self[lock].waiters > 0 { return }
    closeHold(lock)
    // Nobody waits any more: nothing about the lock is of interest until somebody does.
    let tenure = self[lock].tenure
    self[lock] = LockNow(self[lock].address)
    self[lock].tenure = tenure &+ 1
  }

  /// Whether a task can have taken a lock since an instant: it ran since then, or it is not known where it was.
  mutating func mayHaveRun(_ task: TaskIndex, since: Timestamp) -> Bool {
    switch place(of: task) {
    case .running, .unknown: true
    case .queued, .blocked, .waking, .asleep: scheduling.leftAt(task).map { $0 >= since } ?? true
    }
  }

  /// The owner that a journal entry names, if it can be that.
  mutating func plausible(_ owner: OwnerFact, since: Timestamp) -> OwnerFact {
    guard since.rawValue != 0, case .task(let task, _) = owner, !mayHaveRun(task, since: since) else { return owner }
    return .unknown
  }

  /// A mutex was acquired: releases before that led to no end of those who still wait.
  mutating func forgetReleases(of lock: LockIndex) {
    for i in waits.indices where waits[i].lock == lock && waits[i].isMutex {
      waits[i].release = nil
      waits[i].forgetSteps()
    }
  }

  /// A lock is released; waits for it may end by that.
  mutating func release(_ lock: LockIndex, by task: TaskIndex, _ stated: Evidence, _ owner: OwnerFact) {
    setOwner(lock, owner)
    if stated == .event { signs.hasReleases = true }
    self[task].mayHideWait = false
    let evidence = gaps.isInGap ? stated.combined(with: .inferred(.besideGap)) : stated
    for i in waits.indices where waits[i].lock == lock {
      // Any reader of a semaphore releases it: only those before the waking can have led to it.
      if !waits[i].isMutex, waits[i].wakingAt != nil { continue }
      // Nor is it known that this one is, of a waiter whose waking a gap may hide.
      let mayBeWoken = !waits[i].isMutex && self[waits[i].waiter].mayHideWait
      waits[i].release = (now, task, mayBeWoken ? evidence.combined(with: .inferred(.besideGap)) : evidence)
      waits[i].forgetSteps()
    }
  }

  /// The lock has this owner from now on; a hold that somebody waited for ends here.
  mutating func setOwner(_ lock: LockIndex, _ fact: OwnerFact) {
    precondition(Int(lock.rawValue) < locks.count, "no such lock")
    // No lock is added meanwhile.
    let state = locks.base + Int(lock.rawValue)
    guard state.pointee.waiters > 0 else { return }
    let fact = besideGap(fact)
    // Nothing new of a lock that is being handed over.
    if state.pointee.owner.isFree, fact.isFree { return }
    if state.pointee.owner != fact { changed.insert(lock) }
    if case .task(let owner, _) = state.pointee.owner, case .task(owner, let known) = fact {
      // The same owner; how it is known may have changed.
      state.pointee.owner = fact
      state.pointee.holdEvidence = state.pointee.holdEvidence.combined(with: known)
      state.pointee.touchesGap = state.pointee.touchesGap || gaps.isInGap
      state.pointee.mostWaiters = max(state.pointee.mostWaiters, state.pointee.waiters)
      return
    }
    closeHold(lock)
    if case .task(let owner, let known) = fact, rows.kinds.contains(.holds) {
      state.pointee.holdEvidence = known
      state.pointee.clock = beginOwning(owner)
      holdSteps.append(.began(lock, owner))
    }
    state.pointee.owner = fact
    state.pointee.since = now
    state.pointee.touchesGap = gaps.isInGap
    state.pointee.mostWaiters = state.pointee.waiters
    state.pointee.tenure &+= 1
  }

  /// A lock's owner owns it no more.
  private mutating func closeHold(_ lock: LockIndex) {
    let state = locks.base + Int(lock.rawValue)
    guard case .task(let owner, _) = state.pointee.owner else { return }
    defer { if rows.kinds.contains(.holds) { self[owner].owned -= 1 } }
    guard state.pointee.mostWaiters > 0, now > state.pointee.since else { return }
    let (begin, address) = (state.pointee.since, state.pointee.address)
    guard rows.kinds.contains(.holds) else {
      if rows.kinds.contains(.heldTimes) {
        rows.heldTimes.append(HeldTimeRecord(begin: begin, end: now, owner: labelID(owner)))
        rows.heldTotals.add(now - begin, Int(owner.rawValue))
      }
      return
    }
    let known = state.pointee.holdEvidence
    let evidence = state.pointee.touchesGap ? known.combined(with: .inferred(.besideGap)) : known
    bookOwner(owner)
    holdSteps.append(.ended(lock, owner))
    rows.holds.append(
      HoldRecord(
        begin: begin, end: now, lock: address, owner: labelID(owner), waiters: UInt32(state.pointee.mostWaiters),
        number: UInt32(rows.holds.count), evidence: evidence, clock: self[owner].clock.since(state.pointee.clock)))
  }

  /// Whether a task's migration brings it back to its CPU after a proxy migration.
  mutating func isReturnMigration(_ task: TaskIndex) -> Bool {
    let wait = self[task].wait
    guard wait >= 0, waits[wait].wasMovedSilently, waits[wait].wakeupAt == nil else { return false }
    waits[wait].migratedBack = true
    return true
  }

  /// Closes open holds, at the instant of the last step.
  mutating func closeHolds() {
    for index in waits.indices where waits[index].isMutex { setOwner(waits[index].lock, .unknown) }
  }
}
