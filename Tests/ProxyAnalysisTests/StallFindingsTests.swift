import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

/// Problems of owners that could run and did not, of donations, and of locks that do not proxy.
struct StallFindingsTests {
  private static func stall(
    _ kind: WaitClass, _ begin: Int64, _ length: Int64, wait: Int = 0, owner: TaskLabel = Literal.owner,
    on lock: LockAddress = Literal.lockA, cpu: CPU? = 3, donor: DonorPlace = .unknown, _ evidence: Evidence = .event
  ) -> StallRow {
    StallRow(
      wait: wait, waiter: wait == 0 ? Literal.waiter : Literal.middle, begin: Literal.at(begin),
      end: Literal.at(begin + length), kind: kind, cpu: cpu, owner: owner, ownedLock: lock, donor: donor,
      evidence: evidence)
  }

  private static func window(_ begin: Int64, _ length: Int64, wait: Int = 0, _ evidence: Evidence = .event)
    -> InversionRow
  {
    InversionRow(
      wait: wait, begin: Literal.at(begin), end: Literal.at(begin + length),
      waiter: wait == 0 ? Literal.waiter : Literal.middle, lock: Literal.lockA, owner: Literal.owner, cpu: 3,
      culprits: [.init(task: Literal.other, ran: length * 1000)], evidence: evidence)
  }

  private static func handoff(
    _ kind: HandoffRow.Kind, _ begin: Int64, _ length: Int64, steps: [Int64?] = [nil, nil, nil, nil], wait: Int = 0
  ) -> HandoffRow {
    let isDonation = kind == .donation
    return HandoffRow(
      kind: kind, wait: wait, lock: Literal.lockA, from: isDonation ? Literal.waiter : Literal.owner,
      to: isDonation ? Literal.owner : Literal.waiter, begin: Literal.at(begin), end: Literal.at(begin + length),
      wake: steps[0].map { $0 * 1000 }, queue: steps[1].map { $0 * 1000 }, run: steps[2].map { $0 * 1000 },
      acquire: steps[3].map { $0 * 1000 }, migrated: false, evidence: .event)
  }

  /// Two waits for lock A: of the waiter (prio 100), and of a less urgent task (prio 120).
  private static func report(_ fill: (inout Timeline) -> Void) -> Report {
    Report(
      Literal.context(
        Literal.timeline {
          $0.waits = [
            Literal.wait(from: 0, for: 9000), Literal.wait(.mutex, Literal.middle, from: 0, for: 9000),
          ]
          fill(&$0)
        }))
  }

  private static func told(_ fill: (inout Timeline) -> Void) -> [String] { report(fill).findingLines }

  // MARK: Idle CPUs

  /// Over waiters and times one problem, whose cost is the union. Who is to take a free lock is told apart from who owns it.
  @Test func anOwnerOnAnIdleCPUIsAProblem() {
    #expect(
      Self.told {
        $0.stalls = [
          Self.stall(.delayed, 100, 1000), Self.stall(.delayed, 600, 1500, wait: 1), Self.stall(.delayed, 5000, 30),
        ]
      } == [
        "idle-owner 2030000ns 2/3 --wait 2 1500000ns: CPU 3 idles with owner:60 runnable, which owns 0xa0; "
          + "waiter:61 and 1 more wait for it"
      ])
    #expect(
      Self.told { $0.stalls = [Self.stall(.handoff, 100, 1200, owner: Literal.middle, cpu: 1)] } == [
        "idle-owner 1200000ns 1/1 --wait 1 1200000ns: CPU 1 idles with middle:62 runnable, which is to take 0xa0; "
          + "waiter:61 waits for it"
      ])
  }

  /// Each wakeup finds its CPU idle for an instant: many of these are no problem, as long as they are little of the waiting.
  @Test(arguments: [(11, 100, false), (2, 1000, true), (2, 90, true)]) func manyInstantsAreNoIdleOwner(
    _ count: Int, _ length: Int64, _ matters: Bool
  ) {
    let waiting: Int64 = count == 11 ? 1_000_000 : 9000
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.waits = [Literal.wait(from: 0, for: waiting)]
          $0.stalls = Rows((0..<count).map { Self.stall(.delayed, Int64($0) * 2000, length) })
        }))
    #expect(report.findings.map(\.matters) == [matters])
  }

  // MARK: Donors

  /// On a kernel that proxies a window is its donor's, by where that was; together the parts are the window.
  @Test func anInversionIsSplitByWhereItsDonorWas() {
    let report = Self.report {
      $0.inversions = [Self.window(1000, 6000)]
      $0.stalls = [
        Self.stall(.inverted, 1000, 3000, donor: .elsewhere), Self.stall(.inverted, 4000, 2000, donor: .besideOwner),
        Self.stall(.inverted, 6000, 600, donor: .dequeued),
      ]
    }
    #expect(
      report.findings.map { "\($0.kind.rawValue) \($0.cost) \($0.evidence.name) \($0.evidence.rule?.rawValue ?? "-")" }
        == [
          "donor-unmoved 3000000 event -", "donor-not-picked 2000000 event -",
          "donor-given-up 600000 inferred placedByPicks", "inversion 400000 event -",
        ])
    #expect(report.findings.allSatisfy { $0.worst.place == .inversion(1) && $0.culprit == Literal.other })
    #expect(
      report.findings[1].headline.shown
        == "other:63 runs on CPU 3 instead of owner:60, which owns 0xa0; its donor was there and not picked")
  }

  /// The donor is the most urgent waiter: where the others are is not what kept the owner from running.
  @Test func theMostUrgentWaiterIsTheDonorOfAll() {
    let report = Self.report {
      $0.inversions = [Self.window(1000, 3000), Self.window(500, 3500, wait: 1)]
      $0.stalls = [
        Self.stall(.inverted, 500, 3500, wait: 1, donor: .elsewhere),
        Self.stall(.inverted, 1000, 3000, donor: .besideOwner),
      ]
    }
    #expect(
      report.findings.map { "\($0.kind.rawValue) \($0.cost) \($0.waits)/\($0.windows)" }
        == ["donor-not-picked 3000000 2/2", "donor-unmoved 500000 1/1"])
  }

  /// When a donor was moved no event tells, unless a scheduler's marks do.
  @Test(arguments: [(Evidence.inferred(.movedSilently), Evidence.inferred(.placedByPicks)), (.event, .event)])
  func aMovedDonorsPlaceIsInferred(_ move: Evidence, _ evidence: Evidence) {
    let report = Self.report {
      $0.inversions = [Self.window(1000, 3000)]
      $0.stalls = [Self.stall(.inverted, 1000, 3000, donor: .elsewhere)]
      $0.migrations = [
        MigrationRow(
          kind: .proxy, task: Literal.waiter, from: 0, to: 3, time: Literal.at(5000), evidence: move, wait: 0)
      ]
    }
    #expect(report.findings.map(\.kind) == [.donorUnmoved] && report.findings.map(\.evidence) == [evidence])
  }

  @Test func anOpenWaitsDonorMayHaveMoved() {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.waits = [Literal.wait(from: 0, for: 9000, .open)]
          $0.inversions = [Self.window(1000, 3000)]
          $0.stalls = [Self.stall(.inverted, 1000, 3000, donor: .elsewhere)]
        }))
    #expect(report.findings.filter { $0.kind == .donorUnmoved }.map(\.evidence) == [.inferred(.placedByPicks)])
  }

  // MARK: Handoffs

  /// Only time in which an owner could run: not that in which it slept, or the lock was free. Less than 1 ms is none.
  @Test func aDonationIsSlowWhileAnOwnerCouldRun() {
    let lines = Self.told {
      $0.handoffs = [Self.handoff(.donation, 1000, 6000), Self.handoff(.donation, 1000, 1500, wait: 1)]
      $0.stalls = [
        Self.stall(.running, 500, 1200), Self.stall(.waking, 1700, 900),
        Self.stall(.preempted, 2600, 400, .inferred(.perhapsStillHeld)),
        Self.stall(.handoff, 3000, 700, owner: Literal.waiter), Self.stall(.running, 6800, 900),
        Self.stall(.running, 1000, 999, wait: 1),
      ]
    }
    #expect(
      lines.filter { $0.hasPrefix("slow-donation") } == [
        "slow-donation 1300000ns 1/3 --handoff 1 700000ns: 0xa0's owner ran late on a blocked waiter's account, 3 times; "
          + "waiter:61 → owner:60 took 6000000ns"
      ])
  }

  /// The filter chooses among handoffs; what one is made of is the same whatever it chooses.
  @Test(arguments: [
    RowFilter(cpus: NumberList("0")), RowFilter(from: Literal.at(4000)), RowFilter(to: Literal.at(1200)),
  ])
  func aHandoffIsMadeOfTheSameUnderAFilter(_ filter: RowFilter) {
    func findings(_ filter: RowFilter) -> [String] {
      let timeline = Literal.timeline {
        $0.waits = [Literal.wait(from: 0, for: 9000)]
        $0.handoffs = [Self.handoff(.release, 1000, 4000)]
        $0.stalls = [Self.stall(.handoff, 1500, 2100, owner: Literal.waiter, cpu: 1)]
      }
      return Report(Literal.context(timeline, filter: filter)).findings.map { "\($0.kind.rawValue) \($0.cost)" }
    }
    #expect(findings(RowFilter()) == ["idle-owner 2100000", "slow-release 1900000"])
    #expect(findings(filter) == ["slow-release 1900000"])
  }

  /// The parts that a BPF scheduler's marks give.
  @Test func aSlowDonationHasItsParts() {
    let lines = Self.told {
      $0.handoffs = [Self.handoff(.donation, 1000, 2000, steps: [10, 990, 0, 1000])]
      $0.stalls = [Self.stall(.running, 1000, 2000)]
    }
    #expect(
      lines.map { $0.split(separator: "; ").last } == [
        "waiter:61 → owner:60 took 2000000ns: 990000ns until it was beside the owner, 1000000ns until the owner ran"
      ])
  }

  /// What of a release the next owner stood on an idle CPU is that problem; the rest is the slow release.
  @Test func aReleaseIsNotSlowForAnIdleCPU() {
    let report = Self.report {
      $0.handoffs = [Self.handoff(.release, 1000, 5000, steps: [0, 10, 4000, 990])]
      $0.stalls = [
        Self.stall(.handoff, 2000, 2500, owner: Literal.waiter),
        // Others stand elsewhere.
        Self.stall(.handoff, 2000, 4000, wait: 1, owner: Literal.middle, on: Literal.lockB),
      ]
    }
    #expect(
      report.findings.map { "\($0.kind.rawValue) \($0.lock?.description ?? "-") \($0.cost)" } == [
        "idle-owner 0xb0 4000000", "slow-release 0xa0 2500000", "idle-owner 0xa0 2500000",
      ])
  }

  /// The wakeup of a task that has others wait, and of one that gets a lock, are the same problem.
  @Test func lateWakeupsOfATaskAreOneProblem() {
    let lines = Self.told {
      $0.handoffs = [Self.handoff(.release, 1000, 1600, steps: [0, 1500, 90, 10])]
      $0.stalls = [
        Self.stall(.waking, 1400, 1500, owner: Literal.waiter, cpu: nil),
        Self.stall(.waking, 5000, 2000, wait: 1, owner: Literal.waiter, cpu: nil),
        Self.stall(.waking, 8000, 999, wait: 1, owner: Literal.waiter, cpu: nil),
      ]
    }
    #expect(
      lines == [
        "late-wakeup 3900000ns 2/3 --wait 2 2000000ns: waiter:61, which owns 0xa0, was queued late; "
          + "middle:62 waits for it"
      ])
  }

  // MARK: Other locks

  /// They stand apart: what they cost does not push a mutex's problem down, and their handoffs are no problem of their own.
  @Test func otherLocksStandApart() throws {
    let report = Report(
      Literal.context(
        Literal.timeline {
          $0.waits = [
            Literal.wait(.rwsemRead, on: Literal.lockB, from: 0, for: 5000),
            Literal.wait(.rwsemWrite, Literal.middle, on: Literal.lockB, from: 4000, for: 3000),
            Literal.wait(from: 0, for: 100),
          ]
          $0.handoffs = [
            Self.handoff(.release, 2000, 3000, steps: [0, 1500, 1400, 100]),
            Self.handoff(.release, 1000, 1100, wait: 2),
          ]
        }))
    #expect(
      report.findingLines == [
        "slow-release 1100000ns 1/1 --handoff 2 1100000ns: 0xa0 stayed free once; owner:60 → waiter:61 took 1100000ns",
        "other-lock 7000000ns 2/2 --wait 1 5000000ns: 0xb0 (rwsem-read) is waited for; it does not proxy; "
          + "waiter:61 waited longest",
      ])
    #expect(
      try report.lines("findings", "id", "kind", "lock", "lock_kind", "evidence")
        == ["1 slow-release 0xa0 mutex event", "2 other-lock 0xb0 rwsem-read event"])
  }

  /// A filter chooses among stalls too, and splits no window by stalls that it leaves out.
  @Test func aFilterChoosesStalls() {
    let timeline = Literal.timeline {
      $0.waits = [Literal.wait(from: 0, for: 9000), Literal.wait(.mutex, Literal.middle, from: 0, for: 9000)]
      $0.stalls = [
        Self.stall(.delayed, 100, 1000, cpu: 1), Self.stall(.delayed, 3000, 2000, wait: 1, cpu: 2),
        Self.stall(.inverted, 6000, 1000, wait: 1, donor: .elsewhere),
      ]
      $0.inversions = [Self.window(6000, 1000, wait: 1)]
    }
    func kinds(_ filter: RowFilter) -> [String] {
      Report(Literal.context(timeline, filter: filter)).findings.map { "\($0.kind.rawValue) \($0.cost)" }
    }
    #expect(kinds(RowFilter()) == ["idle-owner 3000000", "donor-unmoved 1000000"])
    #expect(kinds(RowFilter(cpus: NumberList("1"))) == ["idle-owner 1000000"])
    #expect(kinds(RowFilter(pids: NumberList("62"))) == ["idle-owner 2000000", "donor-unmoved 1000000"])
    #expect(kinds(RowFilter(to: Literal.at(2000))) == ["idle-owner 1000000"])
    #expect(kinds(RowFilter(pids: NumberList("63"))) == ["donor-unmoved 1000000"])
  }
}
