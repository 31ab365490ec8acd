/// What a waiter waited for, instant by instant: each nanosecond of a wait belongs to exactly one class, the first of these
/// that applies.
public enum WaitClass: Int, Sendable, CaseIterable, BitwiseCopyable {
  /// The waiter itself is on a CPU: spinning, or woken and on its way to the lock.
  case own
  /// The lock was released and no later owner is known.
  case handoff
  /// The chain's terminal owner is not known, or a gap hides it.
  case unknown
  /// The terminal owner runs, and the donor on its CPU is the waiter or a task of its chain.
  case proxied
  /// The terminal owner runs on its own account, or for another donor.
  case running
  /// The terminal owner is runnable, and its CPU runs a task outside the chain that is less urgent than the waiter.
  case inverted
  /// The same, but that task is as urgent or more: the scheduler is right.
  case preempted
  /// The terminal owner is runnable and its CPU is idle.
  case delayed
  /// The terminal owner sleeps on something else than a mutex, or is yet to be enqueued after its sleep: until its
  /// `sched_wakeup` it is on no runqueue.
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
    case .sleeping: "sleeping"
    }
  }
}

/// Time by class; the nine sum to the wait exactly.
public struct ClassTimes: Sendable, Hashable, BitwiseCopyable {
  private var sums: InlineArray<9, Int64> = .init(repeating: 0)

  public init() {}

  public subscript(class: WaitClass) -> Int64 {
    get { sums[`class`.rawValue] }
    set { sums[`class`.rawValue] = newValue }
  }

  public var total: Int64 { WaitClass.allCases.reduce(0) { $0 &+ self[$1] } }

  public static func == (a: ClassTimes, b: ClassTimes) -> Bool { WaitClass.allCases.allSatisfy { a[$0] == b[$0] } }

  public func hash(into hasher: inout Hasher) {
    for c in WaitClass.allCases { hasher.combine(self[c]) }
  }

  public static func += (a: inout ClassTimes, b: ClassTimes) {
    for c in WaitClass.allCases { a[c] &+= b[c] }
  }
}
