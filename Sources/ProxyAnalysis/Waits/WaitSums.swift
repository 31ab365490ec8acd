import ProxyModel
import TraceCore

/// What the summary needs of all chosen waits, gathered in one pass over them.
struct WaitSums: Sendable {
  /// The waits for a lock.
  struct Lock: Sendable {
    var lock: LockAddress
    /// What its waits say that it is.
    private(set) var kinds: Set<WaitKind> = []
    private var lastKind: WaitKind?
    var lengths = Durations()
    var mutexWaits = 0
    var mutexLength: Int64 = 0

    init(lock: LockAddress) { self.lock = lock }

    fileprivate mutating func add(_ kind: WaitKind) {
      // Mostly that of the wait before.
      if kind == lastKind { return }
      lastKind = kind
      kinds.insert(kind)
    }
  }

  /// Of mutex waits: how many, their sum, and its parts by class.
  private(set) var mutexCount = 0
  private(set) var mutexLength: Int64 = 0
  private(set) var times = ClassTimes()
  /// Positions of all other waits among the chosen, and their sum.
  private(set) var others: [Int] = []
  private(set) var otherLength: Int64 = 0
  /// How many are cut: open, lost or begun before.
  private(set) var cutCount = 0
  /// The longest wait that is not open, for a mutex and for another lock.
  private(set) var longestMutex: Int64 = 0
  private(set) var longestOther: Int64 = 0
  /// Positions of the open ones among the chosen.
  private(set) var open: [Int] = []
  /// The number of waits for other locks than mutexes.
  var otherCount: Int { others.count }
  /// In order of their first wait.
  private(set) var locks: [Lock] = []
  private var waiters = TaskDurations()

  init(_ waits: ChosenRows<WaitRow>) {
    var places: [LockAddress: Int] = [:]
    var (last, lastPlace) = (LockAddress(0), -1)
    for (position, wait) in waits.enumerated() {
      if wait.kind == .mutex {
        mutexCount += 1
        mutexLength &+= wait.length
        times += wait.times
      } else {
        others.append(position)
        otherLength &+= wait.length
      }
      if wait.isCut { cutCount += 1 }
      if wait.result == .open {
        open.append(position)
      } else if wait.kind == .mutex {
        longestMutex = max(longestMutex, wait.length)
      } else {
        longestOther = max(longestOther, wait.length)
      }
      // Mostly the lock of the wait before.
      if lastPlace < 0 || wait.lock != last {
        (last, lastPlace) = (wait.lock, places[wait.lock] ?? locks.count)
        if lastPlace == locks.count {
          places[wait.lock] = lastPlace
          locks.append(Lock(lock: wait.lock))
        }
      }
      add(wait, toLock: lastPlace)
      waiters.add(wait.length, of: wait.waiter.index)
    }
  }

  private mutating func add(_ wait: WaitRow, toLock place: Int) {
    locks[place].add(wait.kind)
    locks[place].lengths.append(wait.length)
    guard wait.kind == .mutex else { return }
    locks[place].mutexWaits += 1
    locks[place].mutexLength &+= wait.length
  }

  /// Lengths of waits by waiter.
  var lengthsByWaiter: [TaskIndex: Durations] { waiters.byTask }
}
