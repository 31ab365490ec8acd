import EventMaps
import Foundation
import ProxyModel
import ProxyTraceKit
import Testing
import TraceCore
import TraceTestKit

/// Captures of kernels that name their events otherwise.
struct MappedCaptureTests {
  static let events: [EventFormat] = [
    made("vendor", "proxy_pick", ["donor_prio", "donor_pid", "owner_pid"]),
    made("vendor", "owner_sleeps", ["owner_pid", "blocked_pid"]),
    made(
      "sched", "sched_pe_enqueue_sleeping_task",
      ["owner_pid", "owner_prio", "owner_cpu", "blocked_pid", "blocked_prio", "blocked_cpu"]),
    made("vendor", "mutex_wait_start", ["mutex"], .u64), made("vendor", "mutex_wait_finish", ["mutex"], .u64),
    made("vendor", "scx_run", ["tgid", "tid"]), made("vendor", "scx_stop", ["tid", "on_rq"]),
    made("proxytrace", "running", ["pid"]), made("proxytrace", "stopping", ["pid", "runnable"]),
  ]

  private static func made(
    _ system: String, _ name: String, _ fields: [String], _ kind: EventField.Kind = .int
  ) -> EventFormat {
    let print = fields.map { "\($0)=%d" }.joined(separator: " ")
    let values = fields.map { ", REC->\($0)" }.joined()
    return EventFormat(
      system: system, name: name, id: 0, fields: fields.map { EventField($0, kind) },
      printFormat: "\"\(print)\"\(values)")
  }

  static let documented: String = {
    let root = EventMapTests.fixtures.deletingLastPathComponent().deletingLastPathComponent()
    let text = (try? String(contentsOf: root.appending(path: "docs/event-maps.md"), encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```")[0] ?? ""
  }()

  /// Writes a capture on the fly.
  private struct Scene {
    var writer: TraceDatWriter
    var current: Pid = 0

    init() throws { writer = try TraceDatWriter(events: events) }

    mutating func switched(_ time: UInt64, to next: Pid, _ state: TaskState = .preempted) throws {
      let record = SwitchRecord(
        previous: TaskSnapshot(pid: current, priority: Priority(120), comm: "t"),
        previousState: current == 0 ? .running : state,
        next: TaskSnapshot(pid: next, priority: Priority(120), comm: "t"))
      try writer.append(SchedEvent(timestamp: Timestamp(time), cpu: 0, pid: current, body: .switched(record)))
      current = next
    }

    mutating func event(_ time: UInt64, _ system: String, _ name: String, _ values: Int64...) throws {
      try writer.append(name, of: system, values, at: Timestamp(time), cpu: 0, pid: current)
    }

    mutating func add(_ time: UInt64, _ body: EventBody) throws {
      try writer.append(SchedEvent(timestamp: Timestamp(time), cpu: 0, pid: current, body: body))
    }

    func timeline(_ map: EventMap = .standard) throws -> (Timeline, CaptureInfo, DiagnosticLog) {
      var options = CaptureSession.Options()
      options.events = map
      let capture = try CaptureSession(bytes: try writer.finish(), options).load()
      return (capture.timeline, capture.info, capture.diagnostics)
    }
  }

  private static let lock: Int64 = 0x7f00_1000

  /// t5 waits for t6's mutex by the vendor's events; all are equally urgent, so that nothing but the events tells donors.
  private func donation() throws -> Scene {
    var scene = try Scene()
    try scene.switched(100, to: 6)
    try scene.switched(200, to: 5)
    try scene.event(300, "vendor", "mutex_wait_start", Self.lock)
    try scene.event(390, "vendor", "proxy_pick", 120, 5, 6)
    try scene.switched(400, to: 6, .uninterruptible)
    try scene.switched(600, to: 7)
    try scene.switched(700, to: 6)
    try scene.event(750, "vendor", "proxy_pick", 120, 5, 6)
    try scene.add(
      900, .waking(WakeRecord(task: TaskSnapshot(pid: 5, priority: Priority(120), comm: "t"), targetCPU: 0)))
    try scene.add(
      901, .wakeup(WakeRecord(task: TaskSnapshot(pid: 5, priority: Priority(120), comm: "t"), targetCPU: 0)))
    try scene.switched(1000, to: 5)
    try scene.event(1100, "vendor", "mutex_wait_finish", Self.lock)
    return scene
  }

  @Test func donorsAreKnownByEvents() throws {
    let map = try EventMap(Array(Self.documented.utf8), path: "docs")
    let (timeline, info, diagnostics) = try donation().timeline(map)
    #expect(timeline.verdict.answer == .on && timeline.verdict.evidence == .event)
    #expect(timeline.splits.map(\.begin) == [Timestamp(400), Timestamp(750)])
    #expect(timeline.splits.map(\.end) == [Timestamp(600), Timestamp(1000)])
    #expect(timeline.splits.allSatisfy { $0.donor.pid == 5 && $0.curr.pid == 6 && $0.evidence == .event })
    #expect(timeline.waits.map(\.kind) == [.mutex] && timeline.waits.map(\.waiter.pid) == [5])
    #expect(timeline.waits.map(\.result) == [.acquired] && timeline.waits.map(\.length) == [800])
    #expect(info.events.first { $0.name == "proxy_pick" }?.role == .donor)
    #expect(diagnostics.isEmpty)
  }

  @Test func withoutTheMapNothingOfItIsSeen() throws {
    let (timeline, info, _) = try donation().timeline()
    #expect(timeline.waits.isEmpty && timeline.splits.isEmpty && timeline.verdict.answer == .undecided)
    #expect(info.events.first { $0.name == "proxy_pick" }?.role == nil)
  }

  @Test func ownersAreKnownByEvents() throws {
    let map = try EventMap(Array(Self.documented.utf8), path: "docs")
    var scene = try Scene()
    try scene.switched(100, to: 6)
    try scene.switched(200, to: 5)
    try scene.event(300, "vendor", "mutex_wait_start", Self.lock)
    try scene.event(310, "vendor", "owner_sleeps", 6, 5)
    try scene.switched(400, to: 7, .uninterruptible)
    try scene.switched(600, to: 0, .interruptible)
    let (timeline, _, _) = try scene.timeline(map)
    #expect(timeline.waits.map { $0.owner?.pid } == [6] && timeline.waits.map(\.ownerEvidence) == [.event])
  }

  /// The map for the events of 2024, with the fields that they have.
  @Test func theShippedMapNamesOwners() throws {
    let root = EventMapTests.fixtures.deletingLastPathComponent().deletingLastPathComponent()
    let map = try EventMap(path: root.appending(path: "docs/maps/sched-pe.yaml").path)
    var scene = try Scene()
    try scene.switched(100, to: 6)
    try scene.switched(200, to: 5)
    try scene.add(300, .contentionBegan(lock: LockAddress(UInt64(Self.lock)), flags: [.mutex]))
    try scene.event(310, "sched", "sched_pe_enqueue_sleeping_task", 6, 139, 0, 5, 100, 0)
    try scene.switched(400, to: 7, .uninterruptible)
    try scene.switched(600, to: 0, .interruptible)
    let (timeline, info, diagnostics) = try scene.timeline(map)
    #expect(timeline.waits.map { $0.owner?.pid } == [6] && timeline.waits.map(\.ownerEvidence) == [.event])
    #expect(info.events.first { $0.name == "sched_pe_enqueue_sleeping_task" }?.role == .owner)
    #expect(try scene.timeline().0.waits.map { $0.owner?.pid } == [nil])
    // Entries for events that the capture does not have are reported, and nothing else is.
    #expect(diagnostics.all.allSatisfy { $0.kind.severity != .damage })
  }

  private func marks() throws -> Scene {
    var scene = try Scene()
    var marked: Pid = 0
    for (index, next) in [Pid(5), 6, 5, 6, 5].enumerated() {
      let time = UInt64(index + 1) * 100
      if marked != 0 { try scene.event(time, "vendor", "scx_stop", Int64(marked), 1) }
      try scene.event(time + 1, "vendor", "scx_run", 999, Int64(next))
      // The same marks by a lesser way, and wrong ones.
      try scene.add(time + 2, .mark(MarkRecord(.running, pid: 8)))
      try scene.event(time + 2, "proxytrace", "running", 9)
      try scene.switched(time + 3, to: next)
      marked = next
    }
    try scene.event(650, "vendor", "scx_stop", 6, 0)
    return scene
  }

  /// A role map before events of our own, and these before messages.
  @Test func marksComeByTheBestWayThereIs() throws {
    let map = try EventMap(
      Array(
        """
        events:
          - {event: vendor:scx_run, role: running, fields: {pid: tid}}
          - {event: vendor:scx_stop, role: stopping, fields: {pid: tid, runnable: on_rq}}
        """.utf8), path: "map")
    let (mapped, _, _) = try marks().timeline(map)
    #expect(mapped.marks.total.running == 5 && mapped.marks.total.stopping == 5)
    #expect(mapped.pairing.map(\.kind) == [.stoppingWithoutRunning] && mapped.pairing.map(\.task.pid) == [6])
    let (own, _, _) = try marks().timeline()
    #expect(own.marks.total.running == 5 && own.marks.total.stopping == 0)
    #expect(own.marks.tasks.map { own[$0.task].id.pid } == [9])
    let (messages, _, _) = try marks().timeline(
      EventMap(own: [.init(system: "proxytrace", name: "*", role: nil)]))
    #expect(messages.marks.tasks.map { messages[$0.task].id.pid } == [8])
  }

  /// Marks of a text that come both as events and in messages count once, and pair.
  @Test(arguments: [EventMap.standard, EventMap(own: [.init(system: "proxytrace", name: "running", role: .running)])])
  func marksOfATextCountOnce(map: EventMap) throws {
    let lines = [
      "sched_switch: prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120",
      "bpf_trace_printk: running pid=2", "running: (0) pid=2", "bpf_trace_printk: stopping pid=2 runnable=0",
      "stopping: (0) pid=2 runnable=0",
      "sched_switch: prev_comm=b prev_pid=2 prev_prio=120 prev_state=S ==> next_comm=a next_pid=1 next_prio=120",
    ].enumerated().map { "               b-2       [000] d..2. 1.00000\($0): \($1)\n" }
    var options = CaptureSession.Options()
    options.events = map
    let session = try CaptureSession(bytes: Array(lines.joined().utf8), options)
    for timeline in [try session.load().timeline, try session.loadSingleEvents().timeline] {
      #expect(timeline.marks.total.running == 1 && timeline.marks.total.stopping == 1)
      #expect(timeline.pairing.isEmpty)
    }
  }

  @Test func whatTheCaptureLacksIsTold() throws {
    let map = EventMap(own: [
      .init(system: "vendor", name: "proxy_pikc", role: .donor),
      .init(system: "vendor", name: "proxy_pick", role: .donor),
    ])
    let (_, info, diagnostics) = try donation().timeline(map)
    #expect(diagnostics.all.map(\.kind) == [.formatRejected, .unusedMapping])
    #expect(diagnostics.all.first?.detail == "vendor:proxy_pick has no usable donor, owner")
    #expect(diagnostics.all.last?.detail == "vendor:proxy_pikc")
    #expect(info.events.first { $0.name == "proxy_pick" }?.role == nil)
  }

  /// Another event for switches: the kernel's own are not read beside it.
  @Test func aRoleIsPlayedByTheMapsEventsAlone() throws {
    let map = EventMap(own: [.init(system: "vendor", name: "scx_run", role: .switched)])
    let (timeline, info, diagnostics) = try marks().timeline(map)
    // It has none of the fields: rejected, and nobody else plays the role. Where there are no switches, none is missing.
    #expect(diagnostics.all.map(\.kind) == [.formatRejected])
    #expect(!timeline.seen.contains(.switched))
    #expect(info.events.first { $0.name == "sched_switch" }?.role == nil)
    #expect(timeline.cpus.map(\.switches) == [0])
  }
}
