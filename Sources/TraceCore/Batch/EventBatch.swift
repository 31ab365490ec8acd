/// Events that follow each other in a stream, packed; they are unpacked when they are asked for.
///
/// A view of memory that is not the batch's own. The function that returns a batch says how long it is valid.
public struct EventBatch {
  /// The packed events; ``count`` of them.
  @usableFromInline package let events: UnsafePointer<PackedEvent>
  /// The tasks that events name by their index.
  @usableFromInline package let tasks: UnsafeBufferPointer<TaskSnapshot>
  @usableFromInline let boxes: UnsafeBufferPointer<SchedEvent>
  public let count: Int

  init(_ memory: BatchMemory, count: Int, tasks: Int, boxes: Int) {
    events = UnsafePointer(memory.events)
    self.tasks = UnsafeBufferPointer(start: memory.tasks, count: tasks)
    self.boxes = UnsafeBufferPointer(start: memory.boxes, count: boxes)
    self.count = count
  }
}

extension EventBatch: RandomAccessCollection {
  /// 0.
  @inlinable public var startIndex: Int { 0 }
  /// ``count``.
  @inlinable public var endIndex: Int { count }

  /// An event, unpacked. Traps where the batch has no such event.
  @inlinable
  public subscript(position: Int) -> SchedEvent {
    precondition(position >= 0 && position < count, "no such event")
    let packed = events[position]
    if packed.kind == .boxed { return boxes[Int(packed.payload)] }
    return packed.event(body(packed))
  }

  @inlinable
  func body(_ packed: PackedEvent) -> EventBody {
    switch packed.kind {
    case .switched:
      let (previous, next) = packed.tasks
      return .switched(SwitchRecord(previous: tasks[previous], previousState: packed.state, next: tasks[next]))
    case .waking: return .waking(WakeRecord(task: tasks[packed.tasks.first], targetCPU: packed.target))
    case .wakeup: return .wakeup(WakeRecord(task: tasks[packed.tasks.first], targetCPU: packed.target))
    case .contentionBegan:
      return .contentionBegan(lock: LockAddress(packed.payload), flags: ContentionFlags(rawValue: packed.detail))
    case .contentionEnded:
      return .contentionEnded(lock: LockAddress(packed.payload), result: Int32(bitPattern: packed.detail))
    case .contendedRelease: return .contendedRelease(lock: LockAddress(packed.payload))
    case .boxed, .other: return .other
    }
  }
}

/// Memory for a batch. Nothing in it is initialised before it is written, or needs to be deinitialised.
///
/// Unchecked: only one thread at a time may use it; it is handed over with a lock or a semaphore.
@usableFromInline
package struct BatchMemory: @unchecked Sendable {
  @usableFromInline let events: UnsafeMutablePointer<PackedEvent>
  /// An event names two tasks at most.
  @usableFromInline let tasks: UnsafeMutablePointer<TaskSnapshot>
  @usableFromInline let boxes: UnsafeMutablePointer<SchedEvent>
  /// In events.
  @usableFromInline package let capacity: Int

  /// Memory for a batch, to be freed with ``deallocate()``.
  /// - Parameter capacity: The most events that the batch can hold.
  package static func allocate(_ capacity: Int) -> BatchMemory {
    BatchMemory(
      events: .allocateLines(capacity: capacity), tasks: .allocateLines(capacity: 2 * capacity),
      boxes: .allocateLines(capacity: capacity), capacity: capacity)
  }

  /// Frees the memory. No batch of it may be used afterwards.
  package func deallocate() {
    events.deallocate()
    tasks.deallocate()
    boxes.deallocate()
  }

  /// Changes the ``SchedEvent/eventID`` of an event that was written.
  package func setEventID(_ id: UInt16, at place: Int) {
    let packed = events + place
    packed.pointee.setEventID(id)
    if packed.pointee.kind == .boxed { boxes[Int(packed.pointee.payload)].eventID = id }
  }
}
