import ProxyModel
import TraceCore

/// The locks and the tasks whose waits have the greatest sums, gathered in a second pass over the waits.
struct TopWaits: Sendable {
  /// By the lock's place in ``WaitSums/locks``.
  let locks: TopTotals
  /// By the task's index.
  let waiters: TopTotals

  init(_ waits: Rows<WaitLength>, _ sums: WaitSums, top: Int) {
    var byLock = NumberedTotals()
    for (number, lock) in sums.locks.enumerated() { byLock.add(lock.length, count: lock.waits, number) }
    var locks = TopTotals.Chosen(byLock, top: top) { sums.locks[$0].lock < sums.locks[$1].lock }
    var waiters = TopTotals.Chosen(sums.byWaiter, top: top, order: <)
    var numbers = sums.lockNumbers
    for wait in waits {
      locks.add(wait.length, numbers[wait.lock])
      waiters.add(wait.length, Int(wait.waiter.rawValue))
    }
    (self.locks, self.waiters) = (TopTotals(locks), TopTotals(waiters))
  }
}
