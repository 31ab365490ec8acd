import ProxyModel
public import TraceCore

/// All chosen waits for mutexes together.
public struct WaitTotals: Sendable {
  /// How many.
  public private(set) var count = 0
  /// The sum of their lengths, in steps of the trace clock.
  public private(set) var length: Int64 = 0
  /// The part of it in which an owner ran on the account of the wait's chain.
  public private(set) var proxied: Int64 = 0
  /// How many mutexes were waited for.
  public let lockCount: Int
  /// The mutex that was waited for longest in sum, and how many waits it had.
  public let topLock: (lock: LockAddress, waits: Int)?

  /// The totals of the waits that the report's filter chooses.
  public init(_ context: ReportContext) {
    var locks: [LockAddress: (waits: Int, length: Int64)] = [:]
    for wait in context.rows.waits where wait.kind == .mutex {
      count += 1
      length &+= wait.length
      proxied &+= wait.times[.proxied]
      let sums = locks[wait.lock] ?? (0, 0)
      locks[wait.lock] = (sums.waits + 1, sums.length &+ wait.length)
    }
    lockCount = locks.count
    topLock = locks.max { ($0.value.length, $1.key.rawValue) < ($1.value.length, $0.key.rawValue) }
      .map { ($0.key, $0.value.waits) }
  }
}
