import TraceCore

/// CPUs, tasks and locks of a ``ScheduleGenerator``, and the clock that drives them.
struct SimulatedMachine {
  struct Processor {
    /// Index of the task that runs; `nil` = idle.
    var curr: Int?
    /// On whose account.
    var donor: Int?
    /// Since when `curr` has not been charged for its time.
    var chargedTo: UInt64
    var sliceEnd: UInt64 = .max
  }

  struct Lock {
    var address: LockAddress
    var owner: Int?
    /// In order of arrival, also those that have been woken and not yet run.
    var waiters: [Int] = []
    /// Index of the open hold in the truth.
    var hold: Int?
  }

  enum TaskStatus {
    /// Until ``SimulatedTask/alarm``, or for good.
    case sleeping
    /// On a runqueue or running.
    case runnable
    /// Waits for a lock, but stays on the runqueue as a possible donor.
    case donating
    /// Waits for a lock off the runqueue.
    case parked
  }

  let plan: SchedulePlan
  var random: SeededGenerator
  var now: UInt64
  var processors: [Processor]
  var tasks: [SimulatedTask]
  var locks: [Lock]
  var emitted: [SchedEvent] = []
  var truth = ScheduleTruth()

  init(_ plan: SchedulePlan) {
    self.plan = plan
    var random = SeededGenerator(seed: plan.seed)
    now = plan.start.rawValue
    let start = now
    processors = (0..<plan.cpuCount).map { _ in Processor(chargedTo: start) }
    locks = (0..<plan.lockCount).map { Lock(address: SyntheticAddress.lock($0)) }
    tasks = plan.tasks.map { task in
      let cpu = task.cpu.map(Int.init) ?? random.number(0...(plan.cpuCount - 1))
      return SimulatedTask(task, cpu: cpu, alarm: start + (task.delay ?? UInt64(random.number(1_000...1_000_000))))
    }
    self.random = random
    for cpu in processors.indices { noteOccupancy(cpu) }
  }

  // MARK: The clock

  private enum Occasion {
    /// The running task has done what it was doing.
    case done(cpu: Int)
    case sliceEnd(cpu: Int)
    case alarm(task: Int)
    case signal(task: Int)
  }

  /// Lets the next thing happen.
  /// - Returns: false if nothing ever will.
  mutating func step() -> Bool {
    guard let (time, occasion) = nextOccasion() else { return false }
    now = max(now, time)
    switch occasion {
    case .done(let cpu): proceed(cpu)
    case .sliceEnd(let cpu): reschedule(cpu, leaving: .preempted)
    case .alarm(let task):
      tasks[task].alarm = nil
      wake(task, from: tasks[task].cpu, context: [.hardirq, .irqsOff])
    case .signal(let task):
      tasks[task].signalTime = nil
      tasks[task].isInterrupted = true
      wake(task, from: tasks[task].cpu, context: [.hardirq, .irqsOff])
    }
    settle()
    return true
  }

  private func nextOccasion() -> (UInt64, Occasion)? {
    var best: (UInt64, Occasion)?
    func consider(_ time: UInt64, _ occasion: Occasion) {
      if time < best?.0 ?? .max { best = (time, occasion) }
    }
    for (cpu, processor) in processors.enumerated() {
      guard let curr = processor.curr else { continue }
      consider(processor.chargedTo + tasks[curr].remaining, .done(cpu: cpu))
      consider(processor.sliceEnd, .sliceEnd(cpu: cpu))
    }
    for (index, task) in tasks.enumerated() {
      if task.status == .sleeping, let alarm = task.alarm { consider(alarm, .alarm(task: index)) }
      if task.status == .donating || task.status == .parked, let time = task.signalTime {
        consider(time, .signal(task: index))
      }
    }
    return best
  }

  // MARK: Emitting

  /// Writes an event in the context of what runs on a CPU. Time passes, so that no two events have the same.
  /// - Returns: when it was written.
  @discardableResult
  mutating func emit(_ cpu: Int, _ body: EventBody, context: EventContext = .task) -> Timestamp {
    now += UInt64(random.number(100...900))
    let pid = processors[cpu].curr.map { tasks[$0].pid } ?? 0
    let time = Timestamp(now)
    emitted.append(SchedEvent(timestamp: time, cpu: CPU(cpu), pid: pid, context: context, body: body))
    return time
  }

  /// A task as events describe it; `nil` is a CPU's idle task.
  func snapshot(_ task: Int?, on cpu: Int) -> TaskSnapshot {
    guard let task else { return TaskSnapshot(pid: 0, priority: Priority(120), comm: Comm("swapper/\(cpu)")) }
    return TaskSnapshot(pid: tasks[task].pid, priority: tasks[task].priority, comm: tasks[task].comm)
  }

  mutating func noteOccupancy(_ cpu: Int) {
    guard plan.recordsTruth else { return }
    let (curr, donor) = (processors[cpu].curr, processors[cpu].donor)
    truth.occupancies.append(
      ScheduleTruth.Occupancy(
        cpu: CPU(cpu), begin: Timestamp(now), curr: curr.map { tasks[$0].pid } ?? 0,
        donor: donor.map { tasks[$0].pid } ?? 0))
  }
}

/// A task of a ``SimulatedMachine``.
struct SimulatedTask {
  let pid: Pid
  let comm: Comm
  let priority: Priority
  /// The CPU it is bound to.
  let boundTo: Int?
  let script: [ScriptStep]
  let isRepeated: Bool

  var status = SimulatedMachine.TaskStatus.sleeping
  /// On whose runqueue it is, or was last.
  var cpu: Int
  /// Where it blocked, and runs again once it is woken: a donor may have been moved since.
  var homeCPU: Int
  /// The next step of the script.
  var position = 0
  /// CPU time until the current step is done, in nanoseconds.
  var remaining: UInt64 = 500
  var alarm: UInt64?
  var signalTime: UInt64?
  var isInterrupted = false
  /// The lock it waits for, awake or not.
  var wants: Int?
  /// Waits for the lock on the CPU, as long as the lock's owner runs too.
  var isSpinning = false
  /// Index of the open wait in the truth.
  var wait: Int?

  init(_ plan: TaskPlan, cpu: Int, alarm: UInt64) {
    (pid, comm, priority) = (plan.pid, plan.comm, plan.priority)
    boundTo = plan.cpu.map(Int.init)
    (script, isRepeated) = (plan.script, plan.isRepeated)
    (self.cpu, homeCPU, self.alarm) = (cpu, cpu, alarm)
  }

  var isBlocked: Bool { status == .donating || status == .parked }
  /// Strictly by priority; the others (fair, 100 and up) take turns.
  var isRealTime: Bool { priority.rawValue < 100 }
}
