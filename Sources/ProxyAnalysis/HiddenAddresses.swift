import ProxyModel
import TraceCore

extension ReportContext {
  /// The same capture with every lock's address replaced by a number from 1, in order of the first waits: rows still belong together,
  /// symbols stay, and nothing remains of where the kernel is. A keyed hash would not do: kernel addresses are few enough to be
  /// guessed.
  public func hidingAddresses() -> ReportContext {
    var numbers: [LockAddress: LockAddress] = [:]
    func number(_ lock: LockAddress) {
      if numbers[lock] == nil { numbers[lock] = LockAddress(UInt64(numbers.count + 1)) }
    }
    // Which rows were made does not matter to the numbers: these locks are always known.
    timeline.waitedLocks.forEach(number)
    for wait in timeline.waits { number(wait.lock) }
    for chain in timeline.chains { chain.locks.forEach(number) }
    for hold in timeline.holds { number(hold.lock) }
    let hidden = numbers
    // What no wait, chain or hold names has no row.
    let alias: @Sendable (LockAddress) -> LockAddress = { hidden[$0] ?? LockAddress(0) }
    var context = self
    context.timeline.waits = timeline.waits.changing { $0.lock = alias($0.lock) }
    context.timeline.chains = timeline.chains.changing { $0.locks = $0.locks.map(alias) }
    context.timeline.inversions = timeline.inversions.changing {
      ($0.lock, $0.ownedLock) = (alias($0.lock), alias($0.ownedLock))
    }
    context.timeline.handoffs = timeline.handoffs.changing { $0.lock = alias($0.lock) }
    context.timeline.stalls = timeline.stalls.changing { $0.ownedLock = alias($0.ownedLock) }
    context.timeline.holds = timeline.holds.changing { $0.lock = alias($0.lock) }
    context.timeline.waitedLocks = timeline.waitedLocks.map(alias)
    context.symbols = [:]
    for (lock, symbol) in symbols where hidden[lock] != nil { context.symbols[alias(lock)] = symbol }
    return context
  }
}

extension Rows {
  /// The rows with a change to each, made when a row is asked for.
  fileprivate func changing(_ change: @escaping @Sendable (inout Row) -> Void) -> Rows {
    Rows(count: count) { place in
      var row = self[place]
      change(&row)
      return row
    }
  }
}
