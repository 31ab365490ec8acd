import ProxyAnalysis
import Testing
import TraceCore

@testable import ProxyModel

struct LocksTests {
  private static func hold(_ owner: TaskLabel, on lock: LockAddress, _ begin: Int64, _ length: Int64) -> HoldRow {
    HoldRow(
      lock: lock, owner: owner, begin: Literal.at(begin), end: Literal.at(begin + length), waiters: 1, evidence: .event)
  }

  /// Lock B is waited for first, by a reader and a writer; lock A is a mutex with two holds.
  private static let timeline = Literal.timeline {
    $0.waits = [
      Literal.wait(.rwsemRead, Literal.middle, on: Literal.lockB, from: 5, for: 10),
      Literal.wait(.mutex, Literal.waiter, on: Literal.lockA, from: 10, for: 30, times: [.inverted: 20]),
      Literal.wait(.mutex, Literal.middle, on: Literal.lockA, from: 50, for: 25, times: [.inverted: 5]),
      Literal.wait(.rwsemWrite, Literal.middle, on: Literal.lockB, from: 80, for: 40),
      Literal.wait(.mutex, Literal.waiter, on: Literal.lockA, from: 100, for: 5),
    ]
    $0.holds = [
      hold(Literal.owner, on: Literal.lockA, 10, 30), hold(Literal.other, on: Literal.lockA, 50, 45),
      // A lock that nobody waits for in the capture has no row.
      hold(Literal.other, on: Literal.lockC, 50, 45),
    ]
  }

  @Test func rowsAreInOrderOfTheFirstWait() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("locks") == [
        "1 0xb0 rwsem 2 50000 40000 - - 0 - 1",
        "2 0xa0 mutex 3 60000 30000 75000 45000 25000 2 2",
      ])
  }

  /// An address that is freed and used again can be of two kinds.
  @Test func kindsAreJoined() throws {
    let timeline = Literal.timeline {
      $0.waits = [
        Literal.wait(.mutex, from: 0, for: 1), Literal.wait(.rtmutex, from: 2, for: 1),
        Literal.wait(.rwsemRead, from: 4, for: 1),
      ]
    }
    #expect(try Report(Literal.context(timeline)).lines("locks", "kind") == ["mutex+rwsem-read+rtmutex"])
  }

  @Test func topLocksAreRankedByTheirSums() {
    // A: 30 + 25 + 5 = 60 µs; B: 10 + 40 = 50 µs.
    #expect(
      Report(Literal.context(Self.timeline)).block("Top locks") == [
        "0xa0 mutex 3 60000ns 30000ns 20000ns 25000ns 30000ns 30000ns",
        "0xb0 rwsem 2 50000ns 40000ns 25000ns 10000ns 40000ns 40000ns",
      ])
    #expect(Report(Literal.context(Self.timeline, top: 1)).block("Top locks")?.last == "and 1 more lock")
    #expect(Report(Literal.context(Literal.timeline())).block("Top locks") == nil)
  }

  /// Sums are of the chosen waits and holds; ids do not change.
  @Test func theFilterChangesSumsAndNoIds() throws {
    let report = Report(Literal.context(Self.timeline, filter: RowFilter(from: Literal.at(99))))
    #expect(
      try report.lines("locks") == ["1 0xb0 rwsem 1 40000 40000 - - 0 - 1", "2 0xa0 mutex 1 5000 5000 - - 0 - 1"])
    let owners = Report(Literal.context(Self.timeline, filter: RowFilter(pids: NumberList("63"))))
    #expect(try owners.lines("locks") == ["2 0xa0 mutex 0 0 0 45000 45000 0 1 0"])
  }

  @Test func withoutTheEndsOfWaitsNothingIsKnown() {
    let report = Report(Literal.context(Self.timeline, missing: [.contentionEnded]))
    #expect(report.table("locks")?.notAvailable == "not available: needs lock:contention_end")
    #expect(report.block("Top locks") == nil)
  }
}
