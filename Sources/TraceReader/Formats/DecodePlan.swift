import TraceCore

/// How the records of one event become an ``EventBody``: the places of the fields that matter, taken from the event's format
/// once. Nothing about an event is looked up by name after that.
///
/// One flat shape for all roles and not an enum with a case for each: of an enum the compiler unpacks all of a case's
/// payload for every record, which cost more than reading the record.
struct DecodePlan: BitwiseCopyable {
  let role: EventRole
  /// A shorter record lacks a field.
  fileprivate(set) var minimumSize = 0
  /// The task that the event is about; of a switch the previous one, of a fork the parent.
  fileprivate(set) var task = TaskFields.absent
  /// Of a switch alone.
  fileprivate(set) var next = TaskFields.absent
  /// | role | first | second |
  /// |---|---|---|
  /// | switched | prev_state | |
  /// | waking, wakeup, wakeupNew | target_cpu | |
  /// | migrated | orig_cpu | dest_cpu |
  /// | forked | child_pid | |
  /// | executed | old_pid | |
  /// | inheritedPriority | oldprio | newprio |
  /// | contentionBegan, contentionEnded, contendedRelease | lock_addr | flags, ret, – |
  /// | probedWait | lock | owner |
  /// | stopping | runnable | |
  /// | donor | owner | |
  /// | owner | waiter | lock |
  /// | schedExtCounter, schedExtExit | delta, kind | |
  fileprivate(set) var first = IntegerField.absent
  fileprivate(set) var second = IntegerField.absent
  /// Of probes alone.
  fileprivate(set) var probe = ProbeFields()
  /// Stands for `second` where the event has no such field, or for a wake's `first`.
  fileprivate(set) var constant: UInt64 = 0
  /// Of messages and sched_ext's events.
  fileprivate(set) var text = TextField.absent
}

/// A task's pid, priority and name within an event.
struct TaskFields: BitwiseCopyable {
  var pid = IntegerField.absent
  var priority = IntegerField.absent
  var comm = CommField.absent
  /// Where a name of 16 bytes stands with pid and priority of 4 right behind it, as in all events of the scheduler that are
  /// frequent; 0 where they stand otherwise. Three loads then, and nothing to be looked up for them.
  private(set) var block: UInt16 = 0

  static let absent = TaskFields()

  init() {}

  init(pid: IntegerField, priority: IntegerField, comm: CommField) {
    (self.pid, self.priority, self.comm) = (pid, priority, comm)
    let start = Int(comm.offset)
    if comm.form == .array, comm.size == 16, pid.isInt32(at: start + 16), priority.isInt32(at: start + 20) {
      block = comm.offset
    }
  }

  @inline(__always)
  func load(_ record: Record) -> TaskSnapshot {
    let start = Int(block)
    if start == 0 {
      return TaskSnapshot(pid: pid.load32(record), priority: Priority(priority.load32(record)), comm: comm.load(record))
    }
    return TaskSnapshot(
      pid: record.integer(Int32.self, at: start &+ 16),
      priority: Priority(record.integer(Int32.self, at: start &+ 20)), comm: record.comm(at: start))
  }

  /// The task's number in a batch.
  @inline(__always)
  func number(_ record: Record, _ packer: UnsafeMutablePointer<EventPacker>) -> UInt32 {
    let start = Int(block)
    if start == 0 || record.isBigEndian { return packer.pointee.number(of: load(record)) }
    return packer.pointee.number(ofBlock: record.address(of: start))
  }
}

/// The fields that only the probe `proxytrace:switch` has, and the flags of `proxytrace:wait`; a probe may have only some.
struct ProbeFields: BitwiseCopyable {
  /// A donor as a pointer and the pid behind it.
  struct Donor: BitwiseCopyable {
    var task = IntegerField.absent
    var pid = IntegerField.absent

    @inline(__always)
    func load(_ record: Record) -> (task: UInt64, pid: Pid) {
      (task.load(record, orElse: 0), pid.load32(record, orElse: -1))
    }
  }

  var next = IntegerField.absent
  var nextTask = IntegerField.absent
  var donors = (Donor(), Donor(), Donor())
  var previousBlockedOn = IntegerField.absent
  var flags = IntegerField.absent
}

/// Finds the fields of an event by name and notes how long a record must be to have them.
struct FieldResolver {
  private let format: ParsedFormat
  /// What the role's fields are called in this event.
  private let sources: [String: EventMap.Source]
  /// The number that stands for a field that is none; 0 without one.
  private(set) var constant: UInt64 = 0
  /// The end of the last field that was asked for: a shorter record is damaged.
  private(set) var minimumSize: Int
  /// Names that were asked for and are not there, or are of another kind.
  private(set) var missing: [String] = []

  init(_ format: ParsedFormat, _ entry: EventMap.Entry, minimumSize: Int) {
    self.format = format
    self.minimumSize = minimumSize
    let fields = entry.role?.fields ?? []
    sources = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, entry.source(of: $0)) })
  }

  /// The event's field that is a role's, and what it is called there.
  private func field(_ name: String) -> (field: ParsedField?, name: String) {
    guard case .field(let own)? = sources[name] else { return (nil, name) }
    return (format.field(own) ?? format.common.first { $0.name == own }, own)
  }

  /// A field that the event cannot do without.
  mutating func integer(_ name: String) -> IntegerField {
    let field = optional(name)
    if !field.isPresent { missing.append(self.field(name).name) }
    return field
  }

  /// A field that the map may have replaced by a number.
  mutating func integerOrConstant(_ name: String) -> IntegerField {
    guard case .constant(let value)? = sources[name] else { return integer(name) }
    constant = UInt64(bitPattern: value)
    return .absent
  }

  mutating func optional(_ name: String) -> IntegerField {
    guard let field = field(name).field.flatMap(IntegerField.init) else { return .absent }
    minimumSize = max(minimumSize, field.end)
    return field
  }

  mutating func require(_ field: CommField, _ name: String) {
    if field.form == .absent { missing.append(self.field(name).name) }
  }

  /// A name is never worth losing an event for.
  mutating func comm(_ name: String) -> CommField {
    guard let field = field(name).field.flatMap(CommField.init) else { return .absent }
    minimumSize = max(minimumSize, field.end)
    return field
  }

  /// A message that the event cannot do without.
  mutating func text(_ name: String) -> TextField {
    let (found, own) = field(name)
    guard let field = found.flatMap(TextField.init) else {
      missing.append(own)
      return .absent
    }
    minimumSize = max(minimumSize, field.end)
    return field
  }

  mutating func task(_ prefix: String = "") -> TaskFields {
    TaskFields(
      pid: integer("\(prefix)pid"), priority: integer("\(prefix)prio"), comm: comm("\(prefix)comm"))
  }

  /// Both fields or none: a pointer without a pid says nothing.
  mutating func donor(_ name: String) -> ProbeFields.Donor {
    let donor = ProbeFields.Donor(task: optional(name), pid: optional("\(name)_pid"))
    return donor.task.isPresent && donor.pid.isPresent ? donor : ProbeFields.Donor()
  }
}

extension DecodePlan {
  /// Of a format that lacks what the role needs, `fields.missing` says what; then the plan is not to be used.
  init(_ role: EventRole, _ fields: inout FieldResolver) {
    self.role = role
    switch role {
    case .switched:
      (task, first, next) = (fields.task("prev_"), fields.integer("prev_state"), fields.task("next_"))
    case .waking, .wakeup, .wakeupNew: (task, first) = (fields.task(), fields.integerOrConstant("target_cpu"))
    case .migrated:
      (task, first, second) = (fields.task(), fields.integer("orig_cpu"), fields.integer("dest_cpu"))
    case .forked, .executed, .exited, .renamed, .inheritedPriority: findLife(&fields)
    case .contentionBegan: (first, second) = (fields.integer("lock"), fields.integerOrConstant("flags"))
    case .contentionEnded: (first, second) = (fields.integer("lock"), fields.integerOrConstant("ret"))
    case .contendedRelease: first = fields.integer("lock")
    case .probedSwitch, .probedWait, .probedSetNext: findProbe(&fields)
    case .running, .enqueued: task.pid = fields.integer("pid")
    case .stopping: (task.pid, first) = (fields.integer("pid"), fields.optional("runnable"))
    case .message: text = fields.text("text")
    case .schedExtCounter: (text, first) = (fields.text("name"), fields.integer("delta"))
    case .schedExtExit: (text, first) = (fields.text("name"), fields.integer("kind"))
    case .donor: (task.pid, first) = (fields.integer("donor"), fields.integer("owner"))
    case .owner:
      (task.pid, first, second) = (fields.integer("owner"), fields.optional("waiter"), fields.optional("lock"))
    }
    minimumSize = fields.minimumSize
    constant = fields.constant
  }

  private mutating func findLife(_ fields: inout FieldResolver) {
    switch role {
    case .forked:
      (task.pid, first, task.comm) = (
        fields.integer("parent_pid"), fields.integer("child_pid"), fields.comm("child_comm")
      )
    case .executed: (task.pid, first) = (fields.integer("pid"), fields.integer("old_pid"))
    case .exited: task = fields.task()
    case .renamed:
      // Since 6.18 without a pid: the current task renames itself.
      (task.pid, task.comm) = (fields.optional("pid"), fields.comm("comm"))
      fields.require(task.comm, "comm")
    default:
      (task.pid, task.comm) = (fields.integer("pid"), fields.comm("comm"))
      (first, second) = (fields.integer("oldprio"), fields.integer("newprio"))
    }
  }

  private mutating func findProbe(_ fields: inout FieldResolver) {
    switch role {
    case .probedSwitch:
      _ = (fields.integer("donor"), fields.integer("donor_pid"))
      task.pid = fields.optional("prev_pid")
      probe.next = fields.optional("next_pid")
      probe.nextTask = fields.optional("next_task")
      probe.donors = (fields.donor("donor"), fields.donor("donor2"), fields.donor("donor3"))
      probe.previousBlockedOn = fields.optional("prev_blocked_on")
    case .probedWait:
      (first, second, probe.flags) = (fields.integer("lock"), fields.integer("owner"), fields.optional("flags"))
    default: (task.pid, task.priority) = (fields.integer("pid"), fields.integer("prio"))
    }
  }
}
