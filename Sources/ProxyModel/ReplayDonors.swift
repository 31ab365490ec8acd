import TraceCore

// The curr/donor split.

extension Replay {
  /// Books the time since the last change of a CPU's curr or donor, and the split that it was.
  mutating func bookLane(_ lane: Int, until end: Timestamp? = nil) {
    let end = max(end ?? now, lanes[lane].since)
    let length = end - lanes[lane].since
    defer { lanes[lane].since = end }
    guard length > 0, let curr = lanes[lane].curr, self[curr].pid != 0 else { return }
    switch lanes[lane].donor {
    case .own: break
    case .unknown: lanes[lane].unknown += length
    case .task(let donor, let depth, let evidence):
      lanes[lane].proxied += length
      rows.splits.append(
        SplitRow(
          cpu: CPU(lane), begin: lanes[lane].since, end: end, donor: label(donor), curr: label(curr), depth: depth,
          evidence: evidence))
    }
  }

  /// Blocked donors whose owner cannot run are taken off the runqueue when they are picked, which is at once: nothing more
  /// urgent kept them from it a moment ago.
  mutating func parkDonors() {
    for index in waits.indices where waits[index].isMutex {
      let waiter = waits[index].waiter
      guard case .blocked = self[waiter].place, !self[waiter].isParked else { continue }
      guard case (.task(let terminal), _) = walk(from: index), self[terminal].place == .asleep else { continue }
      self[waiter].isParked = true
    }
  }

  /// Blocked donors that a CPU has picked before it came to `next` do not stay where their owner is not.
  ///
  /// A picked donor whose owner is on another CPU moves there, silently (`proxy_migrate_task()`): one that has just blocked,
  /// since it is picked first again, and one that is more urgent than `next`. One that waits for `next` itself has followed
  /// it here. Of a longer chain each link follows only its own owner, one step behind it.
  mutating func settleDonors(_ cpu: CPU, left: TaskIndex, next: TaskIndex) {
    for index in waits.indices where waits[index].isMutex {
      let waiter = waits[index].waiter
      guard case .blocked(let place) = self[waiter].place, !self[waiter].isParked,
        case .task(let owner, _) = locks[waits[index].lock]?.owner ?? .unknown
      else { continue }
      if owner == next {
        self[waiter].place = .blocked(cpu)
      } else if place == cpu, home(of: owner) >= 0, home(of: owner) != cpu, waiter == left || isMoreUrgent(waiter, next)
      {
        self[waiter].place = .blocked(home(of: owner))
      }
    }
  }

  private func isMoreUrgent(_ a: TaskIndex, _ b: TaskIndex) -> Bool {
    if self[b].pid == 0 { return true }
    guard let first = self[a].priority, let second = self[b].priority else { return false }
    return first.isMoreUrgent(than: second)
  }

  /// The CPU on whose runqueue a task is.
  private func home(of task: TaskIndex) -> CPU {
    switch self[task].place {
    case .running(let cpu), .queued(let cpu), .blocked(let cpu): cpu
    case .asleep, .unknown: self[task].cpu
    }
  }

  /// The donor of a task that is being switched in: the most urgent of the blocked tasks on this CPU whose chain ends in it,
  /// if it is more urgent than the task itself.
  mutating func inferDonor(of curr: TaskIndex, on cpu: CPU) -> DonorNow {
    var best: (task: TaskIndex, depth: Int, evidence: Evidence)?
    for index in waits.indices where waits[index].isMutex {
      let waiter = waits[index].waiter
      guard self[waiter].place == .blocked(cpu), !self[waiter].isParked else { continue }
      guard case (.task(let terminal), let evidence) = walk(from: index), terminal == curr else { continue }
      if let current = best, !isMoreUrgent(waiter, current.task) { continue }
      best = (waiter, walkedLocks.count, evidence)
    }
    guard let best, isMoreUrgent(best.task, curr) else { return .own }
    return .task(best.task, depth: best.depth, best.evidence.combined(with: .inferred(.mostUrgentDonor)))
  }

  /// A donor that is woken and moved back to its own CPU lends nothing more: curr goes on by itself
  /// (`proxy_reset_donor()`, kernel/sched/core.c).
  mutating func dropReturningDonor(_ task: TaskIndex, to cpu: CPU) {
    for lane in lanes.indices where CPU(lane) != cpu {
      if case .task(task, _, _) = lanes[lane].donor { setDonor(lane, .own, since: now) }
    }
  }

  /// The probe beside a switch tells the donor, if there is one.
  mutating func probed(_ lane: Int, next: TaskIndex, donor: TaskIndex?, depth: UInt8) {
    hasProbes = true
    guard proxies, lanes[lane].curr == next else { return }
    setDonor(lane, donor.map { .task($0, depth: Int(depth), .probe) } ?? .own, since: now)
  }

  /// A probe tells whom the scheduler chose. If curr stays, the donor changes under it; whether it stays shows when the
  /// CPU's next record is not its switch.
  ///
  /// Of several choices in a row the last one holds: the kernel moved the donors of the others away and picked anew.
  mutating func chosen(_ lane: Int, _ task: TaskIndex) { lanes[lane].choice = (task, now) }

  /// The choice before this record led to no switch: curr goes on, on the account of the chosen task.
  mutating func settleChoice(_ lane: Int) {
    guard let (task, time) = lanes[lane].choice else { return }
    lanes[lane].choice = nil
    guard proxies, let curr = lanes[lane].curr, self[curr].pid != 0, !lanes[lane].awaitsProbe else { return }
    if task == curr { return setDonor(lane, .own, since: time) }
    guard self[task].wait >= 0 else { return }
    let isKnown = if case (.task(curr), _) = walk(from: self[task].wait) { true } else { false }
    setDonor(lane, .task(task, depth: isKnown ? walkedLocks.count : nil, .probe), since: time)
  }

  private mutating func setDonor(_ lane: Int, _ donor: DonorNow, since time: Timestamp) {
    // The first probe after a switch tells what held since the switch.
    if !lanes[lane].awaitsProbe {
      if case (.task(let old, _, _), .task(let new, _, _)) = (lanes[lane].donor, donor), old == new {
        // The same donor; from here on it is known as well as the probe knows it.
        lanes[lane].donor = donor
        return
      }
      if lanes[lane].donor == donor { return }
      bookLane(lane, until: time)
    }
    lanes[lane].awaitsProbe = false
    lanes[lane].donor = donor
    noteDonation(lane)
  }
}
