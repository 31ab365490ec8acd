import ProxyAnalysis
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// The model makes the rows that are asked for and no others, and what is made does not depend on what is not.
struct RowKindsTests {
  private static let captures = TestEffort.some(
    [
      "proxy-on-probed/crowd.dat", "sched-ext-blocked/roam-on.dat",
      "proxy-off-plain/crowd.dat", "proxy-on-plain/chain4-cross.dat", "lost/overrun.dat", "sched-ext/scx-both.dat",
      "sched-ext-blocked/on-chain3.dat",
    ], quick: 2)

  private static func report(_ name: String, _ contents: ReportContents) throws -> Report {
    var options = CaptureSession.Options()
    (options.kinds, options.rows) = (contents.rows(), .all)
    return Report(try CaptureSession(path: Fixture.path(name), options).load().context(), contents)
  }

  private static func cells(_ report: Report, _ name: String) throws -> [[Cell]] {
    var rows: [[Cell]] = []
    try #require(report.table(name)).table.forEachRow { rows.append($0) }
    return rows
  }

  @Test(arguments: captures) func aTableAloneIsTheSame(name: String) throws {
    let whole = try Self.report(name, .all)
    for table in Report.tableNames {
      let alone = try Self.report(name, .table(table))
      #expect(alone.tables.map(\.name) == [table] && alone.blocks.isEmpty && alone.findings.isEmpty)
      #expect(try Self.cells(alone, table) == Self.cells(whole, table), "\(table)")
    }
  }

  @Test(arguments: captures) func theSummaryAloneIsTheSame(name: String) throws {
    let (whole, alone) = (try Self.report(name, .all), try Self.report(name, .summary))
    #expect(alone.blocks == whole.blocks && alone.unavailableResults == whole.unavailableResults)
    #expect(Array(alone.findings) == Array(whole.findings))
    #expect(alone.tables.isEmpty)
    #expect(alone.context.symbols == whole.context.symbols)
    #expect(!whole.context.timeline.chains.isEmpty && alone.context.timeline.chains.isEmpty)
    #expect(alone.context.timeline.tasks == whole.context.timeline.tasks)
    #expect(alone.context.timeline.cpus == whole.context.timeline.cpus)
  }

  /// Stalls that are left out change nothing that is found.
  @Test(arguments: captures) func findingsNeedNoOtherStalls(name: String) throws {
    let alone = try Self.report(name, .summary)
    var options = CaptureSession.Options()
    options.rows = .all
    let whole = Report(try CaptureSession(path: Fixture.path(name), options).load().context(), .summary)
    #expect(Array(alone.findings) == Array(whole.findings))
    let (some, all) = (Array(alone.context.timeline.stalls), Array(whole.context.timeline.stalls))
    #expect(some == all.filter(Set(some).contains))
    #expect(all.filter { [.delayed, .inverted, .handoff].contains($0.kind) }.allSatisfy(Set(some).contains))
    #expect(some.count < all.count || name != Self.captures.first)
  }

  @Test func nothingIsMadeThatNobodyWants() throws {
    let timeline = try Self.report("proxy-on-probed/crowd.dat", .availability).context.timeline
    #expect(timeline.rowKinds == [])
    let counts = [
      timeline.waits.count, timeline.chains.count, timeline.splits.count, timeline.inversions.count,
      timeline.handoffs.count, timeline.holds.count, timeline.migrations.count,
    ]
    #expect(counts.allSatisfy { $0 == 0 })
    #expect(timeline.tasks.contains { $0.proxiedRun > 0 } && !timeline.waitedLocks.isEmpty)
  }

  @Test func contentsSayWhatTheyNeed() {
    #expect(ReportContents.table("waits").rows() == .waits)
    #expect(ReportContents.table("gaps").rows() == [])
    #expect(!ReportContents.summary.rows().contains(.chains))
    #expect(ReportContents.all.rows().isSuperset(of: ReportContents.tables.rows()))
    let both = ReportContents.table("waits").union(.table("holds"))
    #expect(both.rows() == [.waits, .holds] && !both.hasFindings)
    #expect(both.union(.tables).tables == nil && both.union(.summary).hasBlocks)
  }

  /// A deadlock's finding is told by its chain, which is made where no other is.
  @Test func aDeadlockIsFoundWithoutChains() throws {
    let bytes = try Self.deadlock()
    var options = CaptureSession.Options()
    options.kinds = ReportContents.summary.rows()
    #expect(!options.kinds.contains(.chains))
    let alone = try CaptureSession(bytes: bytes, options).load()
    let whole = try CaptureSession(bytes: bytes).load()
    let findings = Report(alone.context(), .summary).findings.filter { $0.kind == .deadlock }
    #expect(findings.count == 1)
    #expect(findings == Report(whole.context()).findings.filter { $0.kind == .deadlock })
    // Who asks for no deadlocks gets them in no way.
    options.kinds = .waits
    #expect(try CaptureSession(bytes: bytes, options).load().timeline.chains.isEmpty)
  }

  /// Two tasks that wait for each other's lock. They have acquired their own after a wait, so that it is known whose it is.
  private static func deadlock() throws -> [UInt8] {
    let (a, b) = (LockAddress(0xffff_8880_0000_1000), LockAddress(0xffff_8880_0000_2000))
    var writer = try TraceDatWriter(.init(version: 7))
    func add(_ time: UInt64, _ cpu: CPU, _ pid: Pid, _ body: EventBody) throws {
      try writer.append(SchedEvent(timestamp: Timestamp(time), cpu: cpu, pid: pid, body: body))
    }
    func snapshot(_ pid: Pid) -> TaskSnapshot { TaskSnapshot(pid: pid, priority: Priority(120), comm: Comm("t\(pid)")) }
    func block(_ time: UInt64, _ cpu: CPU, _ pid: Pid) throws {
      try add(
        time, cpu, pid,
        .switched(SwitchRecord(previous: snapshot(pid), previousState: .uninterruptible, next: snapshot(0))))
    }
    for (cpu, lock) in [(CPU(0), a), (1, b), (2, a), (3, b)] {
      try add(10 + UInt64(cpu), cpu, 5 + cpu, .contentionBegan(lock: lock, flags: [.mutex]))
    }
    try add(20, 0, 5, .contentionEnded(lock: a, result: 0))
    try add(21, 1, 6, .contentionEnded(lock: b, result: 0))
    try add(30, 0, 5, .contentionBegan(lock: b, flags: [.mutex]))
    try add(31, 1, 6, .contentionBegan(lock: a, flags: [.mutex]))
    try block(40, 0, 5)
    try block(41, 1, 6)
    try block(100, 2, 7)
    return try writer.finish()
  }
}
