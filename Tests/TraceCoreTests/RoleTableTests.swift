import Testing

@testable import TraceCore

struct RoleTableTests {
  @Test func eachRoleHasItsRow() {
    #expect(RoleDescription.table.map(\.role) == EventRole.allCases)
    for role in EventRole.allCases { #expect(role.details.role == role) }
    #expect(Set(RoleDescription.table.map(\.word)).count == EventRole.allCases.count)
    #expect(Set(RoleDescription.table.map(\.eventName)).count == EventRole.allCases.count)
  }

  @Test func eventsHaveTheRolesThatTheirNamesSay() {
    for row in RoleDescription.table {
      let name = row.eventName.split(separator: ":").map(String.init)
      #expect(EventRole.standard(system: name[0], name: name[1]) == row.role)
    }
    #expect(EventRole.probedSetNext.eventName == "proxytrace:set_next_fair")
    #expect(EventRole.standard(system: "proxytrace", name: "set_next_ext") == .probedSetNext)
    #expect(EventRole.standard(system: "sched", name: "sched_stat_runtime") == nil)
  }

  @Test func eachFieldHasItsOwnWord() {
    let words = FieldName.allCases.map(\.word)
    #expect(Set(words).count == words.count)
    for row in RoleDescription.table { #expect(Set(row.fields.map(\.name)).count == row.fields.count) }
  }

  /// The fields of a prefix are those of a task.
  @Test func aSwitchNamesTwoTasks() {
    let names = EventRole.switched.fields.map(\.name)
    #expect(names.filter { $0.hasPrefix("prev_") } == ["prev_comm", "prev_pid", "prev_prio", "prev_state"])
    #expect(names.filter { $0.hasPrefix("next_") } == ["next_comm", "next_pid", "next_prio"])
    #expect(EventRole.migrated.fields.map(\.name) == ["comm", "pid", "prio", "orig_cpu", "dest_cpu"])
    #expect(EventRole.probedSwitch.fields.filter(\.isRequired).map(\.name) == ["donor", "donor_pid"])
    #expect(EventRole.probedSwitch.fields.last?.name == "prev_blocked_on")
  }

  /// Rare events are kept as they are; all others have a packed form that gives them back.
  @Test func packedRolesAreThoseThatThePackerPacks() {
    let memory = BatchMemory.allocate(1)
    defer { memory.deallocate() }
    let task = TaskSnapshot(pid: 5, priority: Priority(120), comm: "t")
    let bodies: [EventBody] = [
      .switched(SwitchRecord(previous: task, previousState: .running, next: task)),
      .waking(WakeRecord(task: task, targetCPU: 1)), .wakeup(WakeRecord(task: task, targetCPU: 1)),
      .wakeupNew(WakeRecord(task: task, targetCPU: 1)), .contentionBegan(lock: LockAddress(1), flags: .mutex),
      .contentionEnded(lock: LockAddress(1), result: 0), .contendedRelease(lock: LockAddress(1)), .exited(task),
      .probedSetNext(pid: 5, priority: Priority(120)), .mark(MarkRecord(.running, pid: 5)),
    ]
    for body in bodies {
      var packer = EventPacker(memory)
      packer.add(SchedEvent(timestamp: Timestamp(1), cpu: 0, pid: 5, body: body))
      #expect(packer.finished.events[0].kind == body.role?.details.packedKind)
    }
  }
}
