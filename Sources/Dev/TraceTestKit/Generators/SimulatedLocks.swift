import TraceCore

/// What tasks do with the CPU: their scripts, and the locks in them.
extension SimulatedMachine {
  private static let spinLimit = 2_000...40_000

  /// The running task has done its step and goes on.
  mutating func proceed(_ cpu: Int) {
    guard let task = processors[cpu].curr else { return }
    charge(cpu)
    if tasks[task].wants != nil { return tryAgain(task, on: cpu) }
    if tasks[task].position == tasks[task].script.count {
      guard tasks[task].isRepeated, !tasks[task].script.isEmpty else { return sleep(task, on: cpu, until: nil) }
      tasks[task].position = 0
    }
    let step = tasks[task].script[tasks[task].position]
    tasks[task].position += 1
    switch step {
    case .spin(let time): tasks[task].remaining = max(1, time)
    case .sleep(let time): sleep(task, on: cpu, until: now + time)
    case .lock(let lock): take(lock, task, on: cpu)
    case .unlock(let lock): release(lock, task, on: cpu)
    }
  }

  private mutating func sleep(_ task: Int, on cpu: Int, until alarm: UInt64?) {
    tasks[task].status = .sleeping
    tasks[task].alarm = alarm
    tasks[task].remaining = 500
    reschedule(cpu, leaving: .interruptible)
  }

  // MARK: Locking

  private mutating func take(_ lock: Int, _ task: Int, on cpu: Int) {
    tasks[task].remaining = 100
    guard let owner = locks[lock].owner else {
      now += 1
      return beginHold(lock, task)
    }
    tasks[task].wants = lock
    let begin = emitContention(lock, on: cpu, [.spin, .mutex])
    if plan.recordsTruth {
      tasks[task].wait = truth.waits.count
      truth.waits.append(ScheduleTruth.Wait(waiter: tasks[task].pid, lock: locks[lock].address, begin: begin))
    }
    // As long as the owner runs it may be done in a moment, which is cheaper than going to sleep.
    guard processors.contains(where: { $0.curr == owner }) else { return goToSleep(task, on: cpu) }
    tasks[task].isSpinning = true
    tasks[task].remaining = UInt64(random.number(Self.spinLimit))
  }

  /// A waiter on the CPU gives up spinning.
  mutating func goToSleep(_ task: Int, on cpu: Int) {
    guard let lock = tasks[task].wants else { return }
    tasks[task].isSpinning = false
    emitContention(lock, on: cpu, .mutex)
    if !locks[lock].waiters.contains(task) { locks[lock].waiters.append(task) }
    tasks[task].status = plan.proxyExecution ? .donating : .parked
    tasks[task].homeCPU = cpu
    tasks[task].remaining = 300
    if plan.interruptedWaits > 0, random.oneIn(plan.interruptedWaits) {
      tasks[task].signalTime = now + UInt64(random.number(10_000...500_000))
    }
    reschedule(cpu, leaving: .uninterruptible)
  }

  /// A waiter was woken, or has spun long enough.
  private mutating func tryAgain(_ task: Int, on cpu: Int) {
    guard let lock = tasks[task].wants else { return }
    if locks[lock].owner == nil { return acquireAfterWait(task, on: cpu) }
    if tasks[task].isInterrupted { return abandon(lock, task, on: cpu) }
    // Somebody was faster. A woken waiter announces another round before it sleeps again.
    if !tasks[task].isSpinning { emitContention(lock, on: cpu, [.spin, .mutex]) }
    goToSleep(task, on: cpu)
  }

  mutating func acquireAfterWait(_ task: Int, on cpu: Int) {
    guard let lock = tasks[task].wants else { return }
    endWait(lock, task, on: cpu, result: 0)
    beginHold(lock, task)
  }

  /// A signal came: the task goes on behind the critical section that it could not enter.
  private mutating func abandon(_ lock: Int, _ task: Int, on cpu: Int) {
    endWait(lock, task, on: cpu, result: -4)
    let rest = tasks[task].script[tasks[task].position...]
    if let end = rest.firstIndex(of: .unlock(lock)) { tasks[task].position = end + 1 }
  }

  private mutating func endWait(_ lock: Int, _ task: Int, on cpu: Int, result: Int32) {
    locks[lock].waiters.removeAll { $0 == task }
    let time = emit(cpu, .contentionEnded(lock: locks[lock].address, result: result))
    if let wait = tasks[task].wait {
      truth.waits[wait].end = time
      truth.waits[wait].result = result
    }
    (tasks[task].wants, tasks[task].wait) = (nil, nil)
    (tasks[task].isSpinning, tasks[task].isInterrupted, tasks[task].remaining) = (false, false, 100)
  }

  private mutating func beginHold(_ lock: Int, _ task: Int) {
    locks[lock].owner = task
    guard plan.recordsTruth else { return }
    locks[lock].hold = truth.holds.count
    truth.holds.append(
      ScheduleTruth.Hold(lock: locks[lock].address, owner: tasks[task].pid, begin: Timestamp(now)))
  }

  // MARK: Unlocking

  private mutating func release(_ lock: Int, _ task: Int, on cpu: Int) {
    tasks[task].remaining = 200
    if plan.emitsReleases, !locks[lock].waiters.isEmpty {
      emit(cpu, .contendedRelease(lock: locks[lock].address))
    } else {
      now += 1
    }
    locks[lock].owner = nil
    if let hold = locks[lock].hold { truth.holds[hold].end = Timestamp(now) }
    locks[lock].hold = nil
    // On whose account the owner ran comes first, whatever the order of arrival.
    let donor = locks[lock].waiters.first { tasks[$0].status == .donating && isDonating($0, on: cpu) }
    guard let next = donor ?? locks[lock].waiters.first, tasks[next].isBlocked else { return }
    wake(next, from: cpu)
  }

  /// Whether a CPU works on a blocked task's account, or on that of one that waits for it.
  private func isDonating(_ task: Int, on cpu: Int) -> Bool {
    var link = processors[cpu].donor
    while let waiter = link, tasks[waiter].isBlocked {
      if waiter == task { return true }
      link = tasks[waiter].wants.flatMap { locks[$0].owner }
    }
    return false
  }

  @discardableResult
  private mutating func emitContention(_ lock: Int, on cpu: Int, _ flags: ContentionFlags) -> Timestamp {
    let address = locks[lock].address
    let time = emit(cpu, .contentionBegan(lock: address, flags: flags))
    if plan.emitsProbes {
      let owner = locks[lock].owner.map { SyntheticAddress.task(tasks[$0].pid) } ?? 0
      emit(cpu, .probedWait(WaitProbe(lock: address, flags: flags, owner: owner)))
    }
    return time
  }
}
