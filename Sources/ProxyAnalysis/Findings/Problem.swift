import ProxyModel
import TraceCore

/// A finding while its windows are gathered.
struct Problem {
  /// What makes two windows the same problem.
  struct Key: Hashable {
    var kind: Finding.Kind
    var lock: LockAddress?
    var task: TaskIndex?
    var cpu: CPU?
  }

  /// One window as a row states it.
  struct Window {
    var begin: Timestamp
    var end: Timestamp
    /// Index into ``Timeline/waits``; `nil` where no wait is held up.
    var wait: Int?
    var waiter: TaskLabel?
    var cpu: CPU?
    var task: TaskLabel?
    var culprit: TaskLabel?
    var evidence: Evidence
    var place: Finding.Place
    /// Where it is not part of what makes the windows the same problem.
    var lock: LockAddress?
    /// Whether the task was to take the lock, instead of having it.
    var isTaker = false
    /// A row of a table whose parts the worst instance is told by; its index.
    var row = 0
  }

  let key: Key
  var lockKind: WaitKind?
  private(set) var union = WindowUnion()
  private(set) var count = 0
  /// The longest windows, the longest first; of equally long ones the earliest.
  private(set) var longest: [Window]
  private(set) var lock: LockAddress?
  private(set) var begin: Timestamp
  private(set) var end: Timestamp
  private(set) var evidence: Evidence
  private var waits: Set<Int> = []
  /// Windows by waiter; time by CPU and by culprit.
  private var waiters = Tally<TaskLabel>()
  private var cpus = Tally<CPU>()
  private var culprits = Tally<TaskLabel>()

  init(_ key: Key, _ first: Window) {
    self.key = key
    lock = key.lock
    (longest, begin, end, evidence) = ([], first.begin, first.end, first.evidence)
    add(first)
  }

  mutating func add(_ window: Window) {
    let length = window.end - window.begin
    union.add(window.begin, window.end)
    count += 1
    rank(window, length)
    (begin, end) = (min(begin, window.begin), max(end, window.end))
    evidence = evidence.combined(with: window.evidence)
    if let wait = window.wait { waits.insert(wait) }
    if lock == nil { lock = window.lock }
    if let waiter = window.waiter { waiters.add(1, waiter, number: waiter.index.rawValue) }
    if let cpu = window.cpu { cpus.add(length, cpu, number: UInt32(bitPattern: cpu)) }
    if let culprit = window.culprit { culprits.add(length, culprit, number: culprit.index.rawValue) }
  }

  private static let mostInstances = 10

  private mutating func rank(_ window: Window, _ length: Int64) {
    let place = longest.firstIndex { length > $0.end - $0.begin } ?? longest.count
    guard place < Self.mostInstances else { return }
    longest.insert(window, at: place)
    if longest.count > Self.mostInstances { longest.removeLast() }
  }

  var worst: Window { longest[0] }

  var waitCount: Int { waits.count }

  /// Those with most windows first.
  var rankedWaiters: [TaskLabel] { waiters.ranked { $0.pid } }

  var mainCPU: CPU? { cpus.entries.max { ($0.sum, $1.item) < ($1.sum, $0.item) }?.item }

  var cpuCount: Int { cpus.entries.count }

  /// Those that ran longest first.
  var rankedCulprits: [TaskLabel] { culprits.ranked { $0.pid } }
}

/// Sums of things that have numbers. Mostly there are a few, and looking through them costs less than hashing.
private struct Tally<Item> {
  /// In order of their first parts.
  private(set) var entries: [(number: UInt32, item: Item, sum: Int64)] = []
  /// Where there are more than ``few``: places in ``entries`` by number.
  private var places: [UInt32: Int] = [:]
  private static var few: Int { 8 }

  /// - Parameter item: kept if it is the first with this number.
  mutating func add(_ part: Int64, _ item: Item, number: UInt32) {
    if let place = place(of: number) {
      entries[place].sum &+= part
      return
    }
    entries.append((number, item, part))
    if entries.count == Self.few + 1 {
      for (place, entry) in entries.enumerated() { places[entry.number] = place }
    } else if entries.count > Self.few {
      places[number] = entries.count - 1
    }
  }

  private func place(of number: UInt32) -> Int? {
    if entries.count > Self.few { return places[number] }
    for place in entries.indices where entries[place].number == number { return place }
    return nil
  }

  /// Those with the greatest sums first; of equals the one with the lowest pid.
  func ranked(_ pid: (Item) -> Pid) -> [Item] {
    entries.sorted { ($1.sum, pid($0.item)) < ($0.sum, pid($1.item)) }.map(\.item)
  }
}

/// Problems by what makes them the same.
struct Problems {
  private(set) var all: [Problem] = []
  private var places: [Problem.Key: Int] = [:]
  private var last: (key: Problem.Key, place: Int)?

  mutating func add(_ key: Problem.Key, _ window: Problem.Window, lockKind: WaitKind? = nil) {
    // Windows of all waiters behind the same owner come together.
    if let last, last.key == key { return all[last.place].add(window) }
    if let place = places[key] {
      last = (key, place)
      all[place].add(window)
    } else {
      last = (key, all.count)
      places[key] = all.count
      all.append(Problem(key, window))
      all[all.count - 1].lockKind = lockKind
    }
  }
}
