import TraceCore

/// The end of a chain.
enum ChainTerminal: Equatable {
  case task(TaskIndex)
  /// The first lock is free: it is being handed over.
  case released
  case unknown
  case cycle
}

/// Walks waiter → lock → owner → …, and keeps what it has passed until the next walk.
struct ChainWalk: ~Copyable {
  /// The waiter first; the last one is terminal, unless the chain's end is not known.
  private(set) var tasks = FlatArray<TaskIndex>()
  /// `tasks[i]` waits for `locks[i]`.
  private(set) var locks = FlatArray<LockIndex>()
  /// By task: the walk that has passed it, where walks are long.
  private var marks = FlatArray<UInt32>()
  private var longWalks: UInt32 = 0
  /// From so many tasks on marks tell sooner whether one has been passed.
  private static let longLimit = 16
  /// All of both, and the lock that ends the walk because it is free or handed over.
  private(set) var passed = ChangeMask()
  /// What the chain itself depends on: all locks, and the tasks between the waiter and the terminal one.
  private(set) var links = ChangeMask()

  /// An owner that is blocked on a mutex is a link. One that spins for it, or has been woken and not blocked again, is not:
  /// the kernel has no `blocked_on` of it then (`__mutex_lock_common()`, kernel/locking/mutex.c), and it ends the chain. So
  /// does one whose lock has been released.
  /// - Parameter index: the wait that the chain begins with.
  /// - Returns: how the chain ends, and how well its links are known.
  mutating func walk(
    from index: Int, _ world: inout World, _ handovers: borrowing Handovers
  ) -> (ChainTerminal, Evidence) {
    tasks.removeAll()
    locks.removeAll()
    passed = ChangeMask()
    links = ChangeMask()
    var evidence = Evidence.probe
    var wait = index
    while true {
      let (waiter, lock) = (world.waits[wait].waiter, world.waits[wait].lock)
      tasks.append(waiter)
      passed.insert(waiter)
      passed.insert(lock)
      links.insert(lock)
      var fact = world.waits[wait].isMutex ? world[lock].owner : .unknown
      if fact.isFree, !handovers.isEmpty, let target = handovers.target(of: lock, world[lock].tenure), target != waiter
      {
        fact = .task(target, .inferred(.handedOver))
      }
      if case .free(let known) = fact, wait != index { return (.task(waiter), evidence.combined(with: known)) }
      locks.append(lock)
      switch fact {
      case .free(let known): return (.released, evidence.combined(with: known))
      case .pending, .unknown, .noRelease: return (.unknown, .unknown)
      case .task(let owner, let known):
        evidence = evidence.combined(with: known)
        // The lock has been handed to the waiter, which has not come to take it (`MUTEX_FLAG_PICKUP`).
        if owner == waiter {
          if wait != index { locks.removeLast() }
          return (wait == index ? .released : .task(waiter), evidence)
        }
        if hasPassed(owner) {
          tasks.append(owner)
          return (.cycle, evidence)
        }
        let next = world[owner].wait
        guard next >= 0, world.waits[next].isMutex, world.scheduling.isBlocked(owner) else {
          tasks.append(owner)
          passed.insert(owner)
          return (.task(owner), evidence)
        }
        links.insert(owner)
        wait = next
      }
    }
  }
}

extension ChainWalk {
  /// Whether the walk has been at a task already.
  @inline(__always)
  private mutating func hasPassed(_ task: TaskIndex) -> Bool {
    tasks.count < Self.longLimit ? tasks.contains(task) : isMarked(task)
  }

  @inline(never)
  private mutating func isMarked(_ task: TaskIndex) -> Bool {
    if tasks.count == Self.longLimit {
      longWalks &+= 1
      if longWalks == 0 {
        for place in marks.indices { marks[place] = 0 }
        longWalks = 1
      }
      for link in tasks.indices { mark(tasks[link]) }
    }
    mark(tasks[tasks.count - 1])
    return Int(task.rawValue) < marks.count && marks[Int(task.rawValue)] == longWalks
  }

  private mutating func mark(_ task: TaskIndex) {
    while marks.count <= Int(task.rawValue) { marks.append(0) }
    marks[Int(task.rawValue)] = longWalks
  }
}

/// Locks whose releaser ran for a donor: the kernel hands such a lock to the waiter that is woken next
/// (`__mutex_handoff()`, kernel/locking/mutex.c).
struct Handovers: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Handover {
    /// The lock's tenure that this belongs to; of another one it says nothing.
    var tenure: UInt32
    /// Who is woken for the lock; `nil` as long as nobody is.
    var target: TaskIndex?
  }

  /// By lock.
  private var handovers = FlatArray<Handover?>()

  var isEmpty: Bool {
    @inline(__always) get { handovers.isEmpty }
  }

  /// The waiter that a lock in this tenure is handed to.
  @inline(__always)
  func target(of lock: LockIndex, _ tenure: UInt32) -> TaskIndex? {
    guard Int(lock.rawValue) < handovers.count, let handover = handovers[Int(lock.rawValue)],
      handover.tenure == tenure
    else { return nil }
    return handover.target
  }

  /// A lock is released on a donor's account.
  mutating func begin(_ lock: LockIndex, _ tenure: UInt32) {
    while handovers.count <= Int(lock.rawValue) { handovers.append(nil) }
    if handovers[Int(lock.rawValue)]?.tenure == tenure { return }
    handovers[Int(lock.rawValue)] = Handover(tenure: tenure)
  }

  /// A waiter of a lock is woken.
  /// - Returns: whether the lock is handed to it.
  mutating func wake(_ task: TaskIndex, _ lock: LockIndex, _ tenure: UInt32) -> Bool {
    guard Int(lock.rawValue) < handovers.count, let handover = handovers[Int(lock.rawValue)],
      handover.tenure == tenure, handover.target == nil
    else { return false }
    handovers[Int(lock.rawValue)]?.target = task
    return true
  }
}
