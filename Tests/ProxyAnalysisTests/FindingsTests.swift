import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// Problems: what makes rows the same one, what it costs, and in which order they stand.
struct FindingsTests {
  private static func window(
    _ begin: Int64, _ length: Int64, wait: Int = 0, _ waiter: TaskLabel = Literal.waiter,
    on lock: LockAddress = Literal.lockA, owner: TaskLabel = Literal.owner, cpu: CPU = 3,
    culprit: TaskLabel? = Literal.middle, _ evidence: Evidence = .event
  ) -> InversionRow {
    InversionRow(
      wait: wait, begin: Literal.at(begin), end: Literal.at(begin + length), waiter: waiter, lock: lock, owner: owner,
      cpu: cpu, culprits: culprit.map { [InversionRow.Culprit(task: $0, ran: length * 1000)] } ?? [], evidence: evidence
    )
  }

  private static func release(
    _ begin: Int64, _ length: Int64, steps: [Int64?] = [nil, nil, nil, nil], _ evidence: Evidence = .event,
    kind: HandoffRow.Kind = .release, lock: LockAddress = Literal.lockA
  ) -> HandoffRow {
    HandoffRow(
      kind: kind, wait: 0, lock: lock, from: Literal.owner, to: Literal.waiter, begin: Literal.at(begin),
      end: Literal.at(begin + length), wake: steps[0].map { $0 * 1000 }, queue: steps[1].map { $0 * 1000 },
      run: steps[2].map { $0 * 1000 }, acquire: steps[3].map { $0 * 1000 }, migrated: false, evidence: evidence)
  }

  private static func lines(_ fill: (inout Timeline) -> Void) -> [String] {
    Report(Literal.context(Literal.timeline(fill))).findingLines
  }

  // MARK: Inversions

  /// Slices of one wait, and the same time seen by two waiters: the union counts, the windows are told.
  @Test func windowsOfOneOwnerAreOneProblemAndNoTimeCountsTwice() {
    let lines = Self.lines {
      $0.inversions = [
        Self.window(10, 40), Self.window(20, 50, wait: 1, Literal.other), Self.window(200, 100),
        Self.window(300, 100, wait: 2, culprit: Literal.other),
      ]
    }
    #expect(
      lines == [
        "inversion 260000ns 3/4 --inversion 3 100000ns: middle:62 and 1 more run on CPU 3 instead of owner:60, which owns "
          + "0xa0; other:63 and 1 more wait for it"
      ])
  }

  /// It is the most urgent waiter that makes it an inversion, however few of the windows it has.
  @Test func theMostUrgentWaiterIsNamed() {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.inversions = [
            Self.window(10, 40), Self.window(60, 40, Literal.waiter), Self.window(70, 20, wait: 1, Literal.other),
          ]
        }))
    #expect(report.findings.map(\.waiters) == [[Literal.other, Literal.waiter]])
  }

  @Test func anotherOwnerOrLockIsAnotherProblem() {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.inversions = [
            Self.window(10, 40), Self.window(100, 30, owner: Literal.other), Self.window(200, 20, on: Literal.lockB),
          ]
        }))
    #expect(report.findings.map(\.cost) == [40_000, 30_000, 20_000])
    #expect(report.findings.map(\.lock) == [Literal.lockA, Literal.lockA, Literal.lockB])
  }

  /// Waits for different locks whose chains end in the same owner of the same lock are held up by one cause.
  @Test func aChainsLastLockIsThePlace() {
    let lines = Self.lines {
      $0.waits = [
        Literal.wait(from: 0, for: 100, depth: 2),
        Literal.wait(.mutex, Literal.middle, on: Literal.lockB, from: 0, for: 100, depth: 1),
      ]
      var first = Self.window(10, 40)
      first.ownedLock = Literal.lockB
      $0.inversions = [
        first, Self.window(10, 40, wait: 1, Literal.middle, on: Literal.lockB),
      ]
    }
    #expect(lines.count == 1 && lines[0].hasPrefix("inversion 40000ns 2/2 "))
    #expect(lines[0].hasSuffix("which owns 0xb0; waiter:61 and 1 more wait for it"))
  }

  @Test func evidenceIsThatOfTheWeakestWindow() {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.inversions = [
            Self.window(10, 40), Self.window(100, 10, culprit: Literal.middle, .inferred(.perhapsStillHeld)),
          ]
        }))
    #expect(report.findings.map(\.evidence) == [.inferred(.perhapsStillHeld)])
  }

  // MARK: Handoffs

  /// 1 ms and more; those of a lock are one problem. A clock that does not count nanoseconds has no millisecond.
  @Test func slowReleasesOfALockAreOneProblem() {
    let timeline = Literal.timeline {
      $0.handoffs = [
        Self.release(10, 999), Self.release(2000, 1000), Self.release(4000, 3000, kind: .donation),
        Self.release(8000, 1500, steps: [nil, nil, 1400, 100], .inferred(.wokeTheWaiter)),
      ]
    }
    #expect(
      Report(Literal.context(timeline)).findingLines == [
        "slow-release 2500000ns 1/2 --handoff 4 1500000ns: 0xa0 stayed free 2 times; "
          + "owner:60 → waiter:61 took 1500000ns: 1400000ns to switch, 100000ns to lock"
      ])
    #expect(Report(Literal.context(timeline, clock: Literal.counter)).findings.isEmpty)
    let later = Report(Literal.context(timeline, filter: RowFilter(from: Literal.at(8000))))
    #expect(later.findings.map(\.windows) == [1])
  }

  /// Of one handoff the time in which the woken task was not queued is one problem, the rest another; together the handoff.
  @Test func aLateWakeupIsNotASlowHandoffToo() {
    let timeline = Literal.timeline {
      $0.handoffs = [
        Self.release(1000, 3000, steps: [100, 1500, 1300, 100]), Self.release(6000, 1200, steps: [10, 1150, 30, 10]),
      ]
    }
    let report = Report(Literal.context(timeline))
    #expect(report.findings.map(\.kind) == [.lateWakeup, .slowRelease])
    #expect(report.findings.map(\.cost) == [2_650_000, 1_500_000])
    #expect(report.findings.map(\.worst.length) == [1_500_000, 1_400_000])
    #expect(report.findingLines[0].contains("waiter:61, handed 0xa0, was queued late"))
  }

  // MARK: Waits

  @Test func aWaitThatOutlastsAllOthersAndDoesNotEndIsAProblem() {
    let lines = Self.lines {
      $0.waits = [
        Literal.wait(from: 0, for: 3000), Literal.wait(from: 7000, for: 3000, .open),
        Literal.wait(.mutex, Literal.middle, on: Literal.lockB, from: 2000, for: 8000, .open, owner: Literal.owner),
      ]
    }
    #expect(
      lines == [
        "unfinished-wait 8000000ns 1/1 --wait 3 8000000ns: middle:62 still waits for 0xb0 when the capture ends; "
          + "held by owner:60"
      ])
  }

  private static func chain(
    _ from: Int64, _ path: [TaskLabel], _ locks: [LockAddress], _ end: ChainEnd, _ evidence: Evidence = .event
  ) -> ChainRow {
    ChainRow(
      wait: 0, begin: Literal.at(from), end: Literal.at(20), path: path, locks: locks, terminalState: end,
      evidence: evidence)
  }

  /// Each member of a cycle has a chain that ends in it; the cycle is one finding. Who leads to it is no part of it.
  @Test func aDeadlockIsFoundOnce() {
    let timeline = Literal.timeline {
      $0.chains = [
        Self.chain(10, [Literal.owner, Literal.other, Literal.owner], [Literal.lockB, Literal.lockC], .deadlock),
        Self.chain(12, [Literal.other, Literal.owner, Literal.other], [Literal.lockC, Literal.lockB], .deadlock),
        Self.chain(
          15, [Literal.waiter, Literal.owner, Literal.other, Literal.owner],
          [Literal.lockA, Literal.lockB, Literal.lockC], .deadlock, .inferred(.perhapsStillHeld)),
      ]
      $0.deadlocks = [0, 1, 2]
    }
    #expect(
      Report(Literal.context(timeline)).findingLines == [
        "deadlock 10000ns 1/3 --wait 1 10000ns: owner:60 waits for other:63 waits for owner:60"
      ])
    let later = Report(Literal.context(timeline, filter: RowFilter(pids: NumberList("61"))))
    #expect(
      later.findings.map(\.lock) == [Literal.lockC] && later.findings.map(\.evidence) == [.inferred(.perhapsStillHeld)])
    #expect(later.findings.allSatisfy { $0.matters })
    let harmless = Literal.timeline {
      $0.chains = [Self.chain(10, [Literal.waiter, Literal.owner], [Literal.lockA], .running)]
    }
    #expect(Report(Literal.context(harmless)).findings.isEmpty)
  }

  // MARK: Callbacks

  private static func pairing(_ kind: PairingRow.Kind, at time: Int64, clash: Int64?) -> PairingRow {
    PairingRow(
      kind: kind, callback: .running, task: Literal.waiter, time: Literal.at(time), cpu: 1,
      clash: clash.map { PairingRow.Clash(what: .running, task: Literal.middle, time: Literal.at($0), cpu: 2) })
  }

  /// The cost is the time in which the scheduler's books are wrong. A broken callback always matters.
  @Test func callbacksOfAKindAreOneProblem() {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.pairing = [
            Self.pairing(.runningWithoutStopping, at: 10, clash: 30),
            Self.pairing(.runningWithoutStopping, at: 20, clash: 35),
            Self.pairing(.stoppingWithoutRunning, at: 40, clash: nil),
          ]
        }))
    #expect(
      report.findingLines == [
        "running-without-stopping 25000ns 0/2 --pairing 1 20000ns: sched_ext: running without stopping, 2 times; "
          + "running of waiter:61 on CPU 1, running of middle:62 at @30",
        "stopping-without-running 0ns 0/1 --pairing 3 0ns: sched_ext: stopping without running, once; "
          + "running of waiter:61 on CPU 1",
      ])
    #expect(report.findings.allSatisfy { $0.matters })
  }

  // MARK: Order

  /// By cost, whatever the kind; ids are places in this order.
  @Test func findingsAreSortedByCostOverAllKinds() throws {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.inversions = [Self.window(10, 2000), Self.window(3000, 10, owner: Literal.other)]
          $0.handoffs = [Self.release(2000, 3000)]
          $0.pairing = [Self.pairing(.donorRunning, at: 10, clash: nil)]
        }))
    #expect(report.findings.map(\.kind) == [.slowRelease, .inversion, .inversion, .donorRunning])
    #expect(
      try report.lines("findings", "id", "kind", "cost_ns", "waits", "windows", "matters", "explain") == [
        "1 slow-release 3000000 1 1 yes explain --handoff 1", "2 inversion 2000000 1 1 yes explain --inversion 1",
        "3 inversion 10000 1 1 yes explain --inversion 2", "4 donor-running 0 0 1 yes explain --pairing 1",
      ])
  }

  /// A tick, or one per cent of the waiting; never less than 10 µs.
  @Test(arguments: [
    (1000, 200_000, true), (999, 200_000, false), (500, 50_000, true), (499, 50_000, false), (9, 10, false),
  ])
  func littleDoesNotMatter(_ length: Int64, _ waiting: Int64, _ matters: Bool) {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.waits = [Literal.wait(from: 0, for: waiting)]
          $0.inversions = [Self.window(10, length)]
        }))
    #expect(report.findings.map(\.matters) == [matters])
  }

  @Test func withoutWaitsThereAreNoFindings() {
    let timeline = Literal.timeline {
      $0.inversions = [Self.window(10, 2000)]
      $0.handoffs = [Self.release(2000, 3000)]
      $0.chains = [Self.chain(10, [Literal.owner, Literal.owner], [Literal.lockB], .deadlock)]
      $0.deadlocks = [0]
    }
    #expect(Report(Literal.context(timeline, missing: [.contentionBegan])).findings.isEmpty)
    #expect(Report(Literal.context(timeline, missing: [.contendedRelease, .waking, .probedWait])).findings.isEmpty)
  }
}
