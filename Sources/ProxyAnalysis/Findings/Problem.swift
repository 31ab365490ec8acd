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
  private var waiters: [TaskIndex: (label: TaskLabel, windows: Int)] = [:]
  /// Time by CPU and by culprit.
  private var cpus: [CPU: Int64] = [:]
  private var culprits: [TaskIndex: (label: TaskLabel, time: Int64)] = [:]

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
    if let waiter = window.waiter { waiters[waiter.index, default: (waiter, 0)].windows += 1 }
    if let cpu = window.cpu { cpus[cpu, default: 0] &+= length }
    if let culprit = window.culprit { culprits[culprit.index, default: (culprit, 0)].time &+= length }
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
  var rankedWaiters: [TaskLabel] {
    waiters.values.sorted { ($1.windows, $0.label.pid) < ($0.windows, $1.label.pid) }.map(\.label)
  }

  var mainCPU: CPU? { cpus.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }

  var cpuCount: Int { cpus.count }

  /// Those that ran longest first.
  var rankedCulprits: [TaskLabel] {
    culprits.values.sorted { ($1.time, $0.label.pid) < ($0.time, $1.label.pid) }.map(\.label)
  }
}

/// Problems by what makes them the same.
struct Problems {
  private(set) var all: [Problem] = []
  private var places: [Problem.Key: Int] = [:]

  mutating func add(_ key: Problem.Key, _ window: Problem.Window, lockKind: WaitKind? = nil) {
    if let place = places[key] {
      all[place].add(window)
    } else {
      places[key] = all.count
      all.append(Problem(key, window))
      all[all.count - 1].lockKind = lockKind
    }
  }
}
