import TraceCore

// Rows of chains.

/// The first tasks of a chain, and how long it is: enough to see that nothing has changed, mostly without a look at the rows.
struct ShortPath {
  static let limit = 4
  private var tasks = InlineArray<4, TaskIndex>(repeating: TaskIndex(rawValue: .max))
  private var taskCount: Int32 = 0
  private var lockCount: Int32 = 0

  init() {}

  /// A chain of one lock.
  init(_ waiter: TaskIndex, owner: TaskIndex?) {
    (taskCount, lockCount) = (owner == nil ? 1 : 2, 1)
    tasks[0] = waiter
    if let owner { tasks[1] = owner }
  }

  init(_ chain: borrowing ChainWalk) {
    taskCount = Int32(chain.tasks.count)
    lockCount = Int32(chain.locks.count)
    for link in 0..<min(Self.limit, chain.tasks.count) { tasks[link] = chain.tasks[link] }
  }

  init(_ tail: borrowing ChainTails.Tail) {
    (taskCount, lockCount) = (tail.taskCount, tail.lockCount)
    for link in 0..<min(Self.limit, Int(tail.taskCount)) { tasks[link] = tail.tasks[link] }
  }

  /// Whether it has all tasks of the chain.
  var isWhole: Bool {
    @inline(__always) get { taskCount <= Self.limit }
  }

  /// Whether it is a waiter and its lock, without an owner.
  var isOneLock: Bool {
    @inline(__always) get { taskCount == 1 && lockCount == 1 }
  }

  @inline(__always)
  func contains(_ task: TaskIndex) -> Bool {
    for link in 0..<min(Self.limit, Int(taskCount)) where tasks[link] == task { return true }
    return false
  }

  /// Whether a chain has the same length and the same first tasks.
  @inline(__always)
  func holds(_ chain: borrowing ChainWalk) -> Bool {
    guard chain.tasks.count == taskCount, chain.locks.count == lockCount else { return false }
    for link in 0..<min(Self.limit, chain.tasks.count) where tasks[link] != chain.tasks[link] { return false }
    return true
  }
}

extension Hypothesis {
  /// The chain of a wait is the one that was walked last: begins a row if it is another than before.
  mutating func noteChain(
    _ index: Int, _ terminal: ChainTerminal, _ evidence: Evidence, _ world: inout World
  ) {
    guard world.waits[index].isMutex else {
      waits[index].path = ShortPath(chain)
      return
    }
    guard rows.kinds.contains(.chains) || terminal == .cycle && rows.kinds.contains(.deadlocks) else {
      return noteUnlistedChain(index, &world)
    }
    if isWalked(index, &world), !hidesChain(index, evidence) { return }
    endChain(index, world.now)
    waits[index].depth = max(waits[index].depth, chain.tasks.count > 1 ? chain.locks.count : 0)
    waits[index].path = ShortPath(chain)
    waits[index].chain = rows.chains.count
    if terminal == .cycle { noteCycle(index, &world) }
    rows.chains.append(
      ChainRecord(
        begin: world.now, end: world.now, links: rows.links.count, wait: UInt32(world.waits[index].row),
        taskCount: UInt32(chain.tasks.count), lockCount: UInt32(chain.locks.count),
        terminalState: chainEnd(terminal, &world), evidence: evidence))
    for link in chain.tasks.indices {
      let label = world.labelID(chain.tasks[link])
      rows.links.append(label.rawValue)
    }
    for link in chain.locks.indices { rows.links.append(chain.locks[link].rawValue) }
  }

  /// The chain that was walked last gets the next row, and its last task is one that it has passed before.
  @inline(never)
  private mutating func noteCycle(_ index: Int, _ world: inout World) {
    guard let closing = chain.tasks.indices.last else { return }
    // Tasks before the one that closes the cycle only lead to it.
    let first = chain.tasks.indices.first { chain.tasks[$0] == chain.tasks[closing] } ?? closing
    var members: [UInt32] = []
    for link in first..<closing {
      let wait = link == 0 ? index : world[chain.tasks[link]].wait
      members.append(UInt32(world.waits[wait].row))
    }
    rows.cycles.append(chain: rows.chains.count, waits: members)
  }

  /// Notes what is needed of a chain that gets no row.
  private mutating func noteUnlistedChain(_ index: Int, _ world: inout World) {
    endChain(index, world.now)
    waits[index].depth = max(waits[index].depth, chain.tasks.count > 1 ? chain.locks.count : 0)
    waits[index].path = ShortPath(chain)
  }

  /// Whether a wait's row is of the chain that was walked last: of the same tasks, whatever their names, and as many locks.
  @inline(__always)
  private mutating func isWalked(_ index: Int, _ world: inout World) -> Bool {
    guard waits[index].chain >= 0, waits[index].path.holds(chain) else { return false }
    return chain.tasks.count <= ShortPath.limit || isWalkedInRows(waits[index].chain, &world)
  }

  @inline(never)
  private mutating func isWalkedInRows(_ row: Int, _ world: inout World) -> Bool {
    let links = rows.chains[row].links
    for link in chain.tasks.indices
    where world.rows.labels[LabelID(rawValue: rows.links[links + link])].index != chain.tasks[link] { return false }
    return true
  }

  /// Whether a wait's chain, the same as before, is not known as well any more beside a gap: its row must end.
  private mutating func hidesChain(_ index: Int, _ evidence: Evidence) -> Bool {
    guard evidence == .unknown || evidence == .inferred(.besideGap) else { return false }
    return waits[index].evidence != evidence
  }

  private mutating func chainEnd(_ terminal: ChainTerminal, _ world: inout World) -> ChainEnd {
    switch terminal {
    case .released: .released
    case .unknown: .unknown
    case .cycle: .deadlock
    case .task(let task):
      switch world.place(of: task) {
      case .running: .running
      case .queued: .runnable
      case .waking: .waking
      case .blocked: isTakingLock(task, &world) ? .released : .sleeping
      case .asleep: .sleeping
      case .unknown: .unknown
      }
    }
  }

  @inline(__always)
  mutating func endChain(_ index: Int, _ now: Timestamp) {
    if waits[index].chain >= 0 { endChainRow(index, now) }
  }

  @inline(never)
  private mutating func endChainRow(_ index: Int, _ now: Timestamp) {
    let row = waits[index].chain
    waits[index].chain = -1
    rows.chains[row].end = now
    // One that lasted for no time is none.
    guard row == rows.chains.count - 1, rows.chains[row].begin >= now else { return }
    rows.links.truncate(to: rows.chains[row].links)
    rows.cycles.drop(chain: row)
    rows.chains.truncate(to: row)
  }
}
