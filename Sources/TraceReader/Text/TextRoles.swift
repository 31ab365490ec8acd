import TraceCore

// Bodies of events whose fields are looked for by name: the probes, and events of the user's map.

extension TextReader {
  /// The body of a role out of `key=value` fields; `nil` where one is missing that the role cannot do without.
  func ownBody(_ role: EventRole, _ index: Int, _ body: TextBody, _ current: Pid) -> EventBody? {
    guard let entry = entry(index) else { return nil }
    let fields = TextFields(entry: entry, role: role, body: body, current: current)
    switch role {
    case .switched:
      guard let previous = fields.task("prev_"), let next = fields.task("next_"),
        let state = fields.number("prev_state")
      else { return nil }
      return .switched(
        SwitchRecord(previous: previous, previousState: StateLetters.recent.state(state), next: next))
    case .waking: return fields.wake().map { .waking($0) }
    case .wakeup: return fields.wake().map { .wakeup($0) }
    case .wakeupNew: return fields.wake().map { .wakeupNew($0) }
    case .exited: return fields.task("").map { .exited($0) }
    case .migrated:
      guard let task = fields.task(""), let from = fields.int("orig_cpu"), let to = fields.int("dest_cpu") else {
        return nil
      }
      return .migrated(task: task, from: from, to: to)
    case .forked:
      guard let parent = fields.int("parent_pid"), let child = fields.int("child_pid") else { return nil }
      return .forked(parent: parent, child: child, childComm: .empty)
    case .executed:
      guard let pid = fields.int("pid"), let old = fields.int("old_pid") else { return nil }
      return .executed(pid: pid, oldPid: old)
    case .inheritedPriority:
      guard let pid = fields.int("pid"), let old = fields.int("oldprio"), let new = fields.int("newprio") else {
        return nil
      }
      return .inheritedPriority(pid: pid, comm: .empty, from: Priority(old), to: Priority(new))
    default: return lockBody(role, fields) ?? probeBody(role, fields)
    }
  }

  private func lockBody(_ role: EventRole, _ fields: TextFields) -> EventBody? {
    switch role {
    case .contentionBegan:
      guard let lock = fields.number("lock"), let flags = fields.number("flags") else { return nil }
      return .contentionBegan(
        lock: LockAddress(lock), flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags)))
    case .contentionEnded:
      guard let lock = fields.number("lock"), let result = fields.int("ret") else { return nil }
      return .contentionEnded(lock: LockAddress(lock), result: result)
    case .contendedRelease: return fields.number("lock").map { .contendedRelease(lock: LockAddress($0)) }
    case .donor:
      guard let donor = fields.int("donor"), let owner = fields.int("owner") else { return nil }
      return .donorNamed(donor: donor, owner: owner)
    case .owner:
      guard let owner = fields.int("owner") else { return nil }
      return .ownerNamed(
        lock: LockAddress(fields.number("lock") ?? 0), waiter: fields.int("waiter") ?? fields.current, owner: owner)
    case .running, .enqueued:
      return fields.int("pid").map { .mark(MarkRecord(role == .running ? .running : .enqueue, pid: $0)) }
    case .stopping:
      return fields.int("pid").map {
        .mark(MarkRecord(.stopping, pid: $0, isRunnable: fields.number("runnable").map { $0 != 0 }))
      }
    default: return nil
    }
  }

  private func probeBody(_ role: EventRole, _ fields: TextFields) -> EventBody? {
    switch role {
    case .probedSwitch:
      guard fields.number("donor") != nil, fields.number("donor_pid") != nil else { return nil }
      return .probedSwitch(
        SwitchProbe(
          previous: fields.int("prev_pid") ?? fields.current, next: fields.int("next_pid") ?? -1,
          nextTask: fields.number("next_task") ?? 0,
          donors: (fields.donor("donor"), fields.donor("donor2"), fields.donor("donor3")),
          previousBlockedOn: fields.number("prev_blocked_on") ?? 0))
    case .probedWait:
      guard let lock = fields.number("lock"), let owner = fields.number("owner") else { return nil }
      return .probedWait(
        WaitProbe(
          lock: LockAddress(lock),
          flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: fields.number("flags") ?? 0)), owner: owner))
    case .probedSetNext:
      guard let pid = fields.int("pid"), let priority = fields.int("prio") else { return nil }
      return .probedSetNext(pid: pid, priority: Priority(priority))
    default: return nil
    }
  }
}

/// Fields of a role in a line, by what the map calls them.
struct TextFields {
  let entry: EventMap.Entry
  let role: EventRole
  let body: TextBody
  let current: Pid

  func number(_ name: String) -> UInt64? {
    guard let field = role.fields.first(where: { $0.name == name }) else { return nil }
    switch entry.source(of: field) {
    case .constant(let value): return UInt64(bitPattern: value)
    case .absent: return nil
    case .field("common_pid"): return UInt64(bitPattern: Int64(current))
    case .field(let key): return body.number(Array(key.utf8))
    }
  }

  func int(_ name: String) -> Int32? { number(name).map { Int32(truncatingIfNeeded: $0) } }

  /// Names are left to the events that have one form alone: in others nothing tells where a name ends.
  func task(_ prefix: String) -> TaskSnapshot? {
    guard let pid = int("\(prefix)pid"), let priority = int("\(prefix)prio") else { return nil }
    return TaskSnapshot(pid: pid, priority: Priority(priority), comm: .empty)
  }

  func wake() -> WakeRecord? {
    guard let task = task(""), let cpu = int("target_cpu") else { return nil }
    return WakeRecord(task: task, targetCPU: cpu)
  }

  func donor(_ name: String) -> (task: UInt64, pid: Pid) {
    guard let task = number(name), let pid = int("\(name)_pid") else { return (0, -1) }
    return (task, pid)
  }
}
