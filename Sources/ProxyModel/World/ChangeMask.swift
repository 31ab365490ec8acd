import TraceCore

/// A set of tasks, locks and CPUs, rounded up to 64 of each: what a step has changed, or what a wait's class depends on.
///
/// Two sets that intersect may have an element in common; two that do not have none. So a wait is classified again only where
/// its set intersects the step's. Classifying once too often changes nothing.
struct ChangeMask {
  private var tasks: UInt64 = 0
  private var locks: UInt64 = 0
  private var cpus: UInt64 = 0

  static let everything: ChangeMask = {
    var all = ChangeMask()
    (all.tasks, all.locks, all.cpus) = (.max, .max, .max)
    return all
  }()

  var isEmpty: Bool {
    @inline(__always) get { tasks | locks | cpus == 0 }
  }

  @inline(__always)
  mutating func insert(_ task: TaskIndex) { tasks |= 1 &<< UInt64(task.rawValue & 63) }

  @inline(__always)
  mutating func insert(_ lock: LockIndex) { locks |= 1 &<< UInt64(lock.rawValue & 63) }

  @inline(__always)
  mutating func insert(cpu: Int) { cpus |= 1 &<< UInt64(truncatingIfNeeded: cpu & 63) }

  @inline(__always)
  func intersects(_ other: ChangeMask) -> Bool {
    tasks & other.tasks | locks & other.locks | cpus & other.cpus != 0
  }

  @inline(__always)
  func union(_ other: ChangeMask) -> ChangeMask {
    var union = self
    union.formUnion(other)
    return union
  }

  @inline(__always)
  mutating func formUnion(_ other: ChangeMask) {
    tasks |= other.tasks
    locks |= other.locks
    cpus |= other.cpus
  }
}
