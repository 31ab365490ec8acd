import Foundation
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore

/// Calls of `ops.enqueue()` for blocked donors: which they are, why they come, and what they lead to.
struct BlockedEnqueueTests {
  /// t6 owns a mutex that t5 wants, both on CPU 0, where t7 runs too. t5 runs from 300 on and blocks at 330; its scheduler is
  /// asked about it at 341, and t7 runs from 343 on.
  private func blocks(_ enqueue: MarkRecord = MarkRecord(.enqueue, pid: 5)) -> Script {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(0, 0)
    script.schedules(100, 0, from: 7, to: 6)
    script.schedules(300, 0, from: 6, to: 5, prio: 100)
    script.contends(330, 0)
    script.marks(340, 0, .stopping, 5, runnable: true)
    script.add(341, 0, .mark(enqueue))
    script.marks(342, 0, .running, 7)
    script.switched(343, 0, to: 7, state: .uninterruptible)
    return script
  }

  /// t6 runs on t5's account from `time` + 2 on.
  private func donates(_ time: UInt64, _ script: inout Script) {
    script.marks(time, 0, .stopping, 7, runnable: true)
    script.marks(time + 1, 0, .running, 5)
    script.switched(time + 2, 0, to: 6)
  }

  /// t5's turn as donor is over: t7 runs.
  private func turnEnds(_ time: UInt64, _ script: inout Script) {
    script.marks(time, 0, .stopping, 5, runnable: true)
    script.marks(time + 1, 0, .enqueue, 5)
    script.marks(time + 2, 0, .running, 7)
    script.switched(time + 3, 0, to: 7)
  }

  private func releases(_ time: UInt64, _ script: inout Script) {
    script.releases(time, 0)
    script.ticks(time + 10, 0)
  }

  @Test func aBlockedTaskAndItsSlices() throws {
    var script = blocks()
    donates(380, &script)
    turnEnds(400, &script)
    donates(450, &script)
    releases(470, &script)
    let rows = script.timeline().enqueues
    #expect(rows.map(\.time) == [Timestamp(341), Timestamp(401)])
    #expect(rows.map(\.reason) == [.blocked, .sliceOver])
    #expect(rows.map(\.owner?.pid) == [6, 6])
    #expect(rows.map(\.ownerState) == [.runnable, .running])
    #expect(rows.map(\.ownerCPU) == [0, 0] && rows.map(\.placedCPU) == [0, 0])
    #expect(rows.map(\.donatedAfter) == [41, 51])
    #expect(rows.map(\.wait) == [0, 0] && rows.map(\.evidence) == [.event, .event])
  }

  @Test func whatTheMarkSaysCounts() throws {
    var mark = MarkRecord(.enqueue, pid: 5)
    (mark.isBlocked, mark.cpu, mark.owner) = (true, 0, 9)
    mark.dispatchQueue = 0xc000_0000_0000_0001
    let row = try #require(blocks(mark).timeline().enqueues.first)
    #expect(row.owner?.pid == 9 && row.placedCPU == 1 && row.dispatchQueue == 0xc000_0000_0000_0001)
    #expect(row.isOnOwnersCPU == nil && row.donatedAfter == nil)
    mark.dispatchQueue = 5
    #expect(blocks(mark).timeline().enqueues.first?.placedCPU == 0)
  }

  /// The kernel hands over donors that have just been woken, too: the mark says it, and nothing else does.
  @Test(arguments: [(nil, 1), (false, 1), (true, 2)] as [(Bool?, UInt64)])
  func afterTheWakingTheMarkDecides(_ isBlocked: Bool?, _ count: UInt64) {
    var script = blocks()
    releases(350, &script)
    script.add(370, 0, .waking(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 0)))
    var mark = MarkRecord(.enqueue, pid: 5)
    mark.isBlocked = isBlocked
    script.add(371, 0, .mark(mark))
    let timeline = script.timeline()
    #expect(timeline.marks.total.blockedEnqueue == count && timeline.enqueues.count == Int(count))
  }

  @Test func aTaskThatIsPutBackInVain() {
    var script = blocks()
    for time: UInt64 in [350, 352, 354] { script.marks(time, 0, .enqueue, 5) }
    donates(380, &script)
    releases(400, &script)
    let rows = script.timeline().enqueues
    #expect(rows.map(\.reason) == [.blocked, .handedBack, .handedBack, .handedBack])
    #expect(rows.map(\.donatedAfter) == [41, 32, 30, 28])
  }

  /// A task on its way off the CPU that keeps it after all was not blocked.
  @Test func aTaskThatIsNotBlockedIsNoRow() {
    var script = Script()
    script.starts(0, with: 7)
    script.ticks(0, 0)
    script.schedules(100, 0, from: 7, to: 5)
    script.contends(130, 0)
    script.marks(140, 0, .stopping, 5, runnable: true)
    script.marks(141, 0, .enqueue, 5)
    script.marks(142, 0, .running, 7)
    script.switched(143, 0, to: 7)
    let timeline = script.timeline()
    #expect(timeline.enqueues.isEmpty && timeline.marks.total.blockedEnqueue == 0)
  }

  // MARK: Moves

  /// t6, the owner, is queued on CPU 1, where t8 runs; t5 runs on CPU 0.
  private func ownerElsewhere() -> Script {
    var script = Script()
    script.starts(0, with: 7)
    script.starts(1, with: 8)
    script.ticks(0, 0)
    script.ticks(1, 1)
    script.schedules(100, 1, from: 8, to: 6)
    script.schedules(200, 1, from: 6, to: 8)
    script.schedules(300, 0, from: 7, to: 5, prio: 100)
    return script
  }

  /// t6, the owner, is on CPU 1, where t8 runs. t5 blocks on CPU 0, is put back there at 351, and arrives on CPU 1 at 352; t6
  /// runs on its account from 392 on. `says`: marks say on which CPU t5 is.
  private func moved(says: Bool) -> Script {
    var script = ownerElsewhere()
    func enqueue(_ time: UInt64, _ cpu: CPU) {
      var mark = MarkRecord(.enqueue, pid: 5)
      if says { (mark.isBlocked, mark.cpu) = (true, cpu) }
      script.add(time, 0, .mark(mark))
    }
    script.contends(330, 0)
    script.marks(340, 0, .stopping, 5, runnable: true)
    enqueue(341, 0)
    script.switched(343, 0, to: 0, state: .uninterruptible)
    enqueue(351, 0)
    enqueue(352, 1)
    script.schedules(360, 0, from: 0, to: 7)
    script.marks(390, 1, .stopping, 8, runnable: true)
    script.marks(391, 1, .running, 5)
    script.switched(392, 1, to: 6)
    script.releases(450, 1)
    script.add(460, 1, .waking(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 1)))
    script.add(461, 1, .migrated(task: Script.snapshot(5, 100), from: 1, to: 0))
    script.add(462, 1, .wakeup(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 0)))
    return script
  }

  @Test(arguments: [true, false])
  func theKernelMovesADonor(says: Bool) throws {
    let timeline = moved(says: says).timeline()
    #expect(timeline.enqueues.map(\.reason) == [.blocked, .handedBack, .migrated])
    #expect(timeline.enqueues.map(\.cpu) == [0, 0, 1])
    #expect(timeline.enqueues.map(\.isOnOwnersCPU) == [false, false, true])
    #expect(
      timeline.enqueues.map(\.evidence.rule) == (says ? [nil, nil, nil] : [nil, .movedSilently, .movedSilently]))
    // The instant of the arrival, and not that of the block.
    #expect(timeline.migrations.map(\.kind) == [.proxy, .return])
    #expect(timeline.migrations.map(\.time) == [Timestamp(352), Timestamp(461)])
    #expect(timeline.migrations.map(\.from) == [0, 1] && timeline.migrations.map(\.to) == [1, 0])
    #expect(timeline.migrations[0].evidence == (says ? .event : .inferred(.movedSilently)))
    let donation = try #require(timeline.handoffs.first { $0.kind == .donation })
    #expect(donation.begin == Timestamp(343) && donation.end == Timestamp(392))
    #expect([donation.wake, donation.queue, donation.run, donation.acquire] == [0, 9, 39, 1])
    #expect(donation.migrated && !donation.steered)
  }

  @Test func theSchedulerMovesADonor() throws {
    var script = ownerElsewhere()
    script.contends(330, 0)
    script.marks(340, 0, .stopping, 5, runnable: true)
    script.marks(341, 0, .enqueue, 5)
    script.marks(342, 0, .running, 7)
    script.switched(343, 0, to: 7, state: .uninterruptible)
    script.add(370, 1, .migrated(task: Script.snapshot(5, 100), from: 0, to: 1))
    script.marks(390, 1, .stopping, 8, runnable: true)
    script.marks(391, 1, .running, 5)
    script.switched(392, 1, to: 6)
    script.releases(450, 1)
    script.add(460, 1, .waking(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 1)))
    let timeline = script.timeline(proxyExecution: true)
    #expect(timeline.migrations.map(\.kind) == [.steered])
    #expect(timeline.migrations.map(\.time) == [Timestamp(370)])
    #expect(timeline.enqueues.map(\.placedCPU) == [1])
    let donation = try #require(timeline.handoffs.first { $0.kind == .donation })
    #expect(donation.steered && !donation.migrated)
    #expect([donation.wake, donation.queue, donation.run, donation.acquire] == [0, 27, 21, 1])
  }

  /// Events of the runqueue tell of a donor's move without a scheduler's mark.
  @Test func runqueuesTellOfMoves() {
    var script = Script()
    script.starts(1, with: 6)
    script.ticks(0, 1)
    script.switched(50, 0, to: 5, prio: 100)
    script.contends(60, 0)
    script.switched(70, 0, to: 0, state: .uninterruptible)
    script.add(80, 0, .unqueued(pid: 5, cpu: 0))
    script.add(81, 0, .queued(pid: 5, cpu: 1))
    script.releases(200, 1)
    script.add(205, 1, .waking(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 1)))
    script.add(206, 1, .migrated(task: Script.snapshot(5, 100), from: 1, to: 0))
    script.add(207, 1, .queued(pid: 5, cpu: 0))
    script.add(208, 1, .wakeup(WakeRecord(task: Script.snapshot(5, 100), targetCPU: 0)))
    let timeline = script.timeline()
    #expect(timeline.migrations.map(\.kind) == [.proxy, .return])
    #expect(timeline.migrations.map(\.time) == [Timestamp(81), Timestamp(206)])
    #expect(timeline.migrations.map(\.evidence) == [.event, .event])
    #expect(timeline.seen.contains(.queued) && timeline.seen.contains(.unqueued))
  }

  // MARK: Real captures

  /// What the marks themselves say; `grep -c 'blocked=1'` of `trace-cmd report` gives the same numbers.
  @Test(
    arguments: [
      ("on-chain3", [.blocked: 19, .sliceOver: 38]),
      ("roam-on", [.blocked: 11, .handedBack: 11, .migrated: 11, .sliceOver: 39]),
      ("roam-on-steer", [.blocked: 11, .sliceOver: 43]),
      ("ab-on", [.blocked: 11, .sliceOver: 47]), ("ab-off", [:]),
    ] as [(String, [EnqueueRow.Reason: Int])])
  func reasonsInCaptures(_ name: String, _ reasons: [EnqueueRow.Reason: Int]) throws {
    let path = RealCaptures.directory.appending(path: "sched-ext-blocked/\(name).dat").path
    let timeline = try CaptureSession(path: path).load().timeline
    #expect(timeline.enqueues.reduce(into: [:]) { $0[$1.reason, default: 0] += 1 } == reasons)
    #expect(timeline.marks.total.blockedEnqueue == UInt64(timeline.enqueues.count))
    #expect(timeline.pairing == [])
  }

  /// Without what these marks say besides the pid, the model finds the same by itself.
  @Test(arguments: ["roam-on", "roam-on-steer", "ab-on"])
  func plainMarksTellTheSame(_ name: String) throws {
    let path = RealCaptures.directory.appending(path: "sched-ext-blocked/\(name).dat").path
    var options = CaptureSession.Options()
    options.marks = try MarkPattern(#"(?<mark>running|stopping|enqueue) pid=(?<pid>\d+)( runnable=(?<runnable>\d))?"#)
    let rich = try CaptureSession(path: path).load().timeline
    let plain = try CaptureSession(path: path, options).load().timeline
    #expect(rich.enqueues.map(\.time) == plain.enqueues.map(\.time))
    #expect(rich.enqueues.map(\.reason) == plain.enqueues.map(\.reason))
    #expect(rich.enqueues.map(\.owner?.pid) == plain.enqueues.map(\.owner?.pid))
    #expect(rich.enqueues.map(\.cpu) == plain.enqueues.map(\.cpu))
    #expect(rich.migrations.map(\.time) == plain.migrations.map(\.time))
  }

  /// A donor is handed back every dozen microseconds: 2,701 calls in 25 waits, as `grep -c 'blocked=1'` counts them.
  @Test func aStormInACapture() throws {
    let path = RealCaptures.directory.appending(path: "sched-ext-blocked/steer-chain4-cross.dat").path
    let rows = try CaptureSession(path: path).load().timeline.enqueues
    #expect(rows.count == 2701)
    #expect(rows.filter { $0.reason == .handedBack }.count > 2600)
  }

  @Test func steeredAndUnsteeredMoves() throws {
    func kinds(_ name: String) throws -> [MigrationRow.Kind: Int] {
      let path = RealCaptures.directory.appending(path: "sched-ext-blocked/\(name).dat").path
      return try CaptureSession(path: path).load().timeline.migrations.reduce(into: [:]) {
        $0[$1.kind, default: 0] += 1
      }
    }
    #expect(try kinds("roam-on") == [.proxy: 11, .return: 11])
    #expect(try kinds("roam-on-steer") == [.steered: 11])
  }
}
