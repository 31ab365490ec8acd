/// Packs events into a batch, whose tasks it numbers.
///
/// A task gets a new number whenever its name, priority or pid differs from the last event of the batch that named it.
/// The last number is looked up in a table with one slot for several pids. Tasks that share a slot get more numbers
/// than they need, which does no harm.
@usableFromInline
package struct EventPacker: ~Copyable {
  /// A task's bytes, and its number.
  @usableFromInline
  struct TaskSlot: BitwiseCopyable {
    @usableFromInline var low: UInt64 = 0
    @usableFromInline var high: UInt64 = 0
    @usableFromInline var rest: UInt64 = 0
    /// The batch in the upper half, counted from 1; the task's number in the lower half.
    @usableFromInline var number: UInt64 = 0
  }

  /// The batch's memory; the packer does not own it.
  @usableFromInline package private(set) var memory: BatchMemory
  @usableFromInline package private(set) var count = 0
  @usableFromInline var taskCount = 0
  private var boxCount = 0
  /// The batch's number, from 1, in the upper half.
  @usableFromInline var batch: UInt64 = 0
  /// ``slotCount`` slots, owned here alone.
  @usableFromInline let slots: UnsafeMutablePointer<TaskSlot>
  @usableFromInline static var slotCount: Int { 2048 }

  /// Begins a batch.
  package init(_ memory: BatchMemory) {
    self.memory = memory
    slots = .allocateLines(capacity: Self.slotCount)
    slots.initialize(repeating: TaskSlot(), count: Self.slotCount)
    begin(memory)
  }

  deinit { slots.deallocate() }

  /// Begins another batch, with nothing in it.
  package mutating func begin(_ memory: BatchMemory) {
    self.memory = memory
    (count, taskCount, boxCount) = (0, 0, 0)
    batch &+= 1 << 32
    guard batch == 0 else { return }
    // The counter wraps after four billion batches.
    slots.update(repeating: TaskSlot(), count: Self.slotCount)
    batch = 1 << 32
  }

  /// Whether there is no room for another event.
  @inlinable
  package var isFull: Bool { count == memory.capacity }

  /// What has been packed since ``begin(_:)``, valid until the next one.
  package var finished: EventBatch { EventBatch(memory, count: count, tasks: taskCount, boxes: boxCount) }

  /// Adds a packed event. There must be room.
  @inlinable
  @inline(__always)
  package mutating func add(_ event: PackedEvent) {
    assert(!isFull)
    (memory.events + count).initialize(to: event)
    count &+= 1
  }

  /// Adds an event that has no packed form. There must be room.
  package mutating func addBoxed(_ event: SchedEvent) {
    var packed = PackedEvent(.boxed, headOf: event)
    packed.payload = UInt64(boxCount)
    (memory.boxes + boxCount).initialize(to: event)
    boxCount += 1
    add(packed)
  }

  /// Adds an event, packed if it has a packed form. There must be room.
  package mutating func add(_ event: SchedEvent) {
    let packed = PackedEvent(.other, headOf: event)
    switch event.body {
    case .switched(let record): add(packed, record)
    case .waking(let record): add(packed, .waking, record)
    case .wakeup(let record): add(packed, .wakeup, record)
    case .contentionBegan(let lock, let flags): add(packed, .contentionBegan, lock, flags.rawValue)
    case .contentionEnded(let lock, let result): add(packed, .contentionEnded, lock, UInt32(bitPattern: result))
    case .contendedRelease(let lock): add(packed, .contendedRelease, lock)
    case .other: add(packed)
    default: addBoxed(event)
    }
  }

  /// Adds a switch. There must be room.
  /// - Parameter head: Everything but the switch's fields.
  @inlinable
  package mutating func add(_ head: PackedEvent, _ record: SwitchRecord) {
    var packed = head
    packed.kind = .switched
    let previous = number(of: record.previous)
    packed.setSwitch(previous, PackedEvent.bits(record.previousState), number(of: record.next))
    add(packed)
  }

  /// Adds a wakeup or a waking. There must be room.
  /// - Parameter head: Everything but the wakeup's fields.
  @inlinable
  package mutating func add(_ head: PackedEvent, _ kind: PackedEvent.Kind, _ record: WakeRecord) {
    var packed = head
    packed.kind = kind
    packed.setWake(number(of: record.task), target: record.targetCPU)
    add(packed)
  }

  /// Adds a lock event. There must be room.
  /// - Parameters:
  ///   - head: Everything but the event's fields.
  ///   - detail: The flags, the result as a bit pattern, or 0.
  @inlinable
  package mutating func add(_ head: PackedEvent, _ kind: PackedEvent.Kind, _ lock: LockAddress, _ detail: UInt32 = 0) {
    var packed = head
    packed.kind = kind
    packed.setLock(lock, detail)
    add(packed)
  }

  /// The number of a task in this batch.
  @usableFromInline
  package mutating func number(of task: TaskSnapshot) -> UInt32 {
    let rest = UInt64(UInt32(bitPattern: task.pid)) | UInt64(UInt32(bitPattern: task.priority.rawValue)) << 32
    return number(low: task.comm.low, high: task.comm.high, rest: rest)
  }

  /// The same, from 24 bytes in which a little-endian machine wrote name, pid and priority.
  @inlinable
  @inline(__always)
  package mutating func number(ofBlock block: UnsafeRawPointer) -> UInt32 {
    number(
      low: block.loadUnaligned(as: UInt64.self).littleEndian,
      high: block.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian,
      rest: block.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian)
  }

  /// The same, from the name's 16 bytes, the first in the low byte; and from the pid in the lower and the priority in
  /// the upper half of `rest`.
  @inlinable
  @inline(__always)
  mutating func number(low: UInt64, high: UInt64, rest: UInt64) -> UInt32 {
    // The idle tasks of all CPUs have the same pid; they differ in the upper half of the name.
    let place = Int(truncatingIfNeeded: (rest ^ high &* 0x9e5) & UInt64(Self.slotCount - 1))
    let slot = slots + place
    if slot.pointee.rest == rest && slot.pointee.low == low && slot.pointee.high == high {
      let number = slot.pointee.number ^ batch
      if number >> 32 == 0 { return UInt32(truncatingIfNeeded: number) }
    }
    return addTask(low, high, rest, at: place)
  }

  @usableFromInline
  @inline(never)
  mutating func addTask(_ low: UInt64, _ high: UInt64, _ rest: UInt64, at place: Int) -> UInt32 {
    let number = UInt32(taskCount)
    slots[place] = TaskSlot(low: low, high: high, rest: rest, number: batch | UInt64(number))
    (memory.tasks + taskCount).initialize(
      to: TaskSnapshot(
        pid: Pid(truncatingIfNeeded: rest), priority: Priority(Int32(truncatingIfNeeded: rest >> 32)),
        comm: Comm(littleEndianLow: low, high: high)))
    taskCount += 1
    return number
  }

  // MARK: For loops that write events themselves

  /// The memory for the next events of the batch.
  @inlinable
  package var room: Range<UnsafeMutablePointer<PackedEvent>> {
    @inline(__always) get { memory.events + count..<memory.events + memory.capacity }
  }

  /// Says that events were written to the beginning of ``room``.
  /// - Parameter end: The end of the last of them.
  @inlinable
  @inline(__always)
  package mutating func added(upTo end: UnsafeMutablePointer<PackedEvent>) {
    count = end - memory.events
    assert(count >= 0 && count <= memory.capacity)
  }
}
