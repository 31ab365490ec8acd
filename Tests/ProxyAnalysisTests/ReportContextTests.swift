import ProxyAnalysis
import ProxyModel
import Testing
import TraceCore

struct ReportContextTests {
  /// A described event was recorded, even if it did not happen; one that happened was recorded, whatever is described.
  @Test func recordedRolesAreDescribedOrSeen() {
    var context = Literal.context(Literal.timeline { $0.seen = [.switched] }, missing: Set(EventRole.allCases))
    #expect(context.recordedRoles == [.switched])
    context.capture.events = [EventInfo(id: 1, system: "lock", name: "contention_begin", role: .contentionBegan)]
    #expect(context.recordedRoles == [.switched, .contentionBegan])
    #expect(context.records(.contentionBegan) && !context.records(.waking))
  }

  /// Nearly every kernel describes bpf_trace_printk: that says nothing of marks.
  @Test func messagesAreNotRecordedByDescription() {
    let context = Literal.context(Literal.timeline { $0.seen = [.message, .running] }, missing: [.running])
    #expect(context.records(.running) && !context.records(.message))
  }

  @Test func timeOfAllCPUsSaturates() {
    var context = Literal.context(Literal.timeline { $0.cpus = [CPURow(cpu: 0), CPURow(cpu: 1)] })
    #expect(context.cpuTime == 20_000_000)
    context.timeline.end = Timestamp(UInt64(Int64.max))
    context.timeline.begin = Timestamp(0)
    #expect(context.cpuTime == .max)
  }

  /// A CPU that lost records without counting them makes the sum unknown.
  @Test func lostEventsAreSummedWhereCounted() {
    var (first, second) = (CPURow(cpu: 0), CPURow(cpu: 1))
    (first.lostEvents, second.lostEvents) = (3, 4)
    #expect(Literal.context(Literal.timeline { $0.cpus = [first, second] }).lostEvents == 7)
    second.lostEvents = nil
    #expect(Literal.context(Literal.timeline { $0.cpus = [first, second] }).lostEvents == nil)
    #expect(Literal.context(Literal.timeline()).lostEvents == 0)
  }

  @Test func aListHasAtLeastOneRow() { #expect(Literal.context(Literal.timeline(), top: -3).top == 1) }

  @Test func withoutSwitchesThereIsNoReport() {
    #expect(throws: Never.self) { try Literal.context(Literal.timeline()).requireSwitches() }
    var context = Literal.context(Literal.timeline { $0.seen = [] })
    var error = #expect(throws: TraceError.self) { try context.requireSwitches() }
    #expect(error?.description.contains("no sched events: it holds no event at all; record with") == true)
    context.timeline.eventCount = 3
    error = #expect(throws: TraceError.self) { try context.requireSwitches() }
    #expect(error?.description.contains("none of its 3 events is a sched_switch") == true)
  }

  @Test func otherBuffersAreNamed() {
    var context = Literal.context(Literal.timeline { $0.seen = [] })
    context.capture.instance = "mine"
    context.capture.instances = ["", "mine", "second"].map {
      InstanceInfo(name: $0, clockName: "mono", subBufferSize: 4096, cpus: [0])
    }
    let error = #expect(throws: TraceError.self) { try context.requireSwitches() }
    #expect(error?.description.contains("--instance: \"\" (the top buffer), second") == true)
  }

  /// Where the file is damaged, events may have been there; of several places the first that has an offset is named.
  @Test func damageIsNamedBeforeAbsence() {
    var context = Literal.context(Literal.timeline { $0.seen = [] })
    context.diagnostics.record(.unreadableSection)
    context.diagnostics.record(.badPage, offset: 4096)
    let error = #expect(throws: TraceError.self) { try context.requireSwitches() }
    #expect(error?.reason == .damaged && error?.offset == 4096)
  }
}
