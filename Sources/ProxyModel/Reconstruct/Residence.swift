import TraceCore

/// On which runqueue each blocked task is, and which ones the kernel has taken off it.
struct Residence: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Blocked: BitwiseCopyable {
    /// The CPU on whose runqueue it is.
    var cpu: CPU = -1
    /// Whether the task was moved there by ``InferenceRule/placedByPicks`` and not by an event.
    var isInferred = false
    /// One more than the task's wakings when the kernel took it off the runqueue, 0 for never: until it is woken again it
    /// donates no more (`proxy_deactivate()`, kernel/sched/core.c).
    var dequeuedAt: UInt32 = 0
  }

  /// By task.
  private var tasks = FlatArray<Blocked>()
  /// CPUs on whose runqueues there may be waiters, rounded up to 64.
  private var held: UInt64 = 0

  /// Whether a waiter may be on a CPU's runqueue.
  @inline(__always)
  func mayHold(_ cpu: Int) -> Bool { held & 1 &<< UInt64(truncatingIfNeeded: cpu & 63) != 0 }

  /// A task waits from here on; it is where it blocked last until it blocks again.
  @inline(__always)
  mutating func expect(_ task: TaskIndex) { hold(cpu(of: task)) }

  @inline(__always)
  private mutating func hold(_ cpu: CPU) { if cpu >= 0 { held |= 1 &<< UInt64(truncatingIfNeeded: cpu & 63) } }

  /// What ``mayHold(_:)`` knows is made anew, by ``expect(_:)`` for each waiter.
  mutating func holdNothing() { held = 0 }

  /// Any task may be anywhere, until it is made anew.
  mutating func holdEverything() { held = .max }

  /// A task has blocked, or has been moved while it was blocked.
  /// - Parameter isInferred: No event shows the move.
  mutating func set(_ task: TaskIndex, _ cpu: CPU, isInferred: Bool = false) {
    grow(task)
    hold(cpu)
    tasks[Int(task.rawValue)].cpu = cpu
    tasks[Int(task.rawValue)].isInferred = isInferred
  }

  /// Whether no event shows that a blocked task is where it is.
  @inline(__always)
  func isInferred(_ task: TaskIndex) -> Bool {
    Int(task.rawValue) < tasks.count && tasks[Int(task.rawValue)].isInferred
  }

  /// −1 for a task that has never blocked.
  @inline(__always)
  func cpu(of task: TaskIndex) -> CPU {
    Int(task.rawValue) < tasks.count ? tasks[Int(task.rawValue)].cpu : -1
  }

  mutating func dequeue(_ task: TaskIndex, wakings: UInt32) {
    grow(task)
    tasks[Int(task.rawValue)].dequeuedAt = wakings &+ 1
  }

  /// The task is on the runqueue again.
  mutating func enqueue(_ task: TaskIndex) {
    grow(task)
    tasks[Int(task.rawValue)].dequeuedAt = 0
  }

  @inline(__always)
  func isDequeued(_ task: TaskIndex, wakings: UInt32) -> Bool {
    Int(task.rawValue) < tasks.count && tasks[Int(task.rawValue)].dequeuedAt == wakings &+ 1
  }

  private mutating func grow(_ task: TaskIndex) {
    while tasks.count <= Int(task.rawValue) { tasks.append(Blocked()) }
  }
}
