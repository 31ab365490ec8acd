import TraceCore

/// What a kernel's print format makes of an event's fields, as far as ``EventBody`` has them.
enum PeerFields {
  /// Whether a line's fields say the same as an event; `true` for events without a role, of which nothing is read.
  static func match(_ text: String, _ event: SchedEvent) -> Bool {
    switch event.body {
    case .switched(let record):
      text == "\(task(record.previous, "prev_")) prev_state=\(record.previousState) ==> \(task(record.next, "next_"))"
    case .waking(let wake), .wakeup(let wake), .wakeupNew(let wake):
      text == "\(task(wake.task)) target_cpu=\(padded(wake.targetCPU))"
    case .migrated(let snapshot, let from, let to): text == "\(task(snapshot)) orig_cpu=\(from) dest_cpu=\(to)"
    case .forked(let parent, let child, let comm):
      text.hasSuffix(" pid=\(parent) child_comm=\(comm) child_pid=\(child)")
    case .executed(let pid, let oldPid): text.hasSuffix(" pid=\(pid) old_pid=\(oldPid)")
    case .exited(let snapshot): text == task(snapshot) || text.hasPrefix("\(task(snapshot)) group_dead=")
    case .renamed(let pid, let comm): text.hasPrefix("pid=\(pid) ") && text.contains(" newcomm=\(comm) ")
    case .inheritedPriority(let pid, let comm, let from, let to):
      text == "comm=\(comm) pid=\(pid) oldprio=\(from.rawValue) newprio=\(to.rawValue)"
    case .contentionBegan(let lock, let flags): text == "\(lock) (flags=\(names(flags)))"
    case .contentionEnded(let lock, let result): text == "\(lock) (ret=\(result))"
    case .contendedRelease(let lock): text == "\(lock)"
    case .probedSwitch(let probe): match(text, probe)
    case .probedWait(let probe):
      text.contains(" lock=\(probe.lock) flags=\(probe.flags.rawValue) ")
        && value("owner", text).map { $0 & ~7 } == probe.ownerTask
    case .probedSetNext(let pid, let priority): text.hasSuffix(" pid=\(pid) prio=\(priority.rawValue)")
    case .probedExit(let isSwitch, let donor, let priority, let curr):
      text.hasSuffix(" is_switch=\(isSwitch ? 1 : 0) donor=\(donor) dprio=\(priority.rawValue) curr=\(curr)")
    case .mark(let mark): text.contains("\(mark.kind.name) pid=\(mark.pid)")
    case .schedExt(let record): text.contains(record.name.text)
    case .donorNamed, .ownerNamed, .queued, .unqueued, .other: true
    case .lost: false
    }
  }

  private static func task(_ task: TaskSnapshot, _ prefix: String = "") -> String {
    "\(prefix)comm=\(task.comm) \(prefix)pid=\(task.pid) \(prefix)prio=\(task.priority.rawValue)"
  }

  private static func padded(_ cpu: CPU) -> String {
    let digits = String(cpu)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private static func names(_ flags: ContentionFlags) -> String {
    let all = ["SPIN", "READ", "WRITE", "RT", "PERCPU", "MUTEX"]
    return all.enumerated().filter { flags.rawValue & 1 << $0.offset != 0 }.map(\.element).joined(separator: "|")
  }

  /// `NAME=0x…` within a text.
  private static func value(_ name: String, _ text: String) -> UInt64? {
    let words = text.split(separator: " ")
    return words.first { $0.hasPrefix("\(name)=0x") }.flatMap { UInt64($0.dropFirst(name.count + 3), radix: 16) }
  }

  private static func pid(_ name: String, _ text: String) -> Pid? {
    text.split(separator: " ").first { $0.hasPrefix("\(name)=") }.flatMap { Pid($0.dropFirst(name.count + 1)) }
  }

  private static func match(_ text: String, _ probe: SwitchProbe) -> Bool {
    let chain =
      [(value("donor", text), pid("donor_pid", text)), (value("donor2", text), pid("donor2_pid", text))]
      + [(value("donor3", text), pid("donor3_pid", text))]
    let donors = chain.prefix { $0.0 != 0 }.map(\.1)
    let found = [probe.donors.0, probe.donors.1, probe.donors.2].prefix(Int(probe.depth))
    return pid("prev_pid", text) == probe.previous && pid("next_pid", text) == probe.next
      && value("next_task", text) == probe.nextTask && donors == Array(found)
      && value("prev_blocked_on", text) == probe.previousBlockedOn
  }
}
