import ProxyModel
import TraceCore

/// A problem with all that is told of it: made of its windows when somebody asks for it.
struct Problem: Sendable {
  /// What makes two windows the same problem.
  struct Key: Equatable, Sendable {
    var lock: LockAddress?
    var kind: Finding.Kind
    var task: TaskIndex?
    var cpu: CPU?

    init(kind: Finding.Kind, lock: LockAddress? = nil, task: TaskIndex? = nil, cpu: CPU? = nil) {
      (self.kind, self.lock, self.task, self.cpu) = (kind, lock, task, cpu)
    }
  }

  /// One window as a row states it.
  struct Window: Sendable {
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

    var length: Int64 { end - begin }
  }

  let key: Key
  let lockKind: WaitKind?
  private(set) var count = 0
  /// The longest window; of equally long ones the earliest.
  private(set) var worst: Window
  /// The longest windows, the longest first; of equally long ones the earliest.
  private(set) var longest: [Finding.Instance] = []
  private(set) var lock: LockAddress?
  private(set) var begin: Timestamp
  private(set) var end: Timestamp
  private(set) var evidence: Evidence
  private var waits = NumberSet()
  /// Windows by waiter; time by CPU and by culprit.
  private var waiters = Tally<TaskLabel>()
  private var cpus = Tally<CPU>()
  private var culprits = Tally<TaskLabel>()

  init(_ key: Key, _ first: Window, lockKind: WaitKind?) {
    (self.key, self.lockKind) = (key, lockKind)
    lock = key.lock
    (worst, begin, end, evidence) = (first, first.begin, first.end, first.evidence)
    add(first)
  }

  mutating func add(_ window: Window) {
    let length = window.length
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
    if longest.count == Self.mostInstances {
      if length <= longest[Self.mostInstances - 1].length { return }
      longest.removeLast()
    } else if longest.count == 1 {
      longest.reserveCapacity(Self.mostInstances)
    }
    var place = longest.count
    while place > 0, longest[place - 1].length < length { place -= 1 }
    if place == 0 { worst = window }
    longest.insert(Finding.Instance(begin: window.begin, length: length, place: window.place), at: place)
  }

  var waitCount: Int { waits.count }

  /// Those with most windows first; of an inversion before all others the most urgent one, which makes it an inversion.
  var rankedWaiters: [TaskLabel] {
    var ranked = waiters.ranked { $0.pid }
    guard key.kind.isInversion, let most = ranked.compactMap(\.priority).min(by: { $0.isMoreUrgent(than: $1) }),
      let place = ranked.firstIndex(where: { $0.priority == most })
    else { return ranked }
    ranked.insert(ranked.remove(at: place), at: 0)
    return ranked
  }

  var mainCPU: CPU? { cpus.entries.max { ($0.sum, $1.item) < ($1.sum, $0.item) }?.item }

  /// On how many CPUs its windows are.
  var cpuCount: Int { cpus.entries.count }

  /// Those that ran longest first.
  var rankedCulprits: [TaskLabel] { culprits.ranked { $0.pid } }
}
