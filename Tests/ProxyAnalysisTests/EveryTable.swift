import ProxyAnalysis
import TraceCore

@testable import ProxyModel

extension Literal {
  /// A capture with at least a row in every table. Times are in microseconds; the comments give the ids.
  static let everyTable = timeline {
    $0.cpus = [CPURow(cpu: 0), CPURow(cpu: 1)]
    $0.waits = [
      // 1: lock A, 10 to 110; 2: lock B, 50 to 80.
      wait(.mutex, waiter, on: lockA, from: 10, for: 100, owner: owner, times: [.running: 100], depth: 2),
      wait(.rwsemRead, middle, on: lockB, from: 50, for: 30, times: [.unknown: 30]),
    ]
    $0.chains = [
      // 1: 10 to 60; 2: 60 to 110.
      ChainRow(
        wait: 0, begin: at(10), end: at(60), path: [waiter, owner], locks: [lockA], terminalState: .running,
        evidence: .event),
      ChainRow(
        wait: 0, begin: at(60), end: at(110), path: [waiter, owner, other], locks: [lockA, lockB],
        terminalState: .sleeping, evidence: .event),
    ]
    // 1: 10 to 110 on CPU 1.
    $0.segments = [
      SegmentRow(
        wait: 0, begin: at(10), end: at(110), kind: .running, cpu: 1, owner: owner, curr: owner, donor: nil,
        evidence: .event)
    ]
    // 20 to 40 on CPU 0.
    $0.runs = [RunRow(cpu: 0, begin: at(20), end: at(40), task: owner, donor: waiter, evidence: .event)]
    // 70 to 80 on CPU 1.
    $0.delays = [
      DelayRow(
        task: owner, begin: at(70), end: at(80), length: 10_000, cpu: 1, cause: .woken, waking: 1_000,
        culprits: [InversionRow.Culprit(task: middle, ran: 10_000)], wait: nil, evidence: .event)
    ]
    // 20 to 40 on CPU 0.
    $0.splits = [
      SplitRow(cpu: 0, begin: at(20), end: at(40), donor: waiter, curr: owner, depth: 1, evidence: .event)
    ]
    // 40 to 60 on CPU 1.
    $0.inversions = [
      InversionRow(
        wait: 0, begin: at(40), end: at(60), waiter: waiter, lock: lockA, owner: owner, cpu: 1,
        culprits: [InversionRow.Culprit(task: middle, ran: 20_000)], evidence: .event)
    ]
    $0.handoffs = [
      // 1: 15 to 20; 2: 100 to 110.
      HandoffRow(
        kind: .donation, wait: 0, lock: lockA, from: waiter, to: owner, begin: at(15), end: at(20), wake: nil,
        queue: nil, run: nil, acquire: nil, migrated: false, evidence: .event),
      HandoffRow(
        kind: .release, wait: 0, lock: lockA, from: owner, to: waiter, begin: at(100), end: at(110), wake: nil,
        queue: nil, run: nil, acquire: nil, migrated: false, evidence: .event),
    ]
    // 10 to 100.
    $0.holds = [HoldRow(lock: lockA, owner: owner, begin: at(10), end: at(100), waiters: 1, evidence: .event)]
    $0.migrations = [
      MigrationRow(kind: .proxy, task: waiter, from: 0, to: 1, time: at(12), evidence: .inferred(.movedSilently))
    ]
    // At 14 on CPU 0, put on CPU 1.
    $0.enqueues = [
      EnqueueRow(
        time: at(14), donor: waiter, cpu: 0, owner: owner, ownerCPU: 1, ownerState: .running, reason: .blocked,
        placedCPU: 1, dispatchQueue: 0xc000_0000_0000_0001, donatedAfter: 6000, wait: 0, evidence: .event)
    ]
    // 30 to 35, on CPUs 0 and 1.
    $0.pairing = [
      PairingRow(
        kind: .runningWithoutStopping, callback: .running, task: waiter, time: at(30), cpu: 0,
        clash: PairingRow.Clash(what: .running, task: middle, time: at(35), cpu: 1), donor: nil, owner: nil,
        since: at(0))
    ]
    // 70 to 75 on CPU 1.
    $0.gaps = [GapRow(cpu: 1, begin: at(70), end: at(75), lostEvents: 3)]
  }
}
