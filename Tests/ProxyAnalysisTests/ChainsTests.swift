import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct ChainsTests {
  private static func chain(
    _ from: Int64, _ to: Int64, _ path: [TaskLabel], _ locks: [LockAddress], _ end: ChainEnd,
    _ evidence: Evidence = .event
  ) -> ChainRow {
    ChainRow(
      wait: 0, begin: Literal.at(from), end: Literal.at(to), path: path, locks: locks, terminalState: end,
      evidence: evidence)
  }

  @Test func aRowShowsPathAndLocks() throws {
    let timeline = Literal.timeline {
      $0.chains = [
        Self.chain(10, 20, [Literal.waiter, Literal.owner], [Literal.lockA], .running),
        Self.chain(
          20, 45, [Literal.waiter, Literal.owner, Literal.other], [Literal.lockA, Literal.lockB], .runnable,
          .inferred(.perhapsStillHeld)),
        // The owner of the second lock is not known: a path without a terminal owner.
        Self.chain(45, 50, [Literal.waiter, Literal.owner], [Literal.lockA, Literal.lockB], .unknown, .unknown),
      ]
    }
    #expect(
      try Report(Literal.context(timeline)).lines("chains") == [
        "1 1 @10 10000ns @20 1 61>60 0xa0 60 owner 139 running event",
        "2 1 @20 20000ns @45 2 61>60>63 0xa0>0xb0 63 other 49 runnable inferred perhapsStillHeld",
        "3 1 @45 45000ns @50 2 61>60 0xa0>0xb0 - - - unknown unknown",
      ])
  }

  @Test(arguments: [7, 8, 9, 40]) func longChainsAreShownWhole(_ depth: Int) throws {
    let tasks = (0...depth).map { Literal.task(UInt32($0), pid: 100 + Pid($0), "task", 120) }
    let locks = (0..<depth).map { LockAddress(0x1000 + UInt64($0)) }
    let timeline = Literal.timeline { timeline in
      timeline.chains = [
        Self.chain(10, 20, tasks, locks, .running), Self.chain(20, 30, [tasks[0]], [locks[0]], .released),
      ]
      timeline.tasks = tasks.map { TaskRow(id: TaskID(pid: $0.pid, life: 1), comm: "task") }
    }
    let report = Report(Literal.context(timeline, symbols: [locks[depth - 1]: "last"]))
    #expect(try report.lines("chains", "depth") == ["\(depth)", "1"])
    #expect(try report.lines("chains", "path") == [tasks.map { "\($0.pid)" }.joined(separator: ">"), "100"])
    #expect(
      try report.lines("chains", "locks") == [
        locks.map { "0x" + String($0.rawValue, radix: 16) }.joined(separator: ">"), "0x1000",
      ])
    #expect(
      try report.lines("chains", "lock_symbols") == [String(repeating: ">", count: depth - 1) + "last", "-"])
    #expect(try report.lines("chains", "terminal_pid") == ["\(100 + depth)", "-"])
  }

  @Test func withoutRowsTheTableIsEmpty() throws {
    #expect(try Report(Literal.context(Literal.timeline())).lines("chains") == [])
  }

  @Test(
    arguments: [
      ([.contentionBegan], "lock:contention_begin"), ([.contentionEnded], "lock:contention_end"),
      (
        [.contendedRelease, .waking, .probedWait],
        "lock:contended_release or sched:sched_waking or proxytrace:wait"
      ),
    ] as [(Set<EventRole>, String)])
  func aMissingEventIsNamed(_ missing: Set<EventRole>, _ name: String) throws {
    let timeline = Literal.timeline {
      $0.chains = [Self.chain(10, 20, [Literal.owner, Literal.owner], [Literal.lockB], .deadlock)]
      $0.deadlocks = [0]
    }
    let report = Report(Literal.context(timeline, missing: missing))
    #expect(report.table("chains")?.notAvailable == "not available: needs \(name)")
    #expect(report.unavailable.contains("who waited for whom, over several locks: needs \(name)"))
    #expect(report.findings.isEmpty)
  }
}
