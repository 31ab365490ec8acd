import TraceCore

// Waits and who ends them.

extension ProxyMachine {
  mutating func contended(
    _ lock: LockAddress, _ flags: ContentionFlags, _ cpu: Int, _ current: TaskIndex, isPinned: Bool, at time: Timestamp
  ) {
    facts.see(.contentionBegan)
    guard let kind = WaitKind(flags) else {
      cpus[cpu].beginSpinning(on: lock)
      return
    }
    let row = waits.begin(
      lock, kind: kind, waiter: tasks.label(current), cpu: CPU(cpu), at: time, isPinned: isPinned)
    endLostWaits(at: time, cpu: CPU(cpu))
    let lock = locks.index(of: lock)
    if let row {
      let position = deferStep(
        .waitBegan(wait: row, current, lock, isMutex: kind == .mutex), at: time, cpu: CPU(cpu))
      if kind == .mutex {
        let spin = flags.contains(.spin) ? spin(on: cpu, at: time) : nil
        deferred.owners.waitBegan(lock, current, spin: spin, at: position, in: &deferred.journal)
      }
    }
    if kind == .mutex, !flags.contains(.spin) {
      if row == nil, deferred.owners.isListEmpty(lock) {
        let position = deferStep(.ownerRead(lock), at: time, cpu: CPU(cpu))
        deferred.owners.listed(lock, current, at: position, in: &deferred.journal)
      }
      deferred.owners.waiterSleeps(lock, current, at: time)
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
    _ lock: LockAddress, _ result: Int32, _ cpu: Int, _ current: TaskIndex, at time: Timestamp
  ) {
    facts.see(.contentionEnded)
    if cpus[cpu].endSpinning(on: lock) { return }
    let row = waits.end(
      lock, result: result, waiter: tasks.label(current), at: time,
      certainSince: min(facts.gaplessSince, time))
    endLostWaits(at: time, cpu: CPU(cpu))
    waits.aboutToBlock.remove(current)
    guard let row else { return acquiredBlindly(lock, result, cpu, current, at: time) }
    let lock = locks.index(of: lock)
    let position = deferStep(
      .waitEnded(wait: row, current, lock, acquired: result == 0), at: time, cpu: CPU(cpu))
    deferred.owners.waitEnded(
      lock, current, acquired: result == 0, at: position, time: time, in: &deferred.journal)
  }

  /// A `contended_release`.
  mutating func released(_ lock: LockAddress, _ cpu: Int, _ current: TaskIndex, at time: Timestamp) {
    facts.see(.contendedRelease)
    let lock = locks.index(of: lock)
    let position = deferStep(.released(lock, by: current, .event), at: time, cpu: CPU(cpu))
    deferred.owners.released(lock, by: current, at: position, time: time, in: &deferred.journal)
  }

  /// The wait's begin is not in the trace; that the lock is this task's from now on the event says all the same.
  mutating func acquiredBlindly(
    _ lock: LockAddress, _ result: Int32, _ cpu: Int, _ current: TaskIndex, at time: Timestamp
  ) {
    guard result == 0, waits.kind(of: lock) == .mutex else { return }
    let lock = locks.index(of: lock)
    let position = deferStep(.acquired(lock), at: time, cpu: CPU(cpu))
    deferred.owners.waitEnded(lock, current, acquired: true, at: position, time: time, in: &deferred.journal)
  }
}
