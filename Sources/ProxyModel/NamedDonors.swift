import TraceCore

// Donors and owners that events name: those of kernels out of tree, and what the marks of a sched_ext scheduler come to.

extension ProxyMachine {
  mutating func donorNamed(_ donor: Pid, _ owner: Pid, _ event: SchedEvent) {
    see(.donor)
    guard isTask(donor, event), isTask(owner, event) else { return }
    tell(
      .namedDonor(tasks.livingTask(donor), owner: tasks.livingTask(owner)), at: event.timestamp, cpu: event.cpu)
  }

  mutating func ownerNamed(_ lock: LockAddress, _ waiter: Pid, _ owner: Pid, _ event: SchedEvent) {
    see(.owner)
    guard isTask(waiter, event), isTask(owner, event) else { return }
    let (waiter, owner) = (tasks.livingTask(waiter), tasks.livingTask(owner))
    let named = lock.rawValue == 0 ? waits.waiting(waiter)?.lock : lock
    // Nobody owns what it waits for; and only mutexes have owners here.
    guard let named, waits.kind(of: named) == .mutex, waits.waiting(owner)?.lock != named else { return }
    let lock = locks.index(of: named)
    let position = note(.ownerRead(lock), at: event.timestamp, cpu: event.cpu)
    ledger.ownerRead(lock, owner, by: waiter, .event, at: position, in: &journal)
  }

  /// Whether a pid is one that a kernel hands out to a task.
  private mutating func isTask(_ pid: Pid, _ event: SchedEvent) -> Bool {
    if TaskTable.isValid(pid), pid != 0 { return true }
    diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(pid)")
    return false
  }
}

extension Replay {
  /// An event names a donor: of curr, or of the task that the CPU's next switch brings.
  mutating func named(_ lane: Int, _ donor: TaskIndex, _ owner: TaskIndex) {
    announced[lane] = nil
    if donor != owner { signs.namedDonors += 1 }
    if lanes[lane].curr != owner {
      announced[lane] = (donor, owner)
    } else if proxies {
      setDonor(lane, account(of: donor, for: owner, .event))
    }
  }

  /// On whose account `next` runs, to which a CPU has just switched, where events tell; `nil` where they do not.
  mutating func namedDonor(_ lane: Int, left: TaskIndex, _ state: TaskState, next: TaskIndex) -> DonorNow? {
    let marked = settleMarks(lane, left, state, next)
    if let (donor, owner) = announced.isEmpty ? nil : announced.removeValue(forKey: lane), owner == next {
      return account(of: donor, for: next, .event)
    }
    // The callbacks count more than what priorities suggest: a sched_ext scheduler need not go by them.
    guard let marked else { return nil }
    return account(of: marked, for: next, nil)
  }

  /// - Parameter evidence: how it is known that the one runs on the other's account; `nil`: as well as that the donor's chain
  ///   ends there.
  private mutating func account(of donor: TaskIndex, for owner: TaskIndex, _ evidence: Evidence?) -> DonorNow {
    if donor == owner { return .own }
    guard self[donor].wait >= 0, case (.task(owner), let known) = walk(from: self[donor].wait) else {
      return .task(donor, depth: nil, evidence ?? .inferred(.markedDonor))
    }
    return .task(donor, depth: walkedLocks.count, evidence ?? known.combined(with: .event))
  }
}
