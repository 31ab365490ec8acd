import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct CpusTests {
  /// A capture of 10 ms: CPU 0 is busy for 7 ms, CPU 2 for 1 ms.
  private static func timeline(_ change: (inout CPURow) -> Void = { _ in }) -> Timeline {
    var (first, second) = (CPURow(cpu: 0), CPURow(cpu: 2))
    (first.busy, first.idle, first.own, first.switches) = (7_000_000, 3_000_000, 7_000_000, 12)
    (second.busy, second.idle, second.own, second.switches) = (1_000_000, 9_000_000, 1_000_000, 4)
    change(&first)
    return Literal.timeline { $0.cpus = [first, second] }
  }

  @Test func aRowHasEveryTime() throws {
    let timeline = Self.timeline { cpu in
      (cpu.own, cpu.proxied, cpu.unknown) = (3_000_000, 2_500_000, 1_500_000)
      (cpu.idle, cpu.lost, cpu.lostEvents) = (2_000_000, 1_000_000, nil)
      (cpu.proxiedSwitches, cpu.donations) = (5, 3)
    }
    #expect(
      try Report(Literal.context(timeline)).lines("cpus") == [
        "1 0 10000000 7000000 2000000 3000000 2500000 1500000 1000000 12 5 3 -",
        "2 2 10000000 1000000 9000000 1000000 0 0 0 4 0 0 0",
      ])
  }

  @Test func theSumIsOfAllCPUsTime() {
    #expect(
      Report(Literal.context(Self.timeline())).block("CPUs") == [
        "CPU 0 7000000ns 7000000/10000000 3000000ns 3000000/10000000 12",
        "CPU 2 1000000ns 1000000/10000000 9000000ns 9000000/10000000 4",
        "all 8000000ns 8000000/20000000 12000000ns 12000000/20000000 16",
      ])
  }

  /// A column that is 0 on every CPU is left out of the text.
  @Test func columnsWithoutTimeAreLeftOut() throws {
    let timeline = Self.timeline { $0.lost = 1_000_000 }
    let block = try #require(Report(Literal.context(timeline)).blocks.first { $0.title == "CPUs" })
    guard case .table(let table) = block.content.first else {
      Issue.record("no table")
      return
    }
    #expect(table.columns.map(\.title) == ["cpu", "busy", "%", "idle", "%", "lost", "switches"])
  }

  @Test func theFilterChoosesCPUs() throws {
    let report = Report(Literal.context(Self.timeline(), filter: RowFilter(cpus: NumberList("2"))))
    #expect(try report.ids("cpus") == [2])
    // One CPU needs no sum.
    #expect(report.block("CPUs")?.count == 1)
    #expect(Report(Literal.context(Self.timeline(), filter: RowFilter(cpus: NumberList("9")))).block("CPUs") == nil)
  }

  @Test func aPartialSumIsNotCalledAll() {
    let timeline = Literal.timeline { $0.cpus = [CPURow(cpu: 0), CPURow(cpu: 1), CPURow(cpu: 2)] }
    let block = Report(Literal.context(timeline, filter: RowFilter(cpus: NumberList("0-1")))).block("CPUs")
    #expect(block?.last == "sum 0ns 0/20000000 0ns 0/20000000 0")
  }

  @Test func withoutSwitchesNothingIsKnown() {
    let report = Report(Literal.context(Literal.timeline { $0.seen = [] }, missing: [.switched]))
    #expect(report.table("cpus")?.notAvailable == "not available: needs sched:sched_switch")
    #expect(report.block("CPUs") == nil)
  }
}
