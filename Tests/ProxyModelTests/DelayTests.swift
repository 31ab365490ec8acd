import ProxyModel
import Testing
import TraceCore

/// From runnable to running: how long, why, and who ran meanwhile.
struct DelayTests {
  private static func delays(_ script: Script) -> [DelayRow] {
    var options = ProxyMachine.Options()
    options.rows = .delays
    var machine = ProxyMachine(options)
    for event in script.events { machine.apply(event) }
    return Array(machine.finish().delays)
  }

  private static func shown(_ row: DelayRow) -> String {
    let culprits = row.culprits.map { "\($0.task.pid) \($0.ran)" }.joined(separator: " ")
    let waking = row.waking.map { "\($0)" } ?? "-"
    let end = row.end.map { "\($0.rawValue)" } ?? "-"
    return
      "\(row.task.pid) \(row.begin.rawValue)-\(end) \(row.length) CPU \(row.cpu) \(row.cause.rawValue) \(waking): \(culprits)"
  }

  @Test func aWokenTaskWaitsForItsCPU() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(10, 0)
    script.wakes(100, 0, 5, target: 0)
    script.switched(150, 0, to: 5)
    script.switched(180, 0, to: 7, state: .interruptible)
    #expect(
      Self.delays(script).map(Self.shown) == [
        "5 101-150 49 CPU 0 woken 1: 7 49", "7 150-180 30 CPU 0 preempted -: 5 30",
      ])
  }

  /// Nobody runs meanwhile on an idle CPU.
  @Test func anIdleCPUHasNoCulprit() {
    var script = Script()
    script.starts(0, with: 7)
    script.starts(1, with: 0)
    script.ticks(10, 0)
    script.ticks(11, 1)
    script.wakes(100, 0, 5, target: 1)
    script.switched(130, 1, to: 5)
    #expect(Self.delays(script).map(Self.shown) == ["5 101-130 29 CPU 1 woken 1: "])
  }

  @Test func culpritsAreSortedByTheTimeThatTheyRan() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(10, 0)
    script.wakes(100, 0, 5, target: 0)
    script.switched(120, 0, to: 8, state: .interruptible)
    script.switched(200, 0, to: 0, state: .interruptible)
    script.switched(210, 0, to: 7, state: .preempted)
    script.switched(230, 0, to: 5, state: .interruptible)
    #expect(Self.delays(script).map(Self.shown) == ["5 101-230 129 CPU 0 woken 1: 8 80 7 39"])
  }

  /// A move while it is queued: who ran on either CPU counts for the time that it was there.
  @Test func aMoveIsTheCauseThen() {
    var script = Script()
    script.starts(0, with: 7)
    script.starts(1, with: 8)
    script.ticks(10, 0)
    script.ticks(11, 1)
    script.wakes(100, 0, 5, target: 0)
    script.add(120, 1, .migrated(task: Script.snapshot(5), from: 0, to: 1))
    script.switched(170, 1, to: 5)
    #expect(Self.delays(script).map(Self.shown).first == "5 101-170 69 CPU 1 migrated 1: 8 50 7 19")
  }

  @Test func aNewTaskIsNew() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(10, 0)
    script.add(100, 0, .wakeupNew(WakeRecord(task: Script.snapshot(5), targetCPU: 0)))
    script.switched(140, 0, to: 5)
    #expect(Self.delays(script).map(Self.shown).first == "5 100-140 40 CPU 0 new -: 7 40")
  }

  /// Who never runs again is the one to look at.
  @Test func whatTheTraceEndsBeforeStaysOpen() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(10, 0)
    script.wakes(100, 0, 5, target: 0)
    script.ticks(500, 0)
    #expect(Self.delays(script).map(Self.shown) == ["5 101-- 399 CPU 0 woken 1: 7 399"])
  }

  /// In a gap it may have run, and been queued anew.
  @Test func aGapLeavesNothingOfAnOpenDelay() {
    var script = Script()
    script.starts(0, with: 7)
    script.starts(1, with: 0)
    script.ticks(10, 0)
    script.ticks(11, 1)
    script.wakes(100, 0, 5, target: 0)
    script.loses(110, 1, until: 120, count: 3)
    script.ticks(120, 1)
    script.switched(150, 0, to: 5)
    script.switched(180, 0, to: 7, state: .interruptible)
    #expect(Self.delays(script).map(Self.shown) == ["7 150-180 30 CPU 0 preempted -: 5 30"])
  }

  /// A second wakeup of a task that is queued, or that runs, begins nothing.
  @Test func onlyTheFirstWakeupCounts() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(10, 0)
    script.wakes(100, 0, 5, target: 0)
    script.wakes(120, 0, 5, target: 0)
    script.switched(150, 0, to: 5, state: .interruptible)
    script.wakes(160, 0, 5, target: 0)
    #expect(Self.delays(script).map(Self.shown) == ["5 101-150 49 CPU 0 woken 1: 7 49"])
  }
}
