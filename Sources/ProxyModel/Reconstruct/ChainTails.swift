import TraceCore

/// Where chains end, and what they depend on, for the waits of one round: chains that run together are walked together once.
///
/// Waiters line up behind each other, and where a chain's end changes it changes for all of them: to walk each waiter's chain by
/// itself would cost the square of the depth. In a round nothing changes of owners, places and waits; ``begin()`` begins the next.
struct ChainTails: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.

  /// A chain from one of its waits on, where it is entered from a wait before.
  struct Tail {
    /// The round that it belongs to; of another one it says nothing.
    fileprivate var round: UInt64 = 0
    /// The climb that has passed the wait.
    fileprivate var climb: UInt64 = 0
    fileprivate(set) var terminal = ChainTerminal.unknown
    /// How well the links are known, gaps apart.
    fileprivate(set) var stated = Evidence.unknown
    /// A gap may hide that a task behind the first waits for something else.
    fileprivate(set) var hides = false
    /// Tasks, the first four of them.
    fileprivate(set) var taskCount: Int32 = 0
    fileprivate(set) var tasks = InlineArray<4, TaskIndex>(repeating: TaskIndex(rawValue: .max))
    fileprivate(set) var lockCount: Int32 = 0
    /// The last lock, where there is one.
    fileprivate(set) var ownedLock = LockIndex(rawValue: 0)
    /// As ``ChainWalk/passed`` and ``ChainWalk/links``.
    fileprivate(set) var passed = ChangeMask()
    fileprivate(set) var links = ChangeMask()
    /// Whether a task is in it: which one was asked for last, when, and the answer.
    fileprivate var asked = TaskIndex(rawValue: .max)
    fileprivate var askedRound: UInt64 = 0
    fileprivate var hasAsked = false
  }

  struct Link {
    var wait: Int
    var known: Evidence
  }

  /// By the place of the wait.
  private var tails = FlatArray<Tail>()
  /// Waits of the climb that goes on, the first one first.
  private var climbed = FlatArray<Link>()
  private var round: UInt64 = 0
  private var climbs: UInt64 = 0

  subscript(wait: Int) -> Tail {
    @inline(__always) _read { yield tails[wait] }
  }

  /// What was found before counts no more.
  mutating func begin() { round &+= 1 }

  /// Finds the chain of a wait, which is then at its place here. The links are those of ``ChainWalk/walk(from:_:_:)``.
  /// - Returns: `false` where only a walk from this wait on tells: its own lock is free, its waiter has another wait inside, or
  ///   the chain comes back to itself.
  mutating func find(_ index: Int, _ world: inout World, _ handovers: borrowing Handovers) -> Bool {
    while tails.count < world.waits.count { tails.append(Tail()) }
    let first = world.waits[index].waiter
    if tails[index].round != round {
      guard world[first].wait == index, climb(from: index, &world, handovers) else { return false }
    }
    // Nor does a chain's own waiter end it.
    return tails[index].terminal != .task(first)
  }

  /// Whether a task is in the chain of a wait, in whatever place.
  mutating func contains(
    _ task: TaskIndex, from index: Int, _ world: inout World, _ handovers: borrowing Handovers
  ) -> Bool {
    while tails.count < world.waits.count { tails.append(Tail()) }
    climbed.removeAll()
    var (wait, answer) = (index, false)
    while climbed.count <= world.waits.count {
      if tails[wait].askedRound == round, tails[wait].asked == task {
        answer = tails[wait].hasAsked
        break
      }
      climbed.append(Link(wait: wait, known: .unknown))
      let waiter = world.waits[wait].waiter
      answer = waiter == task
      if answer { break }
      guard case .task(let owner, _) = Self.owner(wait, &world, handovers), owner != waiter else { break }
      answer = owner == task
      guard !answer, let next = Self.link(owner, &world) else { break }
      wait = next
    }
    for place in climbed.indices {
      let wait = climbed[place].wait
      (tails[wait].asked, tails[wait].askedRound, tails[wait].hasAsked) = (task, round, answer)
    }
    return answer
  }

  /// Who owns the lock of a wait.
  @inline(__always)
  static func owner(_ wait: Int, _ world: inout World, _ handovers: borrowing Handovers) -> OwnerFact {
    let (waiter, lock) = (world.waits[wait].waiter, world.waits[wait].lock)
    let fact = world.waits[wait].isMutex ? world[lock].owner : .unknown
    guard fact.isFree, !handovers.isEmpty, let target = handovers.target(of: lock, world[lock].tenure), target != waiter
    else { return fact }
    return .task(target, .inferred(.handedOver))
  }

  /// The wait of an owner that is a link; `nil` of one that ends the chain.
  @inline(__always)
  static func link(_ owner: TaskIndex, _ world: inout World) -> Int? {
    let next = world[owner].wait
    return next >= 0 && world.waits[next].isMutex && world.scheduling.isBlocked(owner) ? next : nil
  }

  /// Follows the chain to its end, or to what is known of it, and notes the tails of all waits on the way.
  private mutating func climb(from index: Int, _ world: inout World, _ handovers: borrowing Handovers) -> Bool {
    climbs &+= 1
    climbed.removeAll()
    var wait = index
    while tails[wait].round != round {
      if tails[wait].climb == climbs { return false }
      tails[wait].climb = climbs
      let (waiter, lock) = (world.waits[wait].waiter, world.waits[wait].lock)
      switch Self.owner(wait, &world, handovers) {
      case .task(let owner, let known) where owner != waiter:
        if let next = Self.link(owner, &world) {
          climbed.append(Link(wait: wait, known: known))
          wait = next
          continue
        }
        end(wait, waiter, lock, .task(owner), known)
        tails[wait].add(owner, hides: world.mayHideWait(owner))
        tails[wait].passed.insert(owner)
      // The lock is free, or the waiter's own: whoever waits behind it waits for this one.
      case .free(let known), .task(_, let known):
        if wait == index { return false }
        end(wait, waiter, lock, .task(waiter), known)
        tails[wait].lockCount = 0
      case .pending, .unknown, .noRelease: end(wait, waiter, lock, .unknown, .unknown)
      }
    }
    for place in stride(from: climbed.count - 1, through: 0, by: -1) {
      extend(climbed[place], by: wait, &world)
      wait = climbed[place].wait
    }
    return true
  }

  /// The last wait of a chain.
  private mutating func end(
    _ wait: Int, _ waiter: TaskIndex, _ lock: LockIndex, _ terminal: ChainTerminal, _ known: Evidence
  ) {
    tails[wait].round = round
    tails[wait].terminal = terminal
    tails[wait].stated = known
    tails[wait].hides = false
    tails[wait].tasks[0] = waiter
    (tails[wait].taskCount, tails[wait].lockCount, tails[wait].ownedLock) = (1, 1, lock)
    (tails[wait].passed, tails[wait].links) = (ChangeMask(), ChangeMask())
    tails[wait].passed.insert(waiter)
    tails[wait].passed.insert(lock)
    tails[wait].links.insert(lock)
  }

  /// A wait whose owner is the waiter of the next one.
  private mutating func extend(_ link: Link, by next: Int, _ world: inout World) {
    let (wait, waiter, lock) = (link.wait, world.waits[link.wait].waiter, world.waits[link.wait].lock)
    let owner = world.waits[next].waiter
    tails[wait].round = round
    tails[wait].terminal = tails[next].terminal
    tails[wait].stated = link.known.combined(with: tails[next].stated)
    tails[wait].hides = tails[next].hides || world.mayHideWait(owner)
    tails[wait].tasks[0] = waiter
    for place in 0..<3 { tails[wait].tasks[place + 1] = tails[next].tasks[place] }
    tails[wait].taskCount = tails[next].taskCount + 1
    tails[wait].lockCount = tails[next].lockCount + 1
    tails[wait].ownedLock = tails[next].lockCount > 0 ? tails[next].ownedLock : lock
    (tails[wait].passed, tails[wait].links) = (tails[next].passed, tails[next].links)
    tails[wait].passed.insert(waiter)
    tails[wait].passed.insert(lock)
    tails[wait].links.insert(lock)
    tails[wait].links.insert(owner)
  }
}

extension ChainTails.Tail {
  /// The terminal owner.
  fileprivate mutating func add(_ owner: TaskIndex, hides: Bool) {
    tasks[1] = owner
    taskCount = 2
    self.hides = hides
  }
}
