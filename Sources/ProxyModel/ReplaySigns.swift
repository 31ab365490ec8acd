import TraceCore

// Signs of whether the kernel proxies, collected while a replay follows the journal.

/// What a kernel with proxy execution does otherwise than one without.
struct ProxySigns {
  /// Nanoseconds of contest after which more of it tells no more.
  static let enough = 5e8

  /// Blocked mutex waiters that were on another CPU when they were woken, though no event had moved them.
  var silentMoves: UInt64 = 0
  /// Blocked mutex waiters that were where they had blocked when they were woken, though their owner had been on another
  /// CPU's runqueue all the while.
  var stayed: UInt64 = 0
  /// A waiter left its CPU to the idle task although another task was queued there, which then ran without being woken:
  /// `proxy_resched_idle()` (kernel/sched/core.c).
  var idledWithWork: UInt64 = 0
  /// Choices that a probe has seen of a donor for which another task then ran.
  var donorsChosen: UInt64 = 0
  /// Switches to an owner, without a donor in the probe, while a waiter of it was blocked on that CPU that is more urgent.
  var undonated: UInt64 = 0
  /// Time in which an owner and others wanted the CPU on which its waiter was blocked; how long the owner ran in it, and how
  /// long it would have by its own weight, and by its donors'.
  var contested: Double = 0
  var ran: Double = 0
  var expectedAlone: Double = 0
  var expectedProxied: Double = 0
  /// An event named a donor.
  var namedDonors: UInt64 = 0
  /// Marks of a sched_ext scheduler were seen: tasks share as it pleases, and their weights tell nothing.
  var hasMarks = false
  /// An owner was switched in while the scheduler had a task running that was blocked on that owner's mutex.
  var markedDonors: UInt64 = 0
  /// Mutex waiters that left their CPU, by whether the scheduler's `stopping` said that they stay runnable.
  var keptWaiters: UInt64 = 0
  var dequeuedWaiters: UInt64 = 0
}

extension Replay {
  /// Adds the time since the last entry to the contests between owners and others that went on in it.
  mutating func weighContests(until time: Timestamp) {
    let length = time - now
    guard length > 0, signs.contested < ProxySigns.enough else { return }
    for index in waits.indices where waits[index].isMutex {
      guard case .blocked(let cpu) = self[waits[index].waiter].place, !self[waits[index].waiter].isParked,
        case (.task(let owner), _) = walk(from: index),
        !(0..<index).contains(where: { isDonor($0, of: owner, on: cpu) })
      else { continue }
      weighContest(of: owner, on: cpu, Double(length))
    }
  }

  private mutating func weighContest(of owner: TaskIndex, on cpu: CPU, _ length: Double) {
    guard cpu >= 0, Int(cpu) < lanes.count, let curr = lanes[Int(cpu)].curr,
      self[owner].place == .queued(cpu) || curr == owner
    else { return }
    var donors = 0.0
    for index in waits.indices where isDonor(index, of: owner, on: cpu) { donors += weight(waits[index].waiter) }
    var others = curr == owner || self[curr].pid == 0 ? 0 : weight(curr)
    var next = lanes[Int(cpu)].firstQueued
    while next >= 0 {
      if UInt32(next) != owner.rawValue { others += weight(TaskIndex(rawValue: UInt32(next))) }
      next = tasks[Int(next)].nextQueued
    }
    let own = weight(owner)
    guard others > 0, own > 0, donors > 0 else { return }
    signs.contested += length
    if curr == owner { signs.ran += length }
    signs.expectedAlone += length * own / (own + others)
    signs.expectedProxied += length * (own + donors) / (own + donors + others)
  }

  private mutating func isDonor(_ index: Int, of owner: TaskIndex, on cpu: CPU) -> Bool {
    let waiter = waits[index].waiter
    guard waits[index].isMutex, self[waiter].place == .blocked(cpu), !self[waiter].isParked else { return false }
    guard case (.task(let terminal), _) = walk(from: index) else { return false }
    return terminal == owner
  }

  /// A task's weight as CFS has it: 1024 at nice 0, a factor of 1.25 a step (`sched_prio_to_weight`, kernel/sched/core.c).
  /// Real-time and deadline tasks weigh so much that fair ones do not count, and each priority more than all below it.
  private func weight(_ task: TaskIndex) -> Double {
    guard let priority = self[task].priority?.rawValue else { return 0 }
    if priority >= 100 { return 1024 * power(1.25, 120 - Int(priority)) }
    return 1e9 * power(1e3, min(90, 99 - Int(max(-1, priority))))
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= base }
    return exponent < 0 ? 1 / result : result
  }

  /// A switch to `next`: whether the CPU had idled before it with `next` on its queue.
  mutating func noteIdling(_ lane: Int, from: TaskIndex, to next: TaskIndex) {
    if self[from].pid == 0, lanes[lane].idledBesides.contains(next) { signs.idledWithWork += 1 }
    if !lanes[lane].idledBesides.isEmpty {
      lanes[lane].idledBesides.removeAll(keepingCapacity: true)
      idledLanes -= 1
    }
    guard self[next].pid == 0, self[from].wait >= 0, waits[self[from].wait].isMutex else { return }
    lanes[lane].idledBesides = queued(on: lane)
    if !lanes[lane].idledBesides.isEmpty { idledLanes += 1 }
  }
}

extension Replay {
  /// A waiter has just blocked: whether its owner is on another CPU's runqueue, so that a kernel that proxies moves it there.
  mutating func noteRemoteOwner(_ index: Int, home: CPU) {
    waits[index].ownerWasElsewhere = false
    guard case .task(let owner, _) = self[waits[index].lock].owner else { return }
    switch self[owner].place {
    case .running(let cpu), .queued(let cpu): waits[index].ownerWasElsewhere = cpu != home
    case .blocked, .waking, .asleep, .unknown: break
    }
  }

  /// The probe says that the task that is switched in runs on its own account: whether a waiter could have lent its own.
  mutating func noteSelf(_ next: TaskIndex, on cpu: CPU) {
    guard let own = self[next].priority else { return }
    for index in waits.indices where isDonor(index, of: next, on: cpu) {
      if let lent = self[waits[index].waiter].priority, lent.isMoreUrgent(than: own) {
        signs.undonated += 1
        return
      }
    }
  }

  /// A blocked waiter is woken on `target`.
  mutating func noteResidence(_ index: Int, _ task: TaskIndex, target: CPU) {
    if self[task].cpu != target {
      signs.silentMoves += 1
    } else if waits[index].ownerWasElsewhere, !self[task].isParked {
      signs.stayed += 1
    }
  }
}
