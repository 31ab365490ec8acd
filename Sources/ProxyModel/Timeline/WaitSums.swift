package import TraceCore

/// What a summary needs of all waits, gathered in one pass over them.
package struct WaitSums: Sendable {
  /// The waits for a lock.
  package struct Lock: Sendable {
    package var lock: LockAddress
    /// What its waits say that it is.
    package private(set) var kinds: Set<WaitKind> = []
    private var lastKind: WaitKind?
    /// All its waits: how many, and their sum.
    package var waits = 0
    package var length: Int64 = 0
    /// Those of them for a mutex.
    package var mutexWaits = 0
    package var mutexLength: Int64 = 0

    fileprivate init(lock: LockAddress) { self.lock = lock }

    @inline(__always)
    fileprivate mutating func add(_ kind: WaitKind, _ length: Int64) {
      // Mostly that of the wait before.
      if kind != lastKind { addAnother(kind) }
      waits += 1
      self.length &+= length
      if kind == .mutex {
        mutexWaits += 1
        mutexLength &+= length
      }
    }

    @inline(never)
    private mutating func addAnother(_ kind: WaitKind) {
      lastKind = kind
      kinds.insert(kind)
    }
  }

  /// Of mutex waits: how many, their sum, and its parts by class.
  package private(set) var mutexCount = 0
  package private(set) var mutexLength: Int64 = 0
  package private(set) var times = ClassTimes()
  /// Positions of all other waits, and their sum.
  package private(set) var others: [UInt32] = []
  package private(set) var otherLength: Int64 = 0
  /// How many are cut: open, lost or begun before.
  package private(set) var cutCount = 0
  /// The longest wait that is not open, for a mutex and for another lock.
  package private(set) var longestMutex: Int64 = 0
  package private(set) var longestOther: Int64 = 0
  /// Positions of the open ones.
  package private(set) var open: [UInt32] = []
  /// In order of their first wait, which is their number.
  package private(set) var locks: [Lock] = []
  /// By task.
  package private(set) var byWaiter = NumberedTotals()
  /// How many waits it has taken.
  private(set) var count = 0
  private var numbers = LockNumbers()

  package init() {}

  /// Sums over some waits.
  package init(_ waits: Rows<WaitFigures>) {
    for wait in waits { add(wait) }
  }

  /// Takes the next wait.
  @inline(__always)
  mutating func add(_ wait: WaitFigures) {
    if wait.kind == .mutex {
      mutexCount += 1
      mutexLength &+= wait.length
      times += wait.times
      if wait.result != .open { longestMutex = max(longestMutex, wait.length) }
    } else {
      addOther(wait)
    }
    if wait.isCut { addCut(wait) }
    let number = numbers[wait.lock]
    if number == locks.count { locks.append(Lock(lock: wait.lock)) }
    locks[number].add(wait.kind, wait.length)
    byWaiter.add(wait.length, Int(wait.waiter.rawValue))
    count += 1
  }

  @inline(never)
  private mutating func addOther(_ wait: WaitFigures) {
    others.append(UInt32(count))
    otherLength &+= wait.length
    if wait.result != .open { longestOther = max(longestOther, wait.length) }
  }

  @inline(never)
  private mutating func addCut(_ wait: WaitFigures) {
    cutCount += 1
    if wait.result == .open { open.append(UInt32(count)) }
  }

  /// The number of waits for other locks than mutexes.
  package var otherCount: Int { others.count }

  /// The numbers of locks by their addresses.
  package var lockNumbers: LockNumbers { numbers }
}

/// Sums of durations by number: that of a task or a lock. There can be more of them than a report shows by far, so durations are not
/// kept.
package struct NumberedTotals: Sendable {
  /// By number; of what has no duration the count is 0.
  package private(set) var all: [(total: Int64, count: Int)] = []

  package init() {}

  @inline(__always)
  package mutating func add(_ duration: Int64, _ number: Int) { add(duration, count: 1, number) }

  /// Adds several durations by their sum.
  @inline(__always)
  package mutating func add(_ total: Int64, count: Int, _ number: Int) {
    if number >= all.count { grow(number) }
    all[number].total &+= total
    all[number].count += count
  }

  @inline(never)
  private mutating func grow(_ number: Int) {
    while all.count <= number { all.append((0, 0)) }
  }
}
