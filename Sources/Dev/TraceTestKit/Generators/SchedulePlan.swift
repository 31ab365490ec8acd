public import TraceCore

/// A machine and what runs on it, for ``ScheduleGenerator``.
public struct SchedulePlan: Sendable {
  /// Everything left to chance follows from it.
  public var seed: UInt64 = 1
  public var cpuCount = 2
  public var lockCount = 2
  public var tasks: [TaskPlan] = []
  /// Whether a blocked task stays on its runqueue and lets the owner of its lock run on its account.
  public var proxyExecution = true
  /// Whether the exact probes `switch`, `wait` and `set_next_fair` are emitted beside the kernel's own events.
  public var emitsProbes = false
  /// Whether the kernel has `contended_release` (7.2 and later).
  public var emitsReleases = true
  /// Whether a CPU that runs out of work takes a runnable task from another one.
  public var balances = true
  /// One in so many sleeping waits is interrupted by a signal; 0 = none.
  public var interruptedWaits = 0
  /// One in so many picks gives any task a turn, unless a real-time task wants the CPU: the fair class starves nobody. 0 =
  /// always the most urgent, so that what is picked follows from the events alone.
  public var fairTurns = 4
  /// Longest time on the CPU in nanoseconds while another task waits for it.
  public var timeSlice: UInt64 = 3_000_000
  public var start = Timestamp(1_000_000_000)
  /// Whether ``ScheduleGenerator/truth`` is kept. It grows with the trace.
  public var recordsTruth = true

  public init() {}

  /// Tasks by chance: nested critical sections, sleeps with and without a lock, some tasks bound to a CPU, priorities of
  /// the real-time and the fair class.
  ///
  /// Locks are taken in ascending order, so there is no deadlock.
  public static func random(
    seed: UInt64, cpuCount: Int = 2, taskCount: Int = 6, lockCount: Int = 2, proxyExecution: Bool = true
  ) -> SchedulePlan {
    var random = SeededGenerator(seed: seed ^ 0x7461_736b_7300)
    var plan = SchedulePlan()
    (plan.seed, plan.cpuCount, plan.lockCount) = (seed, cpuCount, lockCount)
    plan.proxyExecution = proxyExecution
    plan.interruptedWaits = 30
    plan.tasks = (0..<taskCount).map { index in
      let priority = random.oneIn(4) ? random.number(10...89) : random.element([100, 110, 120, 120, 130, 139])
      let cpu = random.oneIn(2) ? CPU(random.number(0...(cpuCount - 1))) : nil
      var script: [ScriptStep] = []
      for _ in 0..<random.number(20...40) { appendRound(to: &script, lockCount, &random) }
      return TaskPlan(
        pid: Pid(100 + index), comm: Comm("task-\(index)"), priority: Priority(Int32(priority)), cpu: cpu,
        script: script)
    }
    return plan
  }

  /// Work, mostly a critical section, a rest.
  private static func appendRound(
    to script: inout [ScriptStep], _ lockCount: Int, _ random: inout SeededGenerator
  ) {
    func nanoseconds(_ range: ClosedRange<Int>) -> UInt64 { UInt64(random.number(range)) }
    script.append(.spin(nanoseconds(1_000...400_000)))
    if lockCount > 0, !random.oneIn(5) {
      let outer = random.number(0...(lockCount - 1))
      script += [.lock(outer), .spin(nanoseconds(5_000...900_000))]
      if random.oneIn(12) { script.append(.sleep(nanoseconds(10_000...800_000))) }
      if outer + 1 < lockCount, random.oneIn(2) {
        let inner = random.number((outer + 1)...(lockCount - 1))
        script += [.lock(inner), .spin(nanoseconds(5_000...300_000)), .unlock(inner)]
      }
      script += [.spin(nanoseconds(1_000...50_000)), .unlock(outer)]
    }
    script.append(.sleep(nanoseconds(10_000...1_500_000)))
  }
}

/// A task of a ``SchedulePlan``.
public struct TaskPlan: Sendable {
  public var pid: Pid
  public var comm: Comm
  public var priority: Priority
  /// The CPU it is bound to; `nil` where it may run anywhere.
  public var cpu: CPU?
  /// What it does, over and over, or once.
  public var script: [ScriptStep]
  public var isRepeated: Bool
  /// How long after the trace's start it wakes up, in nanoseconds; `nil`: some time within a millisecond.
  public var delay: UInt64?

  public init(
    pid: Pid, comm: Comm, priority: Priority, cpu: CPU? = nil, script: [ScriptStep], isRepeated: Bool = true,
    delay: UInt64? = nil
  ) {
    self.pid = pid
    self.comm = comm
    self.priority = priority
    self.cpu = cpu
    self.script = script
    self.isRepeated = isRepeated
    self.delay = delay
  }
}

/// A thing that a task does; times in nanoseconds, locks by index.
public enum ScriptStep: Sendable, Hashable {
  case spin(UInt64)
  case sleep(UInt64)
  case lock(Int)
  case unlock(Int)
}

/// What really happened in a generated schedule.
public struct ScheduleTruth: Sendable {
  /// Somebody had a lock.
  public struct Hold: Sendable, Hashable {
    public var lock: LockAddress
    public var owner: Pid
    public var begin: Timestamp
    /// `nil` where the trace ended first.
    public var end: Timestamp?
  }

  /// Somebody wanted a lock that another task had.
  public struct Wait: Sendable, Hashable {
    public var waiter: Pid
    public var lock: LockAddress
    /// The first `contention_begin`.
    public var begin: Timestamp
    public var end: Timestamp?
    /// 0 = acquired, −4 = interrupted, `nil` while it lasts.
    public var result: Int32?
  }

  /// Who runs on a CPU and on whose account, until the CPU's next entry. 0 is the idle task.
  public struct Occupancy: Sendable, Hashable {
    public var cpu: CPU
    public var begin: Timestamp
    public var curr: Pid
    public var donor: Pid
  }

  /// A blocked task was moved to the CPU of the owner, of which no event tells.
  public struct DonorMove: Sendable, Hashable {
    public var pid: Pid
    public var from: CPU
    public var to: CPU
    public var time: Timestamp
  }

  /// Each in order of its beginning.
  public internal(set) var holds: [Hold] = []
  public internal(set) var waits: [Wait] = []
  public internal(set) var occupancies: [Occupancy] = []
  public internal(set) var moves: [DonorMove] = []

  public init() {}
}
