import ProxyModel
import Testing
import TraceCore

/// curr per CPU: what is busy, idle and lost, and that they add up.
struct CurrTests {
  private func expectLaws(_ timeline: Timeline) {
    for cpu in timeline.cpus {
      #expect(cpu.busy + cpu.idle + cpu.lost == timeline.span)
      #expect(cpu.own + cpu.proxied + cpu.unknown == cpu.busy)
    }
  }

  @Test func switchesSplitBusyFromIdle() {
    //  0        100       250      300
    //  |  idle   |   t5    |  idle  |
    var script = Script()
    script.ticks(0, 0)
    script.switched(100, 0, to: 5)
    script.switched(250, 0, to: 0, state: .interruptible)
    script.ticks(300, 0)
    let timeline = script.timeline()
    #expect(timeline.cpus.map(\.busy) == [150])
    #expect(timeline.cpus.map(\.idle) == [150])
    #expect(timeline.cpus.map(\.switches) == [2])
    #expect(timeline.tasks.first { $0.id.pid == 5 }?.run == 150)
    expectLaws(timeline)
  }

  @Test func aCPUsFirstRecordTellsWhatRanBefore() {
    // CPU 1 writes nothing until 200: no switch happened there, so t7 ran from the beginning.
    var script = Script()
    script.ticks(0, 0)
    script.switched(200, 1, to: 0, state: .interruptible, from: 7)
    script.ticks(300, 0)
    let timeline = script.timeline()
    #expect(timeline.cpus.map(\.busy) == [0, 200])
    #expect(timeline.cpus.map(\.idle) == [300, 100])
    expectLaws(timeline)
  }

  @Test func aBreakOfContinuityIsLostTimeAndADiagnostic() {
    // t5 is curr at 100; at 300 t6 leaves the CPU, and no switch led to it: what ran since 150 is not known.
    var script = Script()
    script.starts(0, with: 0)
    script.switched(100, 0, to: 5)
    script.ticks(150, 0)
    script.switched(300, 0, to: 0, state: .interruptible, from: 6)
    script.ticks(400, 0)
    let timeline = script.timeline()
    #expect(timeline.cpus.map(\.lost) == [150])
    #expect(timeline.cpus.map(\.busy) == [50])
    #expect(timeline.diagnostics.all.map(\.kind) == [.switchDiscontinuity])
    expectLaws(timeline)
  }

  @Test func theLeavingTaskMayStillWriteRightAfterItsSwitch() {
    var script = Script()
    script.ticks(0, 0)
    script.switched(100, 0, to: 5)
    script.add(101, 0, .other, pid: 0)
    script.ticks(102, 0)
    #expect(script.timeline().diagnostics.isEmpty)
    // Once curr has written, the old task cannot.
    script.add(103, 0, .other, pid: 0)
    #expect(script.timeline().diagnostics.all.map(\.kind) == [.switchDiscontinuity])
  }

  @Test func aGapIsLostTimeUntilTheNextRecord() {
    var script = Script()
    script.ticks(0, 0)
    script.switched(100, 0, to: 5)
    script.ticks(200, 0)
    script.loses(200, 0, until: 500, count: 7)
    script.switched(500, 0, to: 0, state: .interruptible, from: 9)
    script.ticks(600, 0)
    let timeline = script.timeline()
    #expect(timeline.gaps == [GapRow(cpu: 0, begin: Timestamp(200), end: Timestamp(500), lostEvents: 7)])
    #expect(timeline.cpus.map(\.lost) == [300])
    #expect(timeline.cpus.map(\.lostEvents) == [7])
    #expect(timeline.diagnostics.all.map(\.kind) == [.lostEvents])
    expectLaws(timeline)
  }

  @Test func aGapAtTheBeginningHidesWhatRanBefore() {
    var script = Script()
    script.ticks(0, 1)
    script.losesStart(300, 0)
    script.switched(300, 0, to: 0, state: .interruptible, from: 9)
    script.ticks(400, 0)
    let timeline = script.timeline()
    #expect(timeline.cpus.map(\.lost) == [300, 0])
    #expect(timeline.cpus.map(\.lostEvents) == [nil, 0])
    expectLaws(timeline)
  }

  @Test func aReusedPidIsAnotherTask() {
    var script = Script()
    script.ticks(0, 0)
    script.add(10, 0, .forked(parent: 0, child: 5, childComm: "first"))
    script.switched(100, 0, to: 5)
    script.switched(200, 0, to: 0, state: .dead)
    script.add(250, 0, .forked(parent: 0, child: 5, childComm: "second"))
    script.switched(300, 0, to: 5)
    script.switched(350, 0, to: 0, state: .zombie)
    // A third one whose fork is not in the trace: a dead task does not run.
    script.switched(400, 0, to: 5)
    script.ticks(410, 0)
    let lives = script.timeline().tasks.filter { $0.id.pid == 5 }
    #expect(lives.map(\.id.life) == [1, 2, 3])
    #expect(lives.map(\.run) == [100, 50, 10])
    #expect(lives.map(\.switches) == [1, 1, 1])
  }

  @Test func execByAThreadGoesOnAsItsLeader() {
    var script = Script()
    script.switched(100, 0, to: 6)
    script.add(150, 0, .executed(pid: 5, oldPid: 6), pid: 5)
    script.switched(200, 0, to: 0, state: .interruptible, from: 5)
    let timeline = script.timeline()
    #expect(timeline.tasks.first { $0.id.pid == 6 }?.run == 50)
    #expect(timeline.tasks.first { $0.id.pid == 5 }?.run == 50)
    #expect(timeline.diagnostics.isEmpty)
  }

  @Test func impossiblePidsAndCPUsAreCountedNotFollowed() {
    var script = Script()
    script.ticks(0, 0)
    script.switched(10, 0, to: -7)
    script.ticks(20, 0)
    script.add(30, 1_000_000, .other)
    script.add(40, 0, .waking(WakeRecord(task: Script.snapshot(Pid.max), targetCPU: 0)), pid: 0)
    let timeline = script.timeline()
    #expect(Set(timeline.diagnostics.all.map(\.kind)) == [.pidOutOfRange, .cpuOutOfRange])
    expectLaws(timeline)
  }

  @Test func aCPUWhoseRecordsAreAllLostHasNoTimeOfItsOwn() {
    // As a file that is cut before a CPU's data leaves it: the loss stands at no time.
    var script = Script()
    script.add(0, 1, .lost(LostEvents(until: nil, isAtStart: true, count: nil)))
    script.ticks(1_000, 0)
    script.ticks(1_500, 0)
    let timeline = script.timeline()
    #expect(timeline.begin == Timestamp(1_000))
    #expect(timeline.span == 500)
    #expect(timeline.cpus.map(\.lost) == [0, 500])
    expectLaws(timeline)
  }
}
