/// An event in 32 bytes: tasks by their numbers in the batch that the event is in.
///
/// Most events of a capture are switches and wakeups of tasks whose name, priority and pid have not changed since their
/// last event. Their numbers are then the same, and nothing else about them has to be compared.
@usableFromInline
package struct PackedEvent: BitwiseCopyable, Sendable {
  /// What an event is, and with it what ``payload`` and ``detail`` mean.
  @usableFromInline
  package enum Kind: UInt8, BitwiseCopyable, Sendable {
    /// `payload` numbers the two tasks, `detail` is the state.
    case switched
    /// `payload` numbers the task, `detail` is the CPU.
    case waking, wakeup
    /// `payload` is the lock; `detail` the flags, the result, nothing.
    case contentionBegan, contentionEnded, contendedRelease
    /// `payload` is the index of an event that is kept as a ``SchedEvent``.
    case boxed
    /// An event without fields of interest.
    case other
  }

  /// When it was recorded.
  @usableFromInline package let timestamp: Timestamp
  /// Task numbers, a lock's address or the index of a boxed event: see ``Kind``.
  @usableFromInline package var payload: UInt64 = 0
  /// The CPU whose ring buffer holds the record.
  @usableFromInline package let cpu: CPU
  /// A state, a CPU, flags or a result: see ``Kind``.
  @usableFromInline package var detail: UInt32 = 0
  /// From the low end: the event's id, 2 bytes; the lower 8 bits of the context; ``Kind``, and in the two uppermost bits of
  /// its byte that the context is not known, and that migration is disabled; the pid, 4 bytes. Of a little-endian machine's record these are the first
  /// 8 bytes, but for the fourth.
  @usableFromInline var head: UInt64

  /// - Parameter recordHead: A record's first 8 bytes, little-endian.
  @inlinable
  @inline(__always)
  package init(_ kind: Kind, timestamp: Timestamp, cpu: CPU, recordHead: UInt64) {
    (self.timestamp, self.cpu) = (timestamp, cpu)
    head = recordHead & ~0xff00_0000 | UInt64(kind.rawValue) << 24
  }

  /// The same from single fields.
  /// - Parameter flags: The record's `common_flags`.
  @inlinable
  @inline(__always)
  package init(_ kind: Kind, timestamp: Timestamp, cpu: CPU, pid: Pid, eventID: UInt16, flags: UInt8) {
    let pidBits = UInt64(UInt32(bitPattern: pid)) << 32
    self.init(kind, timestamp: timestamp, cpu: cpu, recordHead: pidBits | UInt64(flags) << 16 | UInt64(eventID))
  }

  /// The same for a context that may be unknown.
  @inlinable
  @inline(__always)
  package init(
    _ kind: Kind, timestamp: Timestamp, cpu: CPU, pid: Pid, eventID: UInt16, context: EventContext
  ) {
    self.init(
      kind, timestamp: timestamp, cpu: cpu, pid: pid, eventID: eventID,
      flags: UInt8(truncatingIfNeeded: context.rawValue))
    if context.contains(.unknown) { head |= 0x8000_0000 }
    if context.contains(.migrationDisabled) { setMigrationDisabled() }
  }

  /// Everything but the body of an event.
  init(_ kind: Kind, headOf event: SchedEvent) {
    self.init(
      kind, timestamp: event.timestamp, cpu: event.cpu, pid: event.pid, eventID: event.eventID, context: event.context)
  }

  /// What the event is; `other` for a bit pattern that is no kind.
  @inlinable
  package var kind: Kind {
    @inline(__always) get { Kind(rawValue: UInt8(truncatingIfNeeded: head >> 24) & 0x3f) ?? .other }
    @inline(__always) set { head = head & ~0x3f00_0000 | UInt64(newValue.rawValue) << 24 }
  }

  /// The record's `common_pid`.
  @inlinable
  package var pid: Pid {
    @inline(__always) get { Pid(truncatingIfNeeded: head >> 32) }
  }

  /// The record's `common_type`, or the number of a text's event.
  @inlinable package var eventID: UInt16 { UInt16(truncatingIfNeeded: head) }

  mutating func setEventID(_ id: UInt16) { head = head & ~0xffff | UInt64(id) }

  /// In which context the record was written.
  @inlinable
  package var context: EventContext {
    var context = EventContext(rawValue: UInt16(truncatingIfNeeded: head >> 16) & 0xff)
    if head & 0x8000_0000 != 0 { context.insert(.unknown) }
    if head & 0x4000_0000 != 0 { context.insert(.migrationDisabled) }
    return context
  }

  /// Adds ``EventContext/migrationDisabled`` to the context.
  @inlinable
  @inline(__always)
  package mutating func setMigrationDisabled() { head |= 0x4000_0000 }

  /// The event with this body.
  @inlinable
  @inline(__always)
  package func event(_ body: EventBody) -> SchedEvent {
    SchedEvent(timestamp: timestamp, cpu: cpu, pid: pid, eventID: eventID, context: context, body: body)
  }
}

// MARK: - Fields

extension PackedEvent {
  /// The numbers of the tasks that a switch names; of other events of a task, the first one is its number.
  @inlinable
  package var tasks: (first: Int, second: Int) {
    @inline(__always) get { (Int(payload & 0xffff_ffff), Int(payload >> 32)) }
  }

  /// The state in which a switch leaves its first task.
  @inlinable
  package var state: TaskState {
    @inline(__always) get {
      TaskState(code: UInt8(truncatingIfNeeded: detail), isPreempted: detail & 0x100 != 0)
    }
  }

  /// A wakeup's CPU.
  @inlinable
  package var target: CPU {
    @inline(__always) get { CPU(bitPattern: detail) }
  }

  /// A state in 9 bits.
  @inlinable
  @inline(__always)
  package static func bits(_ state: TaskState) -> UInt16 { UInt16(state.code) | (state.isPreempted ? 0x100 : 0) }

  /// - Parameter state: its ``bits(_:)``.
  @inlinable
  @inline(__always)
  package mutating func setSwitch(_ previous: UInt32, _ state: UInt16, _ next: UInt32) {
    payload = UInt64(previous) | UInt64(next) << 32
    detail = UInt32(state)
  }

  /// Sets the fields of a waking or a wakeup.
  /// - Parameter task: The task's number in the batch.
  @inlinable
  @inline(__always)
  package mutating func setWake(_ task: UInt32, target: CPU) {
    payload = UInt64(task)
    detail = UInt32(bitPattern: target)
  }

  /// Sets the fields of a lock event.
  /// - Parameter detail: The flags, the result as a bit pattern, or 0.
  @inlinable
  @inline(__always)
  package mutating func setLock(_ lock: LockAddress, _ detail: UInt32 = 0) {
    payload = lock.rawValue
    self.detail = detail
  }
}
