import TraceCore

// Waits, owners and handoffs, entry by entry.

extension Replay {
  mutating func began(_ row: Int, _ task: TaskIndex, _ lock: LockIndex, _ isMutex: Bool, _ owner: OwnerFact) {
    var wait = WaitNow(
      row: row, waiter: task, lock: lock, isMutex: isMutex, outer: self[task].wait, begin: now, since: now)
    if isMutex {
      self[lock].waiters += 1
      setOwner(lock, owner)
      // What a probe has read at this instant is so at this instant, gap or not.
      let isRead = if case .task(_, .probe) = owner { true } else { false }
      switch isRead ? owner : besideGap(owner) {
      case .task(let owner, let evidence): (wait.firstOwner, wait.firstEvidence) = (labelled(owner), evidence)
      // Known not to have one: the lock was given up, and the next owner is on its way.
      case .free(let evidence): wait.firstEvidence = evidence
      case .pending, .unknown: break
      }
    }
    touched.insert(task)
    touched.insert(lock)
    self[task].hidesWait = false
    self[task].wait = waits.count
    waits.append(wait)
  }

  mutating func ended(_ row: Int, _ task: TaskIndex, _ lock: LockIndex, _ acquired: Bool, _ owner: OwnerFact) {
    guard let index = index(of: row, task) else { return }
    closeWait(index)
    let wait = waits[index]
    if acquired { noteRelease(wait) }
    remove(index)
    touched.insert(task)
    touched.insert(lock)
    self[task].hidesWait = false
    guard wait.isMutex else { return }
    self[lock].waiters -= 1
    if acquired {
      setOwner(lock, owner)
    }
    if self[lock].waiters == 0 { forgetLock(lock) }
  }

  /// The place of a task's wait among the open ones.
  private func index(of row: Int, _ task: TaskIndex) -> Int? {
    var index = self[task].wait
    while index >= 0, waits[index].row != row { index = waits[index].outer }
    return index >= 0 ? index : nil
  }

  /// The wait is certain until that instant: what follows counts only if its end is seen after all.
  mutating func doubt(_ row: Int, since: Timestamp) {
    guard let index = waits.indices.first(where: { waits[$0].row == row }) else { return }
    // Of an instant further back nothing is kept: then all of it is as good as not known.
    guard since >= waits[index].since else { return }
    var times = waits[index].times
    times[waits[index].current] &+= since - waits[index].since
    rows.timesAtDoubt[row] = times
    waits[index].isDoubted = true
  }

  /// Takes a wait out of the list; the last one moves to its place.
  private mutating func remove(_ index: Int) {
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
  }

  mutating func released(
    _ lock: LockIndex, by task: TaskIndex, on lane: Int, _ evidence: Evidence, _ owner: OwnerFact
  ) {
    setOwner(lock, owner)
    if evidence == .event { hasReleases = true }
    self[task].hidesWait = false
    let evidence = lanesInGap == 0 ? evidence : evidence.combined(with: .inferred(.besideGap))
    if self[lock].waiters > 0, case .task = lanes[lane].donor, lanes[lane].curr == task { self[lock].handsOver = true }
    for i in waits.indices where waits[i].lock == lock {
      // Any reader of a semaphore releases it: only those before the waking can have led to it.
      if !waits[i].isMutex, waits[i].wakingAt != nil { continue }
      // Nor is it known that this one is, of a waiter whose waking a gap may hide.
      let mayBeWoken = !waits[i].isMutex && self[waits[i].waiter].hidesWait
      waits[i].release = (now, task, mayBeWoken ? evidence.combined(with: .inferred(.besideGap)) : evidence)
      waits[i].forgetSteps()
    }
  }

  /// The lock has this owner from now on; a hold that somebody waited for ends here.
  mutating func setOwner(_ lock: LockIndex, _ fact: OwnerFact) {
    guard self[lock].waiters > 0 else { return }
    let fact = besideGap(fact)
    var state = self[lock]
    // Nothing new of a lock that is being handed over.
    if state.owner.isFree, fact.isFree { return }
    touched.insert(lock)
    defer { self[lock] = state }
    if case .task(let owner, _) = state.owner, case .task(owner, _) = fact {
      // The same owner; how it is known may have changed.
      state.owner = fact
      state.touchesGap = state.touchesGap || lanesInGap > 0
      state.mostWaiters = max(state.mostWaiters, state.waiters)
      return
    }
    closeHold(state)
    state.owner = fact
    state.since = now
    state.touchesGap = lanesInGap > 0
    state.handsOver = false
    state.heir = nil
    state.mostWaiters = state.waiters
  }

  private mutating func closeHold(_ state: LockNow) {
    guard case .task(let owner, let stated) = state.owner, state.mostWaiters > 0, now > state.since else { return }
    let evidence = state.touchesGap ? stated.combined(with: .inferred(.besideGap)) : stated
    rows.holds.append(
      HoldRecord(
        begin: state.since, end: now, lock: state.address, owner: labelled(owner), waiters: UInt32(state.mostWaiters),
        evidence: evidence))
  }

  /// Nobody waits any more: nothing about the lock is of interest until somebody does.
  private mutating func forgetLock(_ lock: LockIndex) {
    closeHold(self[lock])
    self[lock] = LockNow(self[lock].address)
  }

  /// Closes what is open, at the instant of the last entry.
  mutating func finish(at end: Timestamp) {
    now = max(now, end)
    for index in waits.indices { closeWait(index) }
    for lane in lanes.indices { bookLane(lane) }
    for index in waits.indices where waits[index].isMutex { setOwner(waits[index].lock, .unknown) }
  }
}

// MARK: - Handoffs and migrations

extension Replay {
  mutating func noteWaking(_ task: TaskIndex, target: CPU) {
    let wait = self[task].wait
    guard wait >= 0 else { return }
    waits[wait].forgetSteps()
    waits[wait].wakingAt = now
    let lock = waits[wait].lock
    if self[lock].handsOver, self[lock].heir == nil {
      self[lock].heir = task
      touched.insert(lock)
    }
    // The CPU that the kernel has it on is not where it blocked, and no event moved it: the proxy migration that emits none.
    guard case .blocked = self[task].place, target >= 0 else { return }
    noteResidence(wait, task, target: target)
    if self[task].cpu != target {
      waits[wait].wasMovedSilently = true
      if proxies {
        rows.migrations.append(
          MigrationRecord(
            time: waits[wait].blockedSince ?? now, task: labelled(task), from: self[task].cpu, to: target, kind: .proxy,
            evidence: .inferred(.movedSilently)))
      }
      self[task].cpu = target
    }
  }

  mutating func noteMigration(_ task: TaskIndex, to cpu: CPU) {
    let wait = self[task].wait
    guard proxies, wait >= 0, waits[wait].wasMovedSilently, waits[wait].wakeupAt == nil else { return }
    waits[wait].migratedBack = true
    if self[task].cpu != cpu {
      rows.migrations.append(
        MigrationRecord(
          time: now, task: labelled(task), from: self[task].cpu, to: cpu, kind: .return, evidence: .event))
    }
  }

  mutating func noteSwitchIn(_ task: TaskIndex) {
    let wait = self[task].wait
    guard wait >= 0 else { return }
    if waits[wait].wakingAt != nil, waits[wait].switchedInAt == nil { waits[wait].switchedInAt = now }
    waits[wait].blockedSince = nil
  }

  /// A donor and its owner have come together on a CPU.
  mutating func noteDonation(_ lane: Int) {
    guard case .task(let donor, _, let evidence) = lanes[lane].donor, let curr = lanes[lane].curr else { return }
    let wait = self[donor].wait
    guard wait >= 0, let blocked = waits[wait].blockedSince, !waits[wait].hasDonated else { return }
    waits[wait].hasDonated = true
    lanes[lane].donations += 1
    rows.handoffs.append(
      HandoffRecord(
        begin: blocked, end: now, lock: self[waits[wait].lock].address, wait: UInt32(waits[wait].row),
        from: labelled(donor), to: labelled(curr), kind: .donation, evidence: evidence))
  }

  /// A wait has ended with the lock: where the lock was seen to be released, the steps since then.
  private mutating func noteRelease(_ wait: WaitNow) {
    guard let release = wait.release else { return }
    let (wake, queue, run) = (wait.wakingAt, wait.wakeupAt, wait.switchedInAt)
    rows.handoffs.append(
      HandoffRecord(
        begin: release.time, end: now, lock: self[wait.lock].address, wake: MaybeTime(wake.map { $0 - release.time }),
        queue: MaybeTime(queue.flatMap { q in wake.map { q - $0 } }),
        run: MaybeTime(run.flatMap { r in queue.map { r - $0 } }), acquire: MaybeTime(run.map { now - $0 }),
        wait: UInt32(wait.row), from: labelled(release.by), to: labelled(wait.waiter), kind: .release,
        migrated: wait.migratedBack, evidence: release.evidence))
  }
}
