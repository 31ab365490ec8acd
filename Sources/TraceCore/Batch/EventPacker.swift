/// Packs events into a batch, whose tasks it numbers.
///
/// A task gets a number when it looks other than at its last mention in the batch. Which number that was is looked up by pid
/// among as many places as there are; two tasks that share one take it from each other, which costs a number and nothing else.
@usableFromInline
package struct EventPacker: ~Copyable {
  /// A task as its bytes were, and its number.
  @usableFromInline
  struct Mention: BitwiseCopyable {
    @usableFromInline var low: UInt64 = 0
    @usableFromInline var high: UInt64 = 0
    @usableFromInline var rest: UInt64 = 0
    /// Which batch it is a number of, in the upper half, where they count from 1; and the number.
    @usableFromInline var number: UInt64 = 0
  }

  /// Of the batch; not the packer's own.
  @usableFromInline package private(set) var memory: BatchMemory
  @usableFromInline package private(set) var count = 0
  @usableFromInline var taskCount = 0
  private var boxCount = 0
  /// In the upper half.
  @usableFromInline var batch: UInt64 = 0
  /// ``placeCount`` mentions, owned here alone.
  @usableFromInline let mentions: UnsafeMutablePointer<Mention>
  @usableFromInline static var placeCount: Int { 2048 }

  /// Begins a batch.
  package init(_ memory: BatchMemory) {
    self.memory = memory
    mentions = .allocateLines(capacity: Self.placeCount)
    mentions.initialize(repeating: Mention(), count: Self.placeCount)
    begin(memory)
  }

  deinit { mentions.deallocate() }

  /// Begins another batch, with nothing in it.
  package mutating func begin(_ memory: BatchMemory) {
    self.memory = memory
    (count, taskCount, boxCount) = (0, 0, 0)
    batch &+= 1 << 32
    guard batch == 0 else { return }
    // Once in four billion batches.
    mentions.update(repeating: Mention(), count: Self.placeCount)
    batch = 1 << 32
  }

  @inlinable
  package var isFull: Bool { count == memory.capacity }

  /// The batch as it is.
  package var finished: EventBatch { EventBatch(memory, count: count, tasks: taskCount, boxes: boxCount) }

  /// Adds an event of which all is said but, perhaps, its body: of kind `other`. There must be room.
  @inlinable
  @inline(__always)
  package mutating func add(_ event: PackedEvent) {
    assert(!isFull)
    (memory.events + count).initialize(to: event)
    count &+= 1
  }

  /// Adds an event as it is.
  package mutating func addBoxed(_ event: SchedEvent) {
    var packed = PackedEvent(.boxed, headOf: event)
    packed.payload = UInt64(boxCount)
    (memory.boxes + boxCount).initialize(to: event)
    boxCount += 1
    add(packed)
  }

  /// Adds an event, packed as far as it can be.
  package mutating func add(_ event: SchedEvent) {
    var packed = PackedEvent(.other, headOf: event)
    switch event.body {
    case .switched(let record): return add(packed, record)
    case .waking(let record): return add(packed, .waking, record)
    case .wakeup(let record): return add(packed, .wakeup, record)
    case .contentionBegan(let lock, let flags):
      packed.kind = .contentionBegan
      packed.setLock(lock, flags.rawValue)
    case .contentionEnded(let lock, let result):
      packed.kind = .contentionEnded
      packed.setLock(lock, UInt32(bitPattern: result))
    case .contendedRelease(let lock):
      packed.kind = .contendedRelease
      packed.setLock(lock)
    case .other: break
    default: return addBoxed(event)
    }
    add(packed)
  }

  /// Adds a switch, of which all else is said.
  @inlinable
  package mutating func add(_ head: PackedEvent, _ record: SwitchRecord) {
    var packed = head
    packed.kind = .switched
    let previous = number(of: record.previous)
    packed.setSwitch(previous, PackedEvent.bits(record.previousState), number(of: record.next))
    add(packed)
  }

  /// Adds a wakeup, or a waking, of which all else is said.
  @inlinable
  package mutating func add(_ head: PackedEvent, _ kind: PackedEvent.Kind, _ record: WakeRecord) {
    var packed = head
    packed.kind = kind
    packed.setWake(number(of: record.task), target: record.targetCPU)
    add(packed)
  }

  /// The number of a task in this batch.
  @usableFromInline
  package mutating func number(of task: TaskSnapshot) -> UInt32 {
    let rest = UInt64(UInt32(bitPattern: task.pid)) | UInt64(UInt32(bitPattern: task.priority.rawValue)) << 32
    return number(low: task.comm.low, high: task.comm.high, rest: rest)
  }

  /// The same, from where a little-endian machine has written name, pid and priority one behind the other: 24 bytes.
  @inlinable
  @inline(__always)
  package mutating func number(ofBlock block: UnsafeRawPointer) -> UInt32 {
    number(
      low: block.loadUnaligned(as: UInt64.self).littleEndian,
      high: block.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian,
      rest: block.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEndian)
  }

  /// The same, from the name's 16 bytes as they lie in memory, the first one in the low byte; and from pid and priority, the
  /// pid in the lower half.
  @inlinable
  @inline(__always)
  mutating func number(low: UInt64, high: UInt64, rest: UInt64) -> UInt32 {
    // The idle tasks of all CPUs have one pid: their number stands in the upper half of the name.
    let place = Int(truncatingIfNeeded: (rest ^ high &* 0x9e5) & UInt64(Self.placeCount - 1))
    let mention = mentions + place
    if mention.pointee.rest == rest && mention.pointee.low == low && mention.pointee.high == high {
      let number = mention.pointee.number ^ batch
      if number >> 32 == 0 { return UInt32(truncatingIfNeeded: number) }
    }
    return addTask(low, high, rest, at: place)
  }

  @usableFromInline
  @inline(never)
  mutating func addTask(_ low: UInt64, _ high: UInt64, _ rest: UInt64, at place: Int) -> UInt32 {
    let number = UInt32(taskCount)
    mentions[place] = Mention(low: low, high: high, rest: rest, number: batch | UInt64(number))
    (memory.tasks + taskCount).initialize(
      to: TaskSnapshot(
        pid: Pid(truncatingIfNeeded: rest), priority: Priority(Int32(truncatingIfNeeded: rest >> 32)),
        comm: Comm(littleEndianLow: low, high: high)))
    taskCount += 1
    return number
  }

  // MARK: For loops that keep the place of the next event themselves

  /// Where the next event goes, and where there is no more room.
  @inlinable
  package var room: Range<UnsafeMutablePointer<PackedEvent>> {
    @inline(__always) get { memory.events + count..<memory.events + memory.capacity }
  }

  /// Says that events were written to the beginning of ``room``.
  /// - Parameter end: Behind the last of them.
  @inlinable
  @inline(__always)
  package mutating func added(upTo end: UnsafeMutablePointer<PackedEvent>) {
    count = end - memory.events
    assert(count >= 0 && count <= memory.capacity)
  }
}
