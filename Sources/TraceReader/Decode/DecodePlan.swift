import TraceCore

/// How the records of one event are decoded: the places of its fields, taken from the event's format once. Nothing
/// about an event is looked up by name after that.
///
/// The fields of roles that have a packed form are here, in one flat shape for all of them: of an enum with a case for
/// each, the compiler unpacks all of a case's payload for every record, which cost more than reading the record. The
/// fields of all other roles are in the decoder's ``FieldPlaces``.
struct DecodePlan: BitwiseCopyable {
  /// `nil`: it is a kernel stack.
  let role: EventRole?
  /// ``RoleDescription/packedKind``.
  let packedKind: PackedEvent.Kind
  /// A shorter record lacks a field.
  let minimumSize: Int
  /// The task that the event is about; of a switch the previous one.
  private(set) var task = TaskFields.absent
  /// Of a switch alone.
  private(set) var next = TaskFields.absent
  /// `prev_state`, `target_cpu` or the lock.
  private(set) var first = IntegerField.absent
  /// `flags` or `ret`.
  private(set) var second = IntegerField.absent
  /// Replaces `target_cpu`, `flags` or `ret` where the event has no such field.
  private(set) var constant: UInt64 = 0

  /// Of `ftrace:kernel_stack`.
  /// - Parameter minimumSize: Where the frames begin.
  init(stackFrom minimumSize: Int) { (role, packedKind, self.minimumSize) = (nil, .boxed, minimumSize) }

  init(_ role: EventRole, _ places: FieldPlaces, minimumSize: Int) {
    self.role = role
    packedKind = role.details.packedKind
    self.minimumSize = minimumSize
    func task(_ pid: FieldName, _ priority: FieldName, _ comm: FieldName) -> TaskFields {
      TaskFields(pid: places[pid].integer, priority: places[priority].integer, comm: places[comm].comm)
    }
    func constant(_ field: FieldName) -> UInt64 { places[field].constant ?? 0 }
    switch packedKind {
    case .switched:
      self.task = task(.prevPid, .prevPrio, .prevComm)
      next = task(.nextPid, .nextPrio, .nextComm)
      first = places[.prevState].integer
    case .waking, .wakeup:
      self.task = task(.pid, .prio, .comm)
      (first, self.constant) = (places[.targetCPU].integer, constant(.targetCPU))
    case .contentionBegan:
      (first, second, self.constant) = (places[.lock].integer, places[.flags].integer, constant(.flags))
    case .contentionEnded:
      (first, second, self.constant) = (places[.lock].integer, places[.ret].integer, constant(.ret))
    case .contendedRelease: first = places[.lock].integer
    case .boxed, .other: break
    }
  }
}

/// A task's pid, priority and name within an event.
struct TaskFields: BitwiseCopyable {
  private let pid: IntegerField
  private let priority: IntegerField
  private let comm: CommField
  /// Where a name of 16 bytes is that pid and priority of 4 bytes each follow, as in all frequent events of the
  /// scheduler; 0 where the fields lie otherwise. Such a task is read by three loads, without a look at its fields.
  private(set) var block: UInt16 = 0

  static let absent = TaskFields(pid: .absent, priority: .absent, comm: .absent)

  init(pid: IntegerField, priority: IntegerField, comm: CommField) {
    (self.pid, self.priority, self.comm) = (pid, priority, comm)
    let start = Int(comm.offset)
    if comm.form == .array, comm.size == 16, pid.isInt32(at: start + 16), priority.isInt32(at: start + 20) {
      block = comm.offset
    }
  }

  /// The task's number in a batch.
  @inline(__always)
  func number(_ record: Record, _ packer: UnsafeMutablePointer<EventPacker>) -> UInt32 {
    let start = Int(block)
    if start == 0 || record.isBigEndian { return packer.pointee.number(of: load(record)) }
    return packer.pointee.number(ofBlock: record.address(of: start))
  }

  @inline(__always)
  private func load(_ record: Record) -> TaskSnapshot {
    let start = Int(block)
    if start == 0 {
      return TaskSnapshot(pid: pid.load32(record), priority: Priority(priority.load32(record)), comm: comm.load(record))
    }
    return TaskSnapshot(
      pid: record.integer(Int32.self, at: start &+ 16),
      priority: Priority(record.integer(Int32.self, at: start &+ 20)), comm: record.comm(at: start))
  }
}
