/// Events that follow each other in a stream, packed; they are unpacked when they are asked for.
///
/// A view of memory that belongs to whoever gave it: valid as long as that says.
public struct EventBatch {
  @usableFromInline package let events: UnsafePointer<PackedEvent>
  /// What the events' numbers of tasks stand for.
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
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

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

/// Memory for a batch. Not initialised: what it is for is read only after it was written, and needs no end.
///
/// Unchecked: whoever hands it to another thread does so with a lock or a semaphore, and does not touch it until it comes back.
@usableFromInline
package struct BatchMemory: @unchecked Sendable {
  @usableFromInline let events: UnsafeMutablePointer<PackedEvent>
  /// An event names two tasks at most.
  @usableFromInline let tasks: UnsafeMutablePointer<TaskSnapshot>
  @usableFromInline let boxes: UnsafeMutablePointer<SchedEvent>
  /// In events.
  @usableFromInline package let capacity: Int

  package static func allocate(_ capacity: Int) -> BatchMemory {
    BatchMemory(
      events: .allocateLines(capacity: capacity), tasks: .allocateLines(capacity: 2 * capacity),
      boxes: .allocateLines(capacity: capacity), capacity: capacity)
  }

  package func deallocate() {
    events.deallocate()
    tasks.deallocate()
    boxes.deallocate()
  }

  /// Gives an event that was written another number of its kind.
  package func setEventID(_ id: UInt16, at place: Int) {
    let packed = events + place
    packed.pointee.setEventID(id)
    if packed.pointee.kind == .boxed { boxes[Int(packed.pointee.payload)].eventID = id }
  }
}
