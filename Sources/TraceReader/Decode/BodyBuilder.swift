import TraceCore

/// The fields of one record, by what its role calls them.
///
/// There is one for each form of a capture: ``BinaryFields``, ``KeyValueFields`` (`key=value` text) and
/// ``PrintedFields`` (text as the kernel or trace-cmd prints it).
protocol FieldSource {
  /// The record's `common_pid`.
  var current: Pid { get }
  /// An integer, extended to 64 bits; `nil` where the record has no such field.
  func number(_ field: FieldName) -> UInt64?
  /// A task's name; `nil` where the record has no such field.
  func comm(_ field: FieldName) -> Comm?
  /// `prev_state`; `nil` where the record has none.
  var previousState: TaskState? { get }
  /// Text, valid as long as the record; `nil` where the record has no such field.
  func text(_ field: FieldName) -> UnsafeRawBufferPointer?
}

extension FieldSource {
  @inline(__always)
  func int(_ field: FieldName) -> Int32? { number(field).map { Int32(truncatingIfNeeded: $0) } }

  /// A task of which only the name may be missing.
  @inline(__always)
  func task(_ pid: FieldName = .pid, _ priority: FieldName = .prio, _ comm: FieldName = .comm) -> TaskSnapshot? {
    guard let pid = int(pid), let priority = int(priority) else { return nil }
    return TaskSnapshot(pid: pid, priority: Priority(priority), comm: self.comm(comm) ?? .empty)
  }

  @inline(__always)
  func wake() -> WakeRecord? {
    guard let task = task(), let cpu = int(.targetCPU) else { return nil }
    return WakeRecord(task: task, targetCPU: cpu)
  }

  /// A donor as a pointer and the pid read through it. Both fields or none: a pointer without a pid says nothing.
  @inline(__always)
  func donor(_ task: FieldName, _ pid: FieldName) -> (task: UInt64, pid: Pid) {
    guard let task = number(task), let pid = int(pid) else { return (0, -1) }
    return (task, pid)
  }

  /// The call of `ops.enqueue()` that an event of its own stands for.
  func enqueue() -> MarkRecord? {
    guard let pid = int(.pid) else { return nil }
    var mark = MarkRecord(.enqueue, pid: pid)
    mark.isBlocked = number(.blocked).map { $0 != 0 }
    if let flags = number(.flags) { mark.takeFlags(flags) }
    (mark.cpu, mark.owner, mark.dispatchQueue) = (int(.cpu), int(.owner), number(.dsq))
    return mark
  }

  @inline(__always)
  func flags() -> ContentionFlags? {
    number(.flags).map { ContentionFlags(rawValue: UInt32(truncatingIfNeeded: $0)) }
  }
}

/// Makes an ``EventBody`` of a record's role and fields. The only place that knows which fields a role's body is made
/// of.
///
/// Switches, wakeups and lock events are most of a capture: ``RecordDecoder`` and ``TextParser`` put them into a batch
/// directly, except those of a text whose fields are written as `key=value`.
struct BodyBuilder {
  /// How marks are recognised in messages.
  let marks: MarkPattern
  /// Callbacks that have an event of their own in this capture. Messages that look like marks of them are not marks.
  var ownMarks: MarkKinds

  /// - Returns: `nil` where the record lacks a field that the role needs.
  func body(_ role: EventRole, _ fields: some FieldSource) -> EventBody? {
    switch role {
    case .switched:
      guard let previous = fields.task(.prevPid, .prevPrio, .prevComm), let state = fields.previousState,
        let next = fields.task(.nextPid, .nextPrio, .nextComm)
      else { return nil }
      return .switched(SwitchRecord(previous: previous, previousState: state, next: next))
    case .waking: return fields.wake().map { .waking($0) }
    case .wakeup: return fields.wake().map { .wakeup($0) }
    case .wakeupNew: return fields.wake().map { .wakeupNew($0) }
    case .migrated:
      guard let task = fields.task(), let from = fields.int(.origCPU), let to = fields.int(.destCPU) else { return nil }
      return .migrated(task: task, from: from, to: to)
    case .forked, .executed, .exited, .renamed, .inheritedPriority: return taskBody(role, fields)
    case .contentionBegan, .contentionEnded, .contendedRelease, .donor, .owner: return lockBody(role, fields)
    case .probedSwitch, .probedWait, .probedSetNext, .probedExit: return probeBody(role, fields)
    case .running: return fields.int(.pid).map { .mark(MarkRecord(.running, pid: $0)) }
    case .stopping:
      let isRunnable = fields.number(.runnable).map { $0 != 0 }
      return fields.int(.pid).map { .mark(MarkRecord(.stopping, pid: $0, isRunnable: isRunnable)) }
    case .enqueued: return fields.enqueue().map { .mark($0) }
    case .message:
      guard let text = fields.text(.text) else { return nil }
      // Free text need not be a mark.
      guard let mark = marks.mark(in: text), !ownMarks.contains(MarkKinds(mark.kind)) else { return .other }
      return .mark(mark)
    case .schedExtCounter:
      guard let name = fields.text(.name), let value = fields.number(.delta) else { return nil }
      return .schedExt(SchedExtRecord(.counter, name: ShortName(counter: name), value: Int64(bitPattern: value)))
    case .queued, .unqueued:
      guard let pid = fields.int(.pid), let cpu = fields.int(.cpu) else { return nil }
      return role == .queued ? .queued(pid: pid, cpu: cpu) : .unqueued(pid: pid, cpu: cpu)
    case .schedExtDump:
      guard let text = fields.text(.text) else { return nil }
      return SchedExtRecord(dump: text).map { .schedExt($0) } ?? .other
    case .schedExtExit:
      guard let name = fields.text(.name), let value = fields.number(.kind) else { return nil }
      return .schedExt(SchedExtRecord(.exit, name: ShortName(name), value: Int64(bitPattern: value)))
    }
  }

  private func taskBody(_ role: EventRole, _ fields: some FieldSource) -> EventBody? {
    switch role {
    case .forked:
      guard let parent = fields.int(.parentPid), let child = fields.int(.childPid) else { return nil }
      return .forked(parent: parent, child: child, childComm: fields.comm(.childComm) ?? .empty)
    case .executed:
      guard let pid = fields.int(.pid), let old = fields.int(.oldPid) else { return nil }
      return .executed(pid: pid, oldPid: old)
    case .exited: return fields.task().map { .exited($0) }
    case .renamed:
      // Since 6.18 without a pid: the current task renames itself.
      return fields.comm(.comm).map { .renamed(pid: fields.int(.pid) ?? fields.current, comm: $0) }
    case .inheritedPriority:
      guard let pid = fields.int(.pid), let old = fields.int(.oldprio), let new = fields.int(.newprio) else {
        return nil
      }
      return .inheritedPriority(
        pid: pid, comm: fields.comm(.comm) ?? .empty, from: Priority(old), to: Priority(new))
    default: return nil
    }
  }

  private func lockBody(_ role: EventRole, _ fields: some FieldSource) -> EventBody? {
    switch role {
    case .contentionBegan:
      guard let lock = fields.number(.lock), let flags = fields.flags() else { return nil }
      return .contentionBegan(lock: LockAddress(lock), flags: flags)
    case .contentionEnded:
      guard let lock = fields.number(.lock), let result = fields.int(.ret) else { return nil }
      return .contentionEnded(lock: LockAddress(lock), result: result)
    case .contendedRelease: return fields.number(.lock).map { .contendedRelease(lock: LockAddress($0)) }
    case .donor:
      guard let donor = fields.int(.donor), let owner = fields.int(.owner) else { return nil }
      return .donorNamed(donor: donor, owner: owner)
    case .owner:
      guard let owner = fields.int(.owner) else { return nil }
      return .ownerNamed(
        lock: LockAddress(fields.number(.lock) ?? 0), waiter: fields.int(.waiter) ?? fields.current, owner: owner)
    default: return nil
    }
  }

  private func probeBody(_ role: EventRole, _ fields: some FieldSource) -> EventBody? {
    switch role {
    case .probedSwitch:
      guard let donor = fields.number(.donor), let donorPid = fields.int(.donorPid) else { return nil }
      // On a switch `common_pid` is the previous task's.
      return .probedSwitch(
        SwitchProbe(
          previous: fields.int(.prevPid) ?? fields.current, next: fields.int(.nextPid) ?? -1,
          nextTask: fields.number(.nextTask) ?? 0,
          donors: (
            (donor, donorPid), fields.donor(.donor2, .donor2Pid), fields.donor(.donor3, .donor3Pid)
          ), previousBlockedOn: fields.number(.prevBlockedOn) ?? 0))
    case .probedWait:
      guard let lock = fields.number(.lock), let owner = fields.number(.owner) else { return nil }
      return .probedWait(WaitProbe(lock: LockAddress(lock), flags: fields.flags() ?? [], owner: owner))
    case .probedSetNext:
      guard let pid = fields.int(.pid), let priority = fields.int(.prio) else { return nil }
      return .probedSetNext(pid: pid, priority: Priority(priority))
    case .probedExit:
      guard let isSwitch = fields.number(.isSwitch), let donor = fields.int(.donor), let priority = fields.int(.dprio),
        let curr = fields.int(.curr)
      else { return nil }
      return .probedExit(isSwitch: isSwitch != 0, donor: donor, donorPriority: Priority(priority), curr: curr)
    default: return nil
    }
  }
}

/// A set of sched_ext callbacks.
struct MarkKinds: OptionSet, Sendable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ kind: MarkRecord.Kind) { rawValue = 1 << kind.rawValue }
}
