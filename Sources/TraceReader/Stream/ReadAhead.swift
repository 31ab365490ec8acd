public import TraceCore

/// Reads a capture in batches: on a thread of its own, some batches ahead of the calling thread; a text on both
/// threads; compressed data with more threads that decompress.
///
///     func count(_ path: String) throws -> Int {
///       var ahead = ReadAhead(try CaptureReader(path: path))
///       var count = 0
///       while let events = ahead.nextBatch() { count += events.count }
///       let reader = ahead.finish()
///       print(reader.diagnostics.all)
///       return count
///     }
///
/// The events are those of ``CaptureReader/next()``, in the same order. Memory is that of eight batches, 2 MB, where
/// most events are switches and wakeups; of a text, six chunks of 128 KiB and their events. What is decompressed ahead takes 4 MB at
/// most.
public struct ReadAhead: ~Copyable {
  private let source: any BatchSource

  /// Begins to read. If no thread can be created, batches are read when they are requested.
  /// - Parameters:
  ///   - reader: Where the events come from; ``finish()`` returns it.
  ///   - onThread: `false`: read batches when they are requested, on the calling thread.
  public init(_ reader: consuming CaptureReader, onThread: Bool = true) {
    self.init(reader, jobs: onThread ? 2 : 1)
  }

  /// The same with a number of threads.
  /// - Parameters:
  ///   - reader: Where the events come from; ``finish()`` returns it.
  ///   - jobs: Threads together with the calling one, at least 1. With 1 batches are read when they are requested; with 3 or more some
  ///     of them decompress, of a capture that is compressed.
  public init(_ reader: consuming CaptureReader, jobs: Int) {
    self.init(reader, jobs: jobs, chunkSize: 128 << 10)
  }

  /// - Parameter chunkSize: The size of a text's chunks in bytes, half of a window at most. No result depends on it.
  package init(_ reader: consuming CaptureReader, jobs: Int, chunkSize: Int) {
    let place = UnsafeMutablePointer.placed(reader)
    if jobs > 1, let parallel = ParallelTextReader(place, chunkSize: chunkSize) {
      source = parallel
    } else {
      source = BatchRing(place, jobs: jobs)
    }
  }

  /// The next events; valid until the next call. `nil` at the end.
  public mutating func nextBatch() -> EventBatch? { source.take() }

  /// Task names that a text's lines show in the last batch, by their place in it.
  public var names: [TaskName] { source.takenNames }

  /// Share of the capture that had been read when the last batch was complete: 0 to 1.
  public var progress: Double { source.takenProgress }

  /// Stops reading and returns the reader, for its diagnostics and ``CaptureReader/restart()``.
  public consuming func finish() -> CaptureReader { source.takeReader() }

  deinit { source.end() }
}

/// Where batches come from.
protocol BatchSource: AnyObject {
  /// The next batch; `nil` at the end. The one before it is no longer valid.
  func take() -> EventBatch?
  /// ``ReadAhead/names`` of the last batch.
  var takenNames: [TaskName] { get }
  var takenProgress: Double { get }
  /// Stops the other thread.
  func end()
  /// Stops the other thread and returns the reader. To be called once.
  func takeReader() -> CaptureReader
}

/// A ring of batches between a reading and a consuming thread, with two semaphores that count free and filled slots.
///
/// Unchecked: the producer uses a slot only between waiting for `free` and posting `filled`, the consumer only between
/// waiting for `filled` and posting `free`; the semaphores order these accesses. Only the producer uses the reader
/// until its thread has been joined. Threads that decompress for the reader belong to it (``DecompressAhead``).
private final class BatchRing: BatchSource, @unchecked Sendable {
  private static let slotCount = 8

  private struct Slot {
    var batch: EventBatch?
    var progress = 0.0
    var names: [TaskName] = []
  }

  /// At a fixed address: as a property of the class it would be moved and checked for exclusive access for each event.
  /// Owned by the ring until ``takeReader()``.
  private let reader: UnsafeMutablePointer<CaptureReader>
  private var hasReader = true
  /// The producer's.
  private let packer: UnsafeMutablePointer<EventPacker>
  private let memories: [BatchMemory]
  /// In events. Large between threads, since waking one costs as much as reading a hundred events; otherwise small
  /// enough for the cache.
  private let batchSize: Int
  private let slots = UnsafeMutablePointer<Slot>.allocateLines(capacity: BatchRing.slotCount)
  private let filled = Semaphore(0)
  private let free = Semaphore(BatchRing.slotCount)
  /// The consumer's.
  private var place = 0
  private var isAtEnd = false
  private var holdsBatch = false
  private let worker = Worker("reader")
  private(set) var takenProgress = 0.0
  private(set) var takenNames: [TaskName] = []

  /// - Parameter reader: At its final address; the ring takes it over.
  init(_ reader: UnsafeMutablePointer<CaptureReader>, jobs: Int) {
    let onThread = jobs > 1
    batchSize = onThread ? 8192 : 1024
    self.reader = reader
    let size = batchSize
    memories = (0..<BatchRing.slotCount).map { _ in BatchMemory.allocate(size) }
    packer = .placed(EventPacker(memories[0]))
    slots.initialize(repeating: Slot(), count: BatchRing.slotCount)
    guard onThread else { return }
    reader.pointee.decompressAhead(threads: jobs - 2)
    worker.start { self.run() }
  }

  deinit {
    end()
    if hasReader { reader.deinitialize(count: 1) }
    reader.deallocate()
    slots.deinitialize(count: BatchRing.slotCount)
    slots.deallocate()
    packer.discard()
    for memory in memories { memory.deallocate() }
  }

  // MARK: The producer's

  private func run() {
    var slot = 0
    while true {
      free.wait()
      if worker.isStopped { return }
      let isLast = !fill(slot)
      filled.post()
      if isLast { return }
      slot = (slot + 1) % BatchRing.slotCount
    }
  }

  /// - Returns: Whether there may be more.
  private func fill(_ slot: Int) -> Bool {
    packer.pointee.begin(memories[slot])
    var names: [TaskName] = []
    reader.pointee.next(into: packer, names: &names)
    slots[slot] = Slot(batch: packer.pointee.finished, progress: reader.pointee.progress, names: names)
    return packer.pointee.isFull
  }

  // MARK: The consumer's

  func take() -> EventBatch? {
    if isAtEnd { return nil }
    guard worker.isRunning else {
      _ = fill(place)
      return taken()
    }
    if holdsBatch {
      place = (place + 1) % BatchRing.slotCount
      free.post()
    }
    holdsBatch = true
    filled.wait()
    return taken()
  }

  private func taken() -> EventBatch? {
    let slot = slots[place]
    guard let batch = slot.batch else { return nil }
    isAtEnd = batch.count < batchSize
    takenProgress = slot.progress
    takenNames = slot.names
    return batch.isEmpty ? nil : batch
  }

  func end() {
    worker.end(waking: free)
    if hasReader { reader.pointee.endDecompressing() }
  }

  func takeReader() -> CaptureReader {
    precondition(hasReader, "the reader was taken twice")
    end()
    hasReader = false
    return reader.move()
  }
}
