import Glibc
import Synchronization
public import TraceCore

/// Reads a capture on a thread of its own, some batches ahead of whoever takes them.
///
///     var ahead = ReadAhead(reader)
///     while let events = ahead.nextBatch() { for event in events { … } }
///     let reader = ahead.finish()
///
/// The events are those of ``CaptureReader/next()``, in the same order. Memory is that of eight batches, 6 MB.
public struct ReadAhead: ~Copyable {
  private let belt: Belt
  private var thread = pthread_t()
  private let isRunning: Bool
  /// The consumer holds a batch, which goes back with the next call.
  private var holdsBatch = false

  /// Begins to read. Where no thread can be had, batches are read when they are asked for.
  /// - Parameter onThread: `false`: not ahead, but when a batch is asked for.
  public init(_ reader: consuming CaptureReader, onThread: Bool = true) {
    belt = Belt(reader, isShared: onThread)
    guard onThread else {
      isRunning = false
      return
    }
    let context = Unmanaged.passRetained(belt)
    let started = pthread_create(
      &thread, nil,
      { context in
        // Given by passRetained() above, once.
        guard let context else { return nil }
        Unmanaged<Belt>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    isRunning = started == 0
    if !isRunning { context.release() }
  }

  /// The next events; valid until the next call. `nil` at the end.
  public mutating func nextBatch() -> UnsafeBufferPointer<SchedEvent>? {
    if !isRunning { return belt.readNow() }
    if holdsBatch { belt.giveBack() }
    holdsBatch = true
    return belt.take()
  }

  /// Names that a text shows in the batch that was taken last, in order of their places.
  public var names: [TaskName] { belt.takenNames }

  /// Share of the capture that had been read when the last batch was complete: 0 to 1.
  public var progress: Double { belt.takenProgress }

  /// Stops reading, and gives the reader back: for what it says after the last event.
  public consuming func finish() -> CaptureReader {
    join()
    return belt.takeReader()
  }

  deinit { join() }

  private func join() {
    guard isRunning, belt.stop() else { return }
    pthread_join(thread, nil)
  }
}

/// What the two threads share: a ring of batches, and two semaphores that say whose each one is.
///
/// Unchecked: the producer touches a slot only between waiting for `free` and posting `filled`, the consumer only between
/// waiting for `filled` and posting `free`; the semaphores order these in memory. The reader is the producer's until its
/// thread has been joined.
private final class Belt: @unchecked Sendable {
  private static let slotCount = 8

  private struct Slot {
    var count = 0
    var progress = 0.0
    var names: [TaskName] = []
  }

  /// Where it stays: taken out of the class for each event it would be moved, and asked who else has it. The belt's own
  /// until it is taken.
  private let reader: UnsafeMutablePointer<CaptureReader>
  private var hasReader = true
  private let events: UnsafeMutablePointer<SchedEvent>
  /// The producer's; slots are filled in turn.
  private var initialisedSlots = 0
  /// Between threads large: to wake one costs as much as to read a hundred events. Else such that it stays in the cache.
  private let batchSize: Int
  private let slots = UnsafeMutablePointer<Slot>.allocateLines(capacity: Belt.slotCount)
  private let filled = UnsafeMutablePointer<sem_t>.allocateLines(capacity: 1)
  private let free = UnsafeMutablePointer<sem_t>.allocateLines(capacity: 1)
  /// Set by the consumer at any time: a slot that is free already lets the producer look at it beside that.
  private let isStopped = Atomic(false)
  /// The consumer's.
  private var place = 0
  private var isAtEnd = false
  private var hasStopped = false
  private(set) var takenProgress = 0.0
  private(set) var takenNames: [TaskName] = []

  init(_ reader: consuming CaptureReader, isShared: Bool) {
    batchSize = isShared ? 8192 : 512
    self.reader = .allocateLines(capacity: 1)
    self.reader.initialize(to: reader)
    events = .allocateLines(capacity: Belt.slotCount * batchSize)
    slots.initialize(repeating: Slot(), count: Belt.slotCount)
    sem_init(filled, 0, 0)
    sem_init(free, 0, UInt32(Belt.slotCount))
  }

  deinit {
    if hasReader { reader.deinitialize(count: 1) }
    reader.deallocate()
    sem_destroy(filled)
    sem_destroy(free)
    filled.deallocate()
    free.deallocate()
    slots.deinitialize(count: Belt.slotCount)
    slots.deallocate()
    events.deallocate()
  }

  // MARK: The producer's

  func run() {
    var slot = 0
    while true {
      wait(free)
      if isStopped.load(ordering: .acquiring) { return }
      fill(slot)
      let isLast = slots[slot].count < batchSize
      sem_post(filled)
      if isLast { return }
      slot = (slot + 1) % Belt.slotCount
    }
  }

  private func fill(_ slot: Int) {
    let batch = events + slot * batchSize
    // Only here, at the slot's first turn: a short capture never touches most of the memory.
    if slot >= initialisedSlots {
      batch.initialize(
        repeating: SchedEvent(timestamp: Timestamp(0), cpu: 0, pid: 0, body: .other), count: batchSize)
      initialisedSlots = slot + 1
    }
    var names: [TaskName] = []
    let count = reader.pointee.next(
      into: UnsafeMutableBufferPointer(start: batch, count: batchSize), names: &names)
    slots[slot] = Slot(count: count, progress: reader.pointee.progress, names: names)
  }

  // MARK: The consumer's

  func take() -> UnsafeBufferPointer<SchedEvent>? {
    if isAtEnd { return nil }
    wait(filled)
    return taken()
  }

  func giveBack() {
    place = (place + 1) % Belt.slotCount
    sem_post(free)
  }

  /// Without a thread.
  func readNow() -> UnsafeBufferPointer<SchedEvent>? {
    if isAtEnd { return nil }
    fill(place)
    return taken()
  }

  private func taken() -> UnsafeBufferPointer<SchedEvent>? {
    let slot = slots[place]
    isAtEnd = slot.count < batchSize
    takenProgress = slot.progress
    takenNames = slot.names
    return slot.count == 0 ? nil : UnsafeBufferPointer(start: events + place * batchSize, count: slot.count)
  }

  /// - Returns: Whether it was not stopped before.
  func stop() -> Bool {
    if hasStopped { return false }
    hasStopped = true
    isStopped.store(true, ordering: .releasing)
    sem_post(free)
    return true
  }

  /// After the thread has been joined.
  func takeReader() -> CaptureReader {
    precondition(hasReader, "the reader was taken twice")
    hasReader = false
    return reader.move()
  }

  private func wait(_ semaphore: UnsafeMutablePointer<sem_t>) {
    // Signals interrupt it.
    while sem_wait(semaphore) != 0 {}
  }
}
