import TraceCore

/// One CPU's curr over time: who runs, since when, and how much of the span is accounted for.
///
/// Every record names the task that was current when it was written (`common_pid`), so curr is known from the first record
/// on, and before it too: no switch happened there. Right after a `sched_switch` the old task is still current for an
/// instant (`context_switch()` follows the tracepoint, kernel/sched/core.c), and is accepted then.
struct CPUState {
  /// What the model knows of a CPU's curr.
  enum Current: Equatable {
    /// The pid, and the task that has it (the idle task too).
    case task(TaskIndex, Pid)
    /// A gap, or no record yet.
    case unknown
  }

  let cpu: CPU
  private(set) var row: CPURow
  private(set) var current = Current.unknown
  /// The task of the last switch's other side, as long as it may still be current; otherwise the same as curr.
  private var leaving: Pid = -1
  /// Up to here every instant is booked to a task, idle or lost.
  private var bookedUntil: Timestamp
  /// The last record on this CPU.
  private(set) var lastRecord: Timestamp
  /// A loss was announced and no record has followed it.
  private var isInGap = false
  /// Spinlocks that are being spun for here, innermost last: interrupts nest. Task, softirq, hardirq and NMI can each spin
  /// for one.
  private var spinning = InlineArray<4, LockAddress>(repeating: LockAddress(0))
  private var spinningCount = 0
  /// It has a record.
  private(set) var isOpen: Bool

  /// - Parameter isOpen: Whether it has a record; otherwise it only keeps its place among the CPUs.
  init(cpu: CPU, traceBegin: Timestamp, isOpen: Bool = true) {
    self.cpu = cpu
    self.isOpen = isOpen
    row = CPURow(cpu: cpu)
    bookedUntil = traceBegin
    lastRecord = traceBegin
  }

  /// Whether a record's `common_pid` continues what this CPU was doing.
  func continues(with pid: Pid) -> Bool {
    if case .task(_, let current) = current { pid == current || pid == leaving } else { true }
  }

  /// A record in which `pid` is current. Call ``lose(since:)`` first where ``continues(with:)`` denies it.
  mutating func see(_ task: TaskIndex, pid: Pid, at time: Timestamp) {
    switch current {
    case .unknown:
      if isInGap { bookLost(until: time) }
      isInGap = false
      current = .task(task, pid)
      leaving = pid
    case .task(_, let known):
      if pid == known { leaving = pid }
    }
    lastRecord = time
  }

  /// A switch from curr, which ``see(_:pid:at:)`` has established, to `next`. Returns the time that curr had run.
  @inline(__always)
  mutating func switchTo(_ next: TaskIndex, pid: Pid, at time: Timestamp) -> Int64 {
    let ran = book(until: time)
    if case .task(_, let previous) = current { leaving = previous }
    current = .task(next, pid)
    row.switches += 1
    return ran
  }

  /// Curr, if a record's `common_pid` is its pid.
  @inline(__always)
  func current(_ pid: Pid) -> TaskIndex? {
    if case .task(let task, pid) = current { task } else { nil }
  }

  /// Whether curr is this task.
  @inline(__always)
  func runs(_ task: TaskIndex) -> Bool {
    if case .task(task, _) = current { true } else { false }
  }

  /// Whether curr is the task of this pid.
  @inline(__always)
  func runs(_ pid: Pid) -> Bool {
    if case .task(_, pid) = current { true } else { false }
  }

  /// A record that curr wrote, of which ``current(_:)`` has said who it is.
  @inline(__always)
  mutating func goesOn(_ pid: Pid, at time: Timestamp) {
    leaving = pid
    lastRecord = time
  }

  /// A spinlock's `contention_begin`. The task does not leave the CPU before its end, so it belongs to the CPU.
  mutating func beginSpinning(on lock: LockAddress) {
    if spinningCount == spinning.count {
      // More than can be is a stream with holes.
      for i in 1..<spinning.count { spinning[i - 1] = spinning[i] }
      spinningCount -= 1
    }
    spinning[spinningCount] = lock
    spinningCount += 1
  }

  /// Whether a `contention_end` is that of a spinlock that is being spun for here.
  mutating func endSpinning(on lock: LockAddress) -> Bool {
    for place in stride(from: spinningCount - 1, through: 0, by: -1) where spinning[place] == lock {
      spinningCount = place
      return true
    }
    return false
  }

  /// Curr goes on under another identity (`exec` by a thread that is not its group's leader).
  mutating func rename(to task: TaskIndex, pid: Pid, at time: Timestamp) -> Int64 {
    let ran = book(until: time)
    current = .task(task, pid)
    leaving = pid
    return ran
  }

  /// Curr is not known from the last record on; what follows is lost until the next record. Returns curr's run until then.
  mutating func lose(since: Timestamp) -> Int64 {
    let ran = current == .unknown ? 0 : book(until: max(since, bookedUntil))
    current = .unknown
    isInGap = true
    return ran
  }

  /// Adds to the count of lost records; `nil` = the ring buffer did not count.
  mutating func countLost(_ count: UInt64?) {
    if let count, let sum = row.lostEvents { row.lostEvents = sum &+ count } else { row.lostEvents = nil }
  }

  /// Books the rest of the span. Returns curr's run in it.
  mutating func finish(at end: Timestamp) -> Int64 {
    if current == .unknown {
      bookLost(until: end)
      return 0
    }
    return book(until: end)
  }

  /// Books the time up to `time` to curr, and returns it. A clock that runs backwards books nothing twice.
  @inline(__always)
  private mutating func book(until time: Timestamp) -> Int64 {
    let length = max(0, time - bookedUntil)
    bookedUntil = max(bookedUntil, time)
    if case .task(_, let pid) = current, pid == 0 { row.idle &+= length } else { row.busy &+= length }
    return length
  }

  private mutating func bookLost(until time: Timestamp) {
    row.lost &+= max(0, time - bookedUntil)
    bookedUntil = max(bookedUntil, time)
  }
}
