import ProxyModel
public import TraceCore

/// All chosen waits for mutexes together.
public struct WaitTotals: Sendable {
  /// How many.
  public let count: Int
  /// The sum of their lengths, in steps of the trace clock.
  public let length: Int64
  /// The part of it in which an owner ran on the account of the wait's chain.
  public let proxied: Int64
  /// How many mutexes were waited for.
  public let lockCount: Int
  /// The mutex that was waited for longest in sum, and how many waits it had.
  public let topLock: (lock: LockAddress, waits: Int)?

  /// The totals of the waits that the report's filter chooses.
  public init(_ context: ReportContext) {
    let sums = context.waitSums
    (count, length, proxied) = (sums.mutexCount, sums.mutexLength, sums.times[.proxied])
    let locks = sums.locks.filter { $0.mutexWaits > 0 }
    lockCount = locks.count
    topLock = locks.max { ($0.mutexLength, $1.lock.rawValue) < ($1.mutexLength, $0.lock.rawValue) }
      .map { ($0.lock, $0.mutexWaits) }
  }
}
