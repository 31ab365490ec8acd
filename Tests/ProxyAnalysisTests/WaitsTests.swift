import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct WaitsTests {
  private static let timeline = Literal.timeline {
    $0.waits = [
      Literal.wait(
        .mutex, Literal.waiter, from: 10, for: 100, owner: Literal.owner,
        times: [
          .own: 1, .handoff: 2, .unknown: 3, .proxied: 4, .running: 5, .inverted: 6, .preempted: 7, .delayed: 8,
          .waking: 9, .sleeping: 55,
        ], depth: 2),
      Literal.wait(
        .rwsemRead, Literal.middle, on: Literal.lockB, from: 50, for: 30, .failed(errno: -4), times: [.unknown: 30],
        isCutAtBegin: true),
      Literal.wait(.mutex, Literal.other, from: 60, for: 20, .lost, times: [.unknown: 20], touchesGap: true),
      Literal.wait(
        .mutex, Literal.other, from: 90, for: 10, .open, times: [.unknown: 10], isCutAtBegin: true, touchesGap: true),
    ]
  }

  @Test func aRowHasEverythingOfTheWait() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("waits") == [
        "1 mutex 61 waiter 100 0xa0 @10 10000ns @110 100000 acquired 60 owner 139 event 2 "
          + "1000 2000 3000 4000 5000 6000 7000 8000 9000 55000 no",
        "2 rwsem-read 62 middle 120 0xb0 @50 50000ns @80 30000 failed -4 - - - unknown - 0 0 30000 0 0 0 0 0 0 0 start",
        "3 mutex 63 other 49 0xa0 @60 60000ns - 20000 lost - - - unknown - 0 0 20000 0 0 0 0 0 0 0 gap",
        "4 mutex 63 other 49 0xa0 @90 90000ns - 10000 open - - - unknown - 0 0 10000 0 0 0 0 0 0 0 start+gap",
      ])
  }

  /// The bars are of mutexes alone: 100 + 20 + 10 = 130 µs, of which 3 + 20 + 10 = 33 µs are unknown.
  @Test func timeIsSummedByClass() {
    #expect(
      Report(Literal.context(Self.timeline)).block("Where the waiting for mutexes went") == [
        "owner asleep 55000/130000", "owner not known 33000/130000", "owner being woken 9000/130000",
        "owner on idle CPU 8000/130000", "equal task ran 7000/130000", "lesser task ran 6000/130000",
        "owner ran 5000/130000", "owner ran, boosted 4000/130000", "lock free, handoff 2000/130000",
        "waiter spinning 1000/130000",
        "besides 1 wait for other locks than mutexes, which do not proxy: 30000ns",
      ])
    #expect(Report(Literal.context(Literal.timeline())).block("Where the waiting for mutexes went") == nil)
  }

  /// An instant of a clock without nanoseconds is no second.
  @Test func ticksAreNoSeconds() throws {
    let report = Report(Literal.context(Self.timeline, clock: Literal.counter))
    #expect(try report.lines("waits", "begin_ns", "begin_s").first == "@10 -")
  }

  @Test(
    arguments: [
      (RowFilter(from: Literal.at(110)), [1]), (RowFilter(to: Literal.at(59)), [1, 2]),
      // A lost wait ends at the gap, an open one with the capture.
      (RowFilter(from: Literal.at(81), to: Literal.at(89)), [1]), (RowFilter(from: Literal.at(100)), [1, 4]),
      (RowFilter(pids: NumberList("60")), [1]), (RowFilter(pids: NumberList("63")), [3, 4]),
      (RowFilter(cpus: NumberList("7")), [1, 2, 3, 4]),
    ] as [(RowFilter, [Int])])
  func theFilterChooses(_ filter: RowFilter, _ ids: [Int]) throws {
    #expect(try Report(Literal.context(Self.timeline, filter: filter)).ids("waits") == ids)
  }

  /// Waits alone do not show owners: the table is there, and the report says what is missing in it.
  @Test func withoutReleasesOwnersAreMissing() {
    let report = Report(Literal.context(Self.timeline, missing: [.contendedRelease, .waking, .probedWait]))
    #expect(report.table("waits")?.notAvailable == nil)
    #expect(
      report.unavailable.contains(
        "who owned the locks, and where waiting time went: needs lock:contended_release or sched:sched_waking or "
          + "proxytrace:wait"))
  }

  @Test func withoutWaitsThereIsNoTable() {
    let report = Report(Literal.context(Self.timeline, missing: [.contentionBegan]))
    #expect(report.table("waits")?.notAvailable == "not available: needs lock:contention_begin")
    #expect(report.block("Where the time waiting for mutexes went") == nil)
  }

  /// Flags of `contention_begin` (include/trace/events/lock.h): a spinlock is no wait.
  @Test(
    arguments: [
      ([.mutex], .mutex), ([.mutex, .spin], .mutex), ([.read], .rwsemRead), ([.write], .rwsemWrite), ([.rt], .rtmutex),
      ([.percpu, .read], .percpuRwsem), ([], .other), ([.spin], nil), ([.spin, .read], nil), ([.spin, .write], nil),
    ] as [(ContentionFlags, WaitKind?)])
  func flagsGiveTheKind(_ flags: ContentionFlags, _ kind: WaitKind?) { #expect(WaitKind(flags) == kind) }
}
