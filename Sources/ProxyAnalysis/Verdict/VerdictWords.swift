public import ProxyModel

extension ProxyVerdict {
  /// All reasons as clauses, separated by `; `; empty where there are none.
  public var reasonText: String { reasons.map(\.words).joined(separator: "; ") }
}

extension VerdictReason {
  /// The reason as a clause for people: `3 times an event named a donor`.
  public var words: String {
    switch self {
    case .statedByUser: "said by the user"
    case .kernelWithout(.bootParameter): "the kernel was booted with sched_proxy_exec=0"
    case .kernelWithout(.configuration): "the kernel was built without CONFIG_SCHED_PROXY_EXEC"
    case .kernelWithout(.symbols): "the kernel's symbols have none of proxy execution"
    case .builtIn: "the kernel's symbols show that it is built in"
    case .outranRealTime(let count):
      "\(Self.times(count)) a real-time task ran while a more urgent one was queued on its CPU"
    case .probedDonors(let count): "\(Self.counted(count, "switch", "switches")) with a donor in the probe"
    case .donorsChosen(let count): "\(Self.times(count)) a donor was chosen for a task that ran on"
    case .namedDonors(let count): "\(Self.times(count)) an event named a donor"
    case .undonated(let owners, let probedSwitches):
      "\(owners) owners were switched in while a more urgent waiter was blocked on that CPU, and the probe of "
        + "\(Self.counted(probedSwitches, "switch", "switches")) names no donor"
    case .silentMoves(let count): "\(Self.waiters(count)) moved to another CPU without sched_migrate_task"
    case .idledWithWork(let count): "\(Self.times(count)) a waiter left its CPU idle for a task that was queued there"
    case .markedDonors(let count):
      "\(Self.times(count)) a mutex's owner ran while the scheduler had its blocked waiter running"
    case .keptWaiters(let count): "\(Self.waiters(count)) stayed runnable for the scheduler"
    case .dequeuedWaiters(let count):
      "\(Self.waiters(count)) left the runqueue, as the scheduler's stopping marks say, and none stayed"
    case .stayedHome(let count):
      "\(count) blocked waiters stayed on their CPU while their owner was runnable on another"
    case .shares(let contested, let ran, let alone, let proxied):
      "owners that competed for their waiters' CPU ran \(Self.percent(ran)) of \(Int(contested)) ms: "
        + "their own weight gives \(Self.percent(alone)), their donors' \(Self.percent(proxied))"
    case .nothing: "no probe, no silent migration, and no owner competed long enough for its waiter's CPU"
    }
  }

  private static func times(_ count: UInt64) -> String { counted(count, "time", "times") }

  private static func waiters(_ count: UInt64) -> String { counted(count, "blocked waiter", "blocked waiters") }

  private static func counted(_ count: UInt64, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }

  /// A share of 0 to 1 as whole per cent.
  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
