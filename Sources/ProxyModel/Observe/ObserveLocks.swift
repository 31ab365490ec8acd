import TraceCore

// Waits and who ends them.

extension ProxyMachine {
  mutating func contended(
    _ lock: LockAddress, _ flags: ContentionFlags, _ event: SchedEvent, _ cpu: Int, _ current: TaskIndex
  ) {
    facts.see(.contentionBegan)
    guard let kind = WaitKind(flags) else {
      cpus[cpu].beginSpinning(on: lock)
      return
    }
    let row = waits.begin(
      lock, kind: kind, waiter: tasks.label(current), cpu: event.cpu, at: event.timestamp,
      isPinned: event.context.contains(.migrationDisabled))
    endLostWaits(event)
    let lock = locks.index(of: lock)
    if let row {
      let position = deferStep(
        .waitBegan(wait: row, current, lock, isMutex: kind == .mutex), at: event.timestamp, cpu: event.cpu)
      if kind == .mutex {
        let spin = flags.contains(.spin) ? spin(on: cpu, at: event.timestamp) : nil
        deferred.owners.waitBegan(lock, current, spin: spin, at: position, in: &deferred.journal)
      }
    }
    if kind == .mutex, !flags.contains(.spin) {
      if row == nil, deferred.owners.isListEmpty(lock) {
        let position = deferStep(.ownerRead(lock), at: event.timestamp, cpu: event.cpu)
        deferred.owners.listed(lock, current, at: position, in: &deferred.journal)
      }
      deferred.owners.waiterSleeps(lock, current, at: event.timestamp)
      waits.aboutToBlock.insert(current)
    } else {
      waits.aboutToBlock.remove(current)
    }
  }

  /// What a task that begins to spin could see of the other CPUs.
  private mutating func spin(on cpu: Int, at time: Timestamp) -> SpinID {
    let spin = deferred.owners.spins.begin(at: time, sawAll: cpus.count >= options.cpuCount)
    for other in cpus.indices where other != cpu {
      switch cpus[other].current {
      case .task(let task, let pid): if pid != 0 { deferred.owners.spins[spin].others.append(task) }
      case .unknown: deferred.owners.spins[spin].sawAll = false
      }
    }
    return spin
  }

  mutating func acquired(
    _ lock: LockAddress, _ result: Int32, _ event: SchedEvent, _ cpu: Int, _ current: TaskIndex
  ) {
    facts.see(.contentionEnded)
    if cpus[cpu].endSpinning(on: lock) { return }
    let row = waits.end(
      lock, result: result, waiter: tasks.label(current), at: event.timestamp,
      certainSince: min(facts.gaplessSince, event.timestamp))
    endLostWaits(event)
    waits.aboutToBlock.remove(current)
    guard let row else { return acquiredBlindly(lock, result, event, current) }
    let lock = locks.index(of: lock)
    let position = deferStep(
      .waitEnded(wait: row, current, lock, acquired: result == 0), at: event.timestamp, cpu: event.cpu)
    deferred.owners.waitEnded(
      lock, current, acquired: result == 0, at: position, time: event.timestamp, in: &deferred.journal)
  }

  /// The wait's begin is not in the trace; that the lock is this task's from now on the event says all the same.
  mutating func acquiredBlindly(
    _ lock: LockAddress, _ result: Int32, _ event: SchedEvent, _ current: TaskIndex
  ) {
    guard result == 0, waits.kind(of: lock) == .mutex else { return }
    let lock = locks.index(of: lock)
    let position = deferStep(.acquired(lock), at: event.timestamp, cpu: event.cpu)
    deferred.owners.waitEnded(lock, current, acquired: true, at: position, time: event.timestamp, in: &deferred.journal)
  }
}
