import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct TasksTests {
  private static let timeline = Literal.timeline {
    $0.tasks[1].run = 9_000_000
    ($0.tasks[1].proxiedRun, $0.tasks[1].switches) = (2_000_000, 7)
    ($0.tasks[2].waits, $0.tasks[2].waited, $0.tasks[2].inverted) = (2, 60_000, 20_000)
    $0.tasks[2].donated = 2_000_000
    $0.waits = [
      Literal.wait(.mutex, Literal.waiter, from: 10, for: 40), Literal.wait(.mutex, Literal.middle, from: 20, for: 30),
      Literal.wait(.mutex, Literal.waiter, from: 100, for: 20, .open),
    ]
  }

  /// All idle tasks have pid 0, and no row.
  @Test func aRowForEveryTaskButTheIdleOnes() throws {
    #expect(
      try Report(Literal.context(Self.timeline)).lines("tasks") == [
        "1 60 owner 139 9000000 2000000 0 0 0 0 7", "2 61 waiter 100 0 0 2000000 60000 20000 2 0",
        "3 62 middle 120 0 0 0 0 0 0 0", "4 63 other 49 0 0 0 0 0 0 0",
      ])
  }

  /// waiter: 40 + 20 = 60 µs, middle: 30 µs. One of the waits is open.
  @Test func waitersAreRankedByTheirSums() {
    #expect(
      Report(Literal.context(Self.timeline)).block("Top waiters") == [
        "waiter 61 100 2 60000ns 40000ns 30000ns 20000ns 40000ns 40000ns",
        "middle 62 120 1 30000ns 30000ns 30000ns 30000ns 30000ns 30000ns",
        "1 of 3 waits are cut (open, lost or begun before): counted as far as seen",
      ])
  }

  /// Of equal sums the task that the capture named first comes first.
  @Test func equalSumsHaveAnOrder() throws {
    let timeline = Literal.timeline {
      $0.waits = [
        Literal.wait(.mutex, Literal.other, from: 10, for: 30), Literal.wait(.mutex, Literal.owner, from: 20, for: 30),
      ]
    }
    let block = try #require(Report(Literal.context(timeline)).block("Top waiters"))
    #expect(block.map { $0.prefix(5) } == ["owner", "other"])
  }

  @Test func aListWithoutWaitsSaysWhy() {
    #expect(
      Report(Literal.context(Literal.timeline())).block("Top waiters") == ["no task waited for a sleeping lock"])
    let filtered = Report(Literal.context(Self.timeline, filter: RowFilter(pids: NumberList("99"))))
    #expect(filtered.block("Top waiters") == ["no wait is chosen"])
  }

  /// A sum that nothing was counted for is not 0.
  @Test func withoutWaitsTheirSumsAreNotKnown() throws {
    let report = Report(Literal.context(Self.timeline, missing: [.contentionBegan]))
    #expect(try report.lines("tasks").first == "1 60 owner 139 9000000 2000000 0 - - - 7")
    #expect(report.unavailable.contains("time that tasks spent in waits: needs lock:contention_begin"))
    #expect(report.block("Top waiters") == nil)
  }

  @Test func withoutSwitchesThereIsNoTable() {
    let report = Report(Literal.context(Literal.timeline { $0.seen = [] }, missing: [.switched]))
    #expect(report.table("tasks")?.notAvailable == "not available: needs sched:sched_switch")
  }

  /// The recorder's fact names pids: of one that was used twice it does not say whose cgroup it is.
  @Test func theCgroupIsTheRecorders() throws {
    var timeline = Self.timeline
    timeline.tasks.append(TaskRow(id: TaskID(pid: 62, life: 2), comm: "again"))
    var context = Literal.context(timeline)
    context.capture.machineFacts["cgroups"] = "/a\\011b\t61 62\n/\t60\nbad line\n"
    #expect(
      try Report(context).lines("tasks", "pid", "life", "cgroup") == [
        "60 1 /", "61 1 /a\tb", "62 1 -", "63 1 -", "62 2 -",
      ])
  }
}
