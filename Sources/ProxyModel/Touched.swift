import TraceCore

/// A set of tasks, locks and CPUs, rounded up to 64 of each: what an entry has changed, or what a wait's class rests on.
///
/// Two sets that meet may have something in common, two that do not have nothing. So a wait is looked at again only where
/// its set meets the entry's, and looking once too often changes nothing.
struct Touched {
  private var tasks: UInt64 = 0
  private var locks: UInt64 = 0
  private var lanes: UInt64 = 0

  static let everything: Touched = {
    var all = Touched()
    (all.tasks, all.locks, all.lanes) = (.max, .max, .max)
    return all
  }()

  mutating func insert(_ task: TaskIndex) { tasks |= 1 << UInt64(task.rawValue & 63) }

  mutating func insert(_ lock: LockIndex) { locks |= 1 << UInt64(lock.rawValue & 63) }

  mutating func insert(lane: Int) { lanes |= 1 << UInt64(lane & 63) }

  func meets(_ other: Touched) -> Bool {
    tasks & other.tasks | locks & other.locks | lanes & other.lanes != 0
  }
}
