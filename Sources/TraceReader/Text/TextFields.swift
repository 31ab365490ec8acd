import TraceCore

// Bodies of events whose fields are looked for by name: the probes, and events of the user's map.

/// Fields of a line, by what a role calls them.
struct TextFields {
  /// Where a role's field is.
  struct Source {
    enum Place {
      /// Behind `key=`.
      case key([UInt8])
      case constant(UInt64)
      /// The task that wrote the record.
      case current
      case absent
    }

    var name: String
    var place: Place
  }

  private let sources: [Source]
  private let line: TextBody
  private let current: Pid

  init(_ sources: [Source], _ line: TextBody, _ current: Pid) {
    (self.sources, self.line, self.current) = (sources, line, current)
  }

  /// Where an entry's fields are: looked up once for an event's name, not for each of its lines.
  static func sources(of entry: EventMap.Entry) -> [Source] {
    (entry.role?.fields ?? []).map { field in
      let place: Source.Place =
        switch entry.source(of: field) {
        case .constant(let value): .constant(UInt64(bitPattern: value))
        case .absent: .absent
        case .field("common_pid"): .current
        case .field(let key): .key(Array(key.utf8))
        }
      return Source(name: field.name, place: place)
    }
  }

  private func number(_ name: String) -> UInt64? {
    switch sources.first(where: { $0.name == name })?.place {
    case .key(let key): line.number(key)
    case .constant(let value): value
    case .current: UInt64(bitPattern: Int64(current))
    case .absent, nil: nil
    }
  }

  private func int(_ name: String) -> Int32? { number(name).map { Int32(truncatingIfNeeded: $0) } }

  /// Names are left to the events that have one form alone: in others nothing tells where a name ends.
  private func task(_ prefix: String) -> TaskSnapshot? {
    guard let pid = int("\(prefix)pid"), let priority = int("\(prefix)prio") else { return nil }
    return TaskSnapshot(pid: pid, priority: Priority(priority), comm: .empty)
  }

  private func wake() -> WakeRecord? {
    guard let task = task(""), let cpu = int("target_cpu") else { return nil }
    return WakeRecord(task: task, targetCPU: cpu)
  }

  private func donor(_ name: String) -> (task: UInt64, pid: Pid) {
    guard let task = number(name), let pid = int("\(name)_pid") else { return (0, -1) }
    return (task, pid)
  }
}

extension TextFields {
  /// The body of a role out of `key=value` fields; `nil` where one is missing that the role cannot do without.
  func body(_ role: EventRole) -> EventBody? {
    switch role {
    case .switched:
      guard let previous = task("prev_"), let next = task("next_"),
        let state = number("prev_state")
      else { return nil }
      return .switched(
        SwitchRecord(previous: previous, previousState: StateLetters.recent.state(state), next: next))
    case .waking: return wake().map { .waking($0) }
    case .wakeup: return wake().map { .wakeup($0) }
    case .wakeupNew: return wake().map { .wakeupNew($0) }
    case .exited: return task("").map { .exited($0) }
    case .migrated:
      guard let task = task(""), let from = int("orig_cpu"), let to = int("dest_cpu") else {
        return nil
      }
      return .migrated(task: task, from: from, to: to)
    case .forked:
      guard let parent = int("parent_pid"), let child = int("child_pid") else { return nil }
      return .forked(parent: parent, child: child, childComm: .empty)
    case .executed:
      guard let pid = int("pid"), let old = int("old_pid") else { return nil }
      return .executed(pid: pid, oldPid: old)
    case .inheritedPriority:
      guard let pid = int("pid"), let old = int("oldprio"), let new = int("newprio") else {
        return nil
      }
      return .inheritedPriority(pid: pid, comm: .empty, from: Priority(old), to: Priority(new))
    default: return lockBody(role) ?? probeBody(role)
    }
  }

  private func lockBody(_ role: EventRole) -> EventBody? {
    switch role {
    case .contentionBegan:
      guard let lock = number("lock"), let flags = number("flags") else { return nil }
      return .contentionBegan(
        lock: LockAddress(lock), flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags)))
    case .contentionEnded:
      guard let lock = number("lock"), let result = int("ret") else { return nil }
      return .contentionEnded(lock: LockAddress(lock), result: result)
    case .contendedRelease: return number("lock").map { .contendedRelease(lock: LockAddress($0)) }
    case .donor:
      guard let donor = int("donor"), let owner = int("owner") else { return nil }
      return .donorNamed(donor: donor, owner: owner)
    case .owner:
      guard let owner = int("owner") else { return nil }
      return .ownerNamed(
        lock: LockAddress(number("lock") ?? 0), waiter: int("waiter") ?? current, owner: owner)
    case .running, .enqueued:
      return int("pid").map { .mark(MarkRecord(role == .running ? .running : .enqueue, pid: $0)) }
    case .stopping:
      return int("pid").map {
        .mark(MarkRecord(.stopping, pid: $0, isRunnable: number("runnable").map { $0 != 0 }))
      }
    default: return nil
    }
  }

  private func probeBody(_ role: EventRole) -> EventBody? {
    switch role {
    case .probedSwitch:
      guard number("donor") != nil, number("donor_pid") != nil else { return nil }
      return .probedSwitch(
        SwitchProbe(
          previous: int("prev_pid") ?? current, next: int("next_pid") ?? -1,
          nextTask: number("next_task") ?? 0,
          donors: (donor("donor"), donor("donor2"), donor("donor3")),
          previousBlockedOn: number("prev_blocked_on") ?? 0))
    case .probedWait:
      guard let lock = number("lock"), let owner = number("owner") else { return nil }
      return .probedWait(
        WaitProbe(
          lock: LockAddress(lock),
          flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: number("flags") ?? 0)), owner: owner))
    case .probedSetNext:
      guard let pid = int("pid"), let priority = int("prio") else { return nil }
      return .probedSetNext(pid: pid, priority: Priority(priority))
    default: return nil
    }
  }
}
