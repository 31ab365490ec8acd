/// What a waiter waited for, instant by instant: each nanosecond of a wait belongs to exactly one class, the first of these
/// that applies.
public enum WaitClass: Int, Sendable, CaseIterable, BitwiseCopyable {
  /// The waiter itself is on a CPU: spinning, or woken and on its way to the lock.
  case own
  /// The lock was released and no later owner is known; or that is so of the lock that the chain's last owner waits for.
  case handoff
  /// The chain's terminal owner is not known, or a gap hides it; or it is not known on whose account it runs, or on whose the
  /// task runs that keeps it from its CPU.
  case unknown
  /// The terminal owner runs, and the donor on its CPU is the waiter or a task of its chain.
  case proxied
  /// The terminal owner runs on its own account, or for another donor.
  case running
  /// The terminal owner is runnable, and its CPU runs a task that is less urgent than the most urgent waiter whose chain ends in
  /// that owner.
  case inverted
  /// The same, but that task is as urgent or more: the scheduler is right.
  case preempted
  /// The terminal owner is runnable and its CPU is idle.
  case delayed
  /// The terminal owner has been woken and is yet to be enqueued: until its `sched_wakeup` it is on no runqueue.
  case waking
  /// The terminal owner sleeps on something else than a mutex.
  case sleeping

  /// The word that tables and reports print; its column is `NAME_ns`.
  public var name: String {
    switch self {
    case .own: "self"
    case .handoff: "handoff"
    case .unknown: "unknown"
    case .proxied: "proxied"
    case .running: "running"
    case .inverted: "inverted"
    case .preempted: "preempted"
    case .delayed: "delayed"
    case .waking: "waking"
    case .sleeping: "sleeping"
    }
  }
}

/// Time by class; the ten sum to the wait exactly.
public struct ClassTimes: Sendable, Hashable, BitwiseCopyable {
  private var sums: InlineArray<10, Int64> = .init(repeating: 0)

  public init() {}

  public subscript(class: WaitClass) -> Int64 {
    get { sums[`class`.rawValue] }
    set { sums[`class`.rawValue] = newValue }
  }

  /// - Parameter place: ``WaitClass/rawValue``.
  @inline(__always)
  mutating func add(_ length: Int64, to place: Int) { sums[place] &+= length }

  /// The sum of the class with this raw value.
  @inline(__always)
  subscript(place: Int) -> Int64 { sums[place] }

  /// Whether none is negative or takes more than 32 bits.
  @inline(__always)
  var fitInHalf: Bool {
    var bits: Int64 = 0
    for place in sums.indices { bits |= sums[place] }
    return bits >> 32 == 0
  }

  public var total: Int64 {
    var total: Int64 = 0
    for place in sums.indices { total &+= sums[place] }
    return total
  }

  public static func == (a: ClassTimes, b: ClassTimes) -> Bool {
    for place in a.sums.indices where a.sums[place] != b.sums[place] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    for place in sums.indices { hasher.combine(sums[place]) }
  }

  public static func += (a: inout ClassTimes, b: ClassTimes) {
    for place in a.sums.indices { a.sums[place] &+= b.sums[place] }
  }
}
