import ProxyModel
import TraceCore
import TraceTestKit

/// Small random schedules, everything about them following from a seed.
struct PropertySchedule {
  let seed: UInt64
  let plan: SchedulePlan
  /// What the trace has, with a hole where the seed says so.
  let events: [SchedEvent]
  let truth: ScheduleTruth
  /// The trace without a hole.
  let whole: [SchedEvent]
  let hasHole: Bool

  init(seed: UInt64, hasHoles: Bool = true, length: Int = 90, change: (inout SchedulePlan) -> Void = { _ in }) {
    self.seed = seed
    var random = SeededGenerator(seed: seed &* 0x2545_f491_4f6c_dd1d)
    var plan = SchedulePlan.random(
      seed: seed, cpuCount: random.number(1...4), taskCount: random.number(2...6), lockCount: random.number(1...3),
      proxyExecution: random.oneIn(2))
    plan.emitsProbes = random.oneIn(3)
    plan.emitsReleases = !random.oneIn(3)
    plan.interruptedWaits = random.element([0, 4, 30])
    plan.fairTurns = random.element([0, 4])
    plan.balances = !random.oneIn(3)
    change(&plan)
    let (whole, truth) = ScheduleGenerator.generate(plan, count: random.number(length / 2...length))
    (self.plan, self.truth, self.whole) = (plan, truth, whole)
    guard hasHoles, random.oneIn(4), whole.count > 20 else {
      (events, hasHole) = (whole, false)
      return
    }
    let first = random.number(0...(whole.count - 2))
    let cpu = CPU(random.number(0...(plan.cpuCount - 1)))
    var last = min(whole.count - 1, first + random.number(1...25))
    // A probe without its switch would be a break of continuity, which is another matter.
    while let next = whole[(last + 1)...].firstIndex(where: { $0.cpu == cpu }), case .probedSwitch = whole[next].body {
      last = next
    }
    let damaged = EventLoss.drop(
      from: whole, on: cpu, in: whole[first].timestamp...whole[last].timestamp, isCounted: random.oneIn(2))
    // A CPU without any record left is no hole but nothing.
    hasHole = damaged.contains { $0.loss != nil }
    events = hasHole ? damaged : whole
  }

  func timeline(ignoringProbes: Bool = false) -> Timeline {
    var options = ProxyMachine.Options()
    options.proxyExecution = plan.proxyExecution
    options.cpuCount = plan.cpuCount
    options.ignoresProbes = ignoringProbes
    options.rows = .all
    return PropertySchedule.timeline(events, options)
  }

  static func timeline(_ events: [SchedEvent], _ options: ProxyMachine.Options) -> Timeline {
    var machine = ProxyMachine(options)
    for event in events { machine.apply(event) }
    return machine.finish()
  }

  /// Seeds of a test, in chunks that run beside each other: `count` of them in a long run, a tenth otherwise.
  static func chunks(_ count: Int, from first: UInt64 = 1, by width: UInt64 = 50) -> [Range<UInt64>] {
    let end = first + UInt64(TestEffort.count(count, quick: count / 10))
    return stride(from: first, to: end, by: Int(width)).map { $0..<min($0 + width, end) }
  }
}

extension PropertySchedule {
  /// Locks that somebody took without an event while others slept on their wait lists. The kernel's fast path fails there,
  /// so that each acquisition has a `contention_end`; the simulated one does not know that.
  var stolen: Set<LockAddress> {
    var locks: Set<LockAddress> = []
    for hold in truth.holds {
      let waits = truth.waits.filter { $0.lock == hold.lock }
      if waits.contains(where: { $0.waiter == hold.owner && $0.end == hold.begin }) { continue }
      let isSleptOn = waits.contains { wait in
        wait.begin < hold.begin && wait.end.map { hold.begin < $0 } ?? true
          && whole.contains {
            guard case .contentionBegan(hold.lock, let flags) = $0.body, $0.pid == wait.waiter else { return false }
            return !flags.contains(.spin) && $0.timestamp > wait.begin && $0.timestamp < hold.begin
          }
      }
      if isSleptOn { locks.insert(hold.lock) }
    }
    return locks
  }

  /// The same task in the fair class.
  static func fair(_ task: TaskPlan) -> TaskPlan {
    let priority = Priority(max(100, task.priority.rawValue))
    return TaskPlan(
      pid: task.pid, comm: task.comm, priority: priority, cpu: task.cpu, script: task.script,
      isRepeated: task.isRepeated, delay: task.delay)
  }
}
