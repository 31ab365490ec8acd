import TraceCore

/// How the records of one event become an ``EventBody``: the places of the fields that matter, taken from the event's format
/// once. Nothing about an event is looked up by name after that.
enum DecodePlan: BitwiseCopyable {
  case switched(previous: TaskFields, state: IntegerField, next: TaskFields)
  case waking(WakeFields)
  case wakeup(WakeFields)
  case wakeupNew(WakeFields)
  case migrated(TaskFields, from: IntegerField, to: IntegerField)
  case forked(parent: IntegerField, child: IntegerField, comm: CommField)
  case executed(pid: IntegerField, oldPid: IntegerField)
  case exited(TaskFields)
  /// Without a pid the current task renames itself.
  case renamed(pid: IntegerField?, comm: CommField)
  case inheritedPriority(pid: IntegerField, comm: CommField, from: IntegerField, to: IntegerField)
  case contentionBegan(lock: IntegerField, flags: IntegerField)
  case contentionEnded(lock: IntegerField, result: IntegerField)
  case contendedRelease(lock: IntegerField)
  case probedSwitch(SwitchProbeFields)
  case probedWait(lock: IntegerField, flags: IntegerField?, owner: IntegerField)
  case probedSetNext(pid: IntegerField, priority: IntegerField)
}

/// A task's pid, priority and name within an event.
struct TaskFields: BitwiseCopyable {
  var pid: IntegerField
  var priority: IntegerField
  var comm: CommField

  @inline(__always)
  func load(_ record: Record) -> TaskSnapshot {
    TaskSnapshot(pid: pid.load32(record), priority: Priority(priority.load32(record)), comm: comm.load(record))
  }
}

struct WakeFields: BitwiseCopyable {
  var task: TaskFields
  var target: IntegerField

  @inline(__always)
  func load(_ record: Record) -> WakeRecord {
    WakeRecord(task: task.load(record), targetCPU: target.load32(record))
  }
}

/// The fields of the probe `proxytrace:switch`, of which a probe may have only some.
struct SwitchProbeFields: BitwiseCopyable {
  /// A donor as a pointer and the pid behind it.
  struct Donor: BitwiseCopyable {
    var task: IntegerField
    var pid: IntegerField

    @inline(__always)
    func load(_ record: Record) -> (task: UInt64, pid: Pid) { (task.load(record), pid.load32(record)) }
  }

  var previous: IntegerField?
  var next: IntegerField?
  var nextTask: IntegerField?
  var first: Donor
  var second: Donor?
  var third: Donor?
  var previousBlockedOn: IntegerField?

  /// - Parameter current: `common_pid`, which on a switch is the previous task's.
  func load(_ record: Record, current: Pid) -> SwitchProbe {
    SwitchProbe(
      previous: previous?.load32(record) ?? current, next: next?.load32(record) ?? -1,
      nextTask: nextTask?.load(record) ?? 0,
      donors: (first.load(record), second?.load(record) ?? (0, -1), third?.load(record) ?? (0, -1)),
      previousBlockedOn: previousBlockedOn?.load(record) ?? 0)
  }
}

/// Finds the fields of an event by name and notes how long a record must be to have them.
struct FieldResolver {
  private let format: ParsedFormat
  /// The end of the last field that was asked for: a shorter record is damaged.
  private(set) var minimumSize: Int
  /// Names that were asked for and are not there, or are of another kind.
  private(set) var missing: [String] = []

  init(_ format: ParsedFormat, minimumSize: Int) {
    self.format = format
    self.minimumSize = minimumSize
  }

  mutating func integer(_ name: String) -> IntegerField? {
    let field = optionalInteger(name)
    if field == nil { missing.append(name) }
    return field
  }

  mutating func optionalInteger(_ name: String) -> IntegerField? {
    guard let field = format.field(name).flatMap(IntegerField.init) else { return nil }
    minimumSize = max(minimumSize, field.end)
    return field
  }

  /// A name is never worth losing an event for.
  mutating func comm(_ name: String) -> CommField {
    guard let field = format.field(name).flatMap(CommField.init) else { return .absent }
    minimumSize = max(minimumSize, field.end)
    return field
  }

  mutating func task(_ prefix: String = "") -> TaskFields? {
    guard let pid = integer("\(prefix)pid"), let priority = integer("\(prefix)prio") else { return nil }
    return TaskFields(pid: pid, priority: priority, comm: comm("\(prefix)comm"))
  }

  mutating func wake() -> WakeFields? {
    guard let task = task(), let target = integer("target_cpu") else { return nil }
    return WakeFields(task: task, target: target)
  }

  mutating func donor(_ name: String) -> SwitchProbeFields.Donor? {
    guard let task = optionalInteger(name), let pid = optionalInteger("\(name)_pid") else { return nil }
    return SwitchProbeFields.Donor(task: task, pid: pid)
  }
}

extension DecodePlan {
  /// - Returns: `nil` where a field is missing that the role cannot do without; the resolver knows which.
  init?(_ role: EventRole, _ fields: inout FieldResolver) {
    let plan =
      switch role {
      case .switched: Self.switched(&fields)
      case .waking: fields.wake().map(DecodePlan.waking)
      case .wakeup: fields.wake().map(DecodePlan.wakeup)
      case .wakeupNew: fields.wake().map(DecodePlan.wakeupNew)
      case .migrated: Self.migrated(&fields)
      case .forked, .executed, .exited, .renamed, .inheritedPriority: Self.life(role, &fields)
      case .contentionBegan, .contentionEnded, .contendedRelease: Self.lock(role, &fields)
      case .probedSwitch, .probedWait, .probedSetNext: Self.probe(role, &fields)
      }
    guard let plan else { return nil }
    self = plan
  }

  private static func switched(_ fields: inout FieldResolver) -> DecodePlan? {
    guard let previous = fields.task("prev_"), let state = fields.integer("prev_state"), let next = fields.task("next_")
    else { return nil }
    return .switched(previous: previous, state: state, next: next)
  }

  private static func migrated(_ fields: inout FieldResolver) -> DecodePlan? {
    guard let task = fields.task(), let from = fields.integer("orig_cpu"), let to = fields.integer("dest_cpu")
    else { return nil }
    return .migrated(task, from: from, to: to)
  }

  private static func life(_ role: EventRole, _ fields: inout FieldResolver) -> DecodePlan? {
    switch role {
    case .forked:
      guard let parent = fields.integer("parent_pid"), let child = fields.integer("child_pid") else { return nil }
      return .forked(parent: parent, child: child, comm: fields.comm("child_comm"))
    case .executed:
      guard let pid = fields.integer("pid"), let oldPid = fields.integer("old_pid") else { return nil }
      return .executed(pid: pid, oldPid: oldPid)
    case .exited: return fields.task().map(DecodePlan.exited)
    case .renamed:
      let comm = fields.comm("newcomm")
      return comm.form == .absent ? nil : .renamed(pid: fields.optionalInteger("pid"), comm: comm)
    default:
      guard let pid = fields.integer("pid"), let from = fields.integer("oldprio"), let to = fields.integer("newprio")
      else { return nil }
      return .inheritedPriority(pid: pid, comm: fields.comm("comm"), from: from, to: to)
    }
  }

  private static func lock(_ role: EventRole, _ fields: inout FieldResolver) -> DecodePlan? {
    guard let lock = fields.integer("lock_addr") else { return nil }
    switch role {
    case .contentionBegan: return fields.integer("flags").map { .contentionBegan(lock: lock, flags: $0) }
    case .contentionEnded: return fields.integer("ret").map { .contentionEnded(lock: lock, result: $0) }
    default: return .contendedRelease(lock: lock)
    }
  }

  private static func probe(_ role: EventRole, _ fields: inout FieldResolver) -> DecodePlan? {
    switch role {
    case .probedSwitch:
      guard fields.integer("donor") != nil, fields.integer("donor_pid") != nil, let first = fields.donor("donor")
      else { return nil }
      return .probedSwitch(
        SwitchProbeFields(
          previous: fields.optionalInteger("prev_pid"), next: fields.optionalInteger("next_pid"),
          nextTask: fields.optionalInteger("next_task"), first: first, second: fields.donor("donor2"),
          third: fields.donor("donor3"), previousBlockedOn: fields.optionalInteger("prev_blocked_on")))
    case .probedWait:
      guard let lock = fields.integer("lock"), let owner = fields.integer("owner") else { return nil }
      return .probedWait(lock: lock, flags: fields.optionalInteger("flags"), owner: owner)
    default:
      guard let pid = fields.integer("pid"), let priority = fields.integer("prio") else { return nil }
      return .probedSetNext(pid: pid, priority: priority)
    }
  }
}
