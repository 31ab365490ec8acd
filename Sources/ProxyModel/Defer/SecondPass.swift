import TraceCore

/// Where the second pass is: on the thread of the first one, or some steps behind it on a thread of its own.
///
/// ``Reconstruction`` gets the same calls in the same order either way, so that nothing depends on it. It lives at a fixed place,
/// which belongs to one thread at a time: to the other one from ``fallBehind()`` until ``catchUp()``.
struct SecondPass: ~Copyable {
  /// Owned here alone.
  private let place: UnsafeMutablePointer<Reconstruction>
  /// As long as the second pass is behind: where steps are written to, and how many.
  private var entries: UnsafeMutablePointer<JournalEntry>?
  private var count = 0
  private var notes: [StepRing.Note] = []
  /// Made when it is needed first.
  private var ring: StepRing?
  /// How many tasks and locks it has heard of.
  private var taskCount = 0
  private var lockCount = 0
  private var settleCalls: UInt8 = 0
  /// How often it has fallen behind.
  private(set) var delays = 0

  init(_ reconstruction: consuming Reconstruction) { place = .placed(reconstruction) }

  deinit {
    ring?.end()
    place.discard()
  }

  /// Whether it is on a thread of its own.
  var isBehind: Bool {
    @inline(__always) get { entries != nil }
  }

  /// What it has found, where it is up to date.
  var upToDate: UnsafeMutablePointer<Reconstruction> {
    @inline(__always) get {
      precondition(!isBehind, "another thread has it")
      return place
    }
  }

  // MARK: Calls

  /// Takes the next step, whose owner and follow-up are decided.
  @inline(__always)
  mutating func apply(_ entry: UnsafePointer<JournalEntry>) {
    guard let entries else { return place.pointee.apply(entry) }
    (entries + count).initialize(to: entry.pointee)
    count += 1
    if count == StepRing.blockSize { handOver() }
  }

  /// Whether every task and lock of the first pass is known to the second: a lock's owner can be named for a time before the
  /// owner's first event.
  @inline(__always)
  func knowsAll(tasks: Int, locks: Int) -> Bool { taskCount == tasks && lockCount == locks }

  /// The next task that it has to hear of, and the next lock.
  var nextTask: TaskIndex { TaskIndex(rawValue: UInt32(taskCount)) }
  var nextLock: LockIndex { LockIndex(rawValue: UInt32(lockCount)) }

  mutating func introduce(_ label: TaskLabel) {
    taskCount += 1
    note(.task(label))
  }

  mutating func introduce(_ lock: LockAddress) {
    lockCount += 1
    note(.lock(lock))
  }

  /// Drops a hypothesis once the other is decided; asked now and then, since nothing depends on when that is.
  @inline(__always)
  mutating func settle(_ verdict: VerdictBuilder) {
    settleCalls &+= 1
    if settleCalls % 4 == 0 { note(.settle(verdict)) }
  }

  @inline(never)
  private mutating func note(_ kind: StepRing.Note.Kind) {
    if isBehind {
      notes.append(StepRing.Note(place: count, kind: kind))
    } else {
      place.pointee.take(kind)
    }
  }

  // MARK: Threads

  /// Goes on, on another thread. Where none can be created it stays.
  mutating func fallBehind() {
    if isBehind { return }
    let ring = self.ring ?? StepRing(place)
    self.ring = ring
    entries = ring.begin()
    if isBehind { delays += 1 }
    count = 0
  }

  /// Waits until all steps are taken, and goes on here.
  mutating func catchUp() {
    guard isBehind, let ring else { return }
    handOver()
    entries = nil
    ring.drain()
  }

  @inline(never)
  private mutating func handOver() {
    entries = ring?.handOver(count, notes)
    notes.removeAll(keepingCapacity: true)
    count = 0
  }
}

extension Reconstruction {
  /// Takes what comes between steps.
  fileprivate mutating func take(_ note: StepRing.Note.Kind) {
    switch note {
    case .task(let label): introduce(label)
    case .lock(let lock): introduce(lock)
    case .settle(let verdict): settle(verdict)
    }
  }

  /// Takes a block of steps, and each note before the step at its place.
  fileprivate mutating func take(_ entries: UnsafePointer<JournalEntry>, count: Int, _ notes: [StepRing.Note]) {
    var place = 0
    for note in notes {
      while place < note.place {
        apply(entries + place)
        place += 1
      }
      take(note.kind)
    }
    while place < count {
      apply(entries + place)
      place += 1
    }
  }
}

/// A ring of blocks of steps between the first pass and a second one on a thread of its own.
///
/// Unchecked: the first pass uses a block only between waiting for `free` and posting `filled`, the second only between
/// waiting for `filled` and posting `free`; the semaphores order these accesses.
final class StepRing: @unchecked Sendable {
  /// In steps: waking a thread costs as much as ten of them, and all blocks together should fit into a cache.
  static let blockSize = 512
  private static let blockCount = 6

  /// What comes before a step, by the step's place in its block.
  struct Note {
    enum Kind {
      case task(TaskLabel)
      case lock(LockAddress)
      case settle(VerdictBuilder)
    }

    var place: Int
    var kind: Kind
  }

  private struct Block {
    /// Room for ``blockSize`` steps, of which ``count`` are initialised. Freed with the ring; steps are copied bit by bit.
    let entries = UnsafeMutablePointer<JournalEntry>.allocateLines(capacity: StepRing.blockSize)
    var count = 0
    var notes: [Note] = []
  }

  /// Of whoever made the ring; the worker's between `filled` and `free`.
  private let reconstruction: UnsafeMutablePointer<Reconstruction>
  private let blocks = UnsafeMutablePointer<Block>.allocateLines(capacity: StepRing.blockCount)
  private let filled = Semaphore(0)
  private let free = Semaphore(StepRing.blockCount)
  /// The first pass's: the block that it fills.
  private var block = 0
  private let worker = Worker("second pass")

  init(_ reconstruction: UnsafeMutablePointer<Reconstruction>) {
    self.reconstruction = reconstruction
    for place in 0..<Self.blockCount { (blocks + place).initialize(to: Block()) }
  }

  deinit {
    end()
    for place in 0..<Self.blockCount { blocks[place].entries.deallocate() }
    blocks.deinitialize(count: Self.blockCount)
    blocks.deallocate()
  }

  // MARK: The first pass's

  /// - Returns: where the next steps go; `nil` where there is no thread that would take them.
  func begin() -> UnsafeMutablePointer<JournalEntry>? {
    if !worker.isRunning { worker.start { self.run() } }
    guard worker.isRunning else { return nil }
    free.wait()
    return blocks[block].entries
  }

  /// Hands the block over that ``begin()`` or the last call returned.
  /// - Returns: where the next steps go.
  func handOver(_ count: Int, _ notes: [Note]) -> UnsafeMutablePointer<JournalEntry> {
    blocks[block].count = count
    blocks[block].notes = notes
    filled.post()
    block = (block + 1) % Self.blockCount
    free.wait()
    return blocks[block].entries
  }

  /// Gives the block back that was returned last, and waits until the thread has taken all others.
  func drain() {
    for _ in 1..<Self.blockCount { free.wait() }
    for _ in 0..<Self.blockCount { free.post() }
  }

  /// Ends the thread; steps that it has not begun with are left out.
  func end() { worker.end(waking: filled) }

  // MARK: The second pass's

  private func run() {
    var place = 0
    // Blocks that are taken and not given back. Where the first pass waits for one, it is woken for several at once.
    var taken = 0
    while true {
      if taken == Self.blockCount / 2 || !filled.tryWait() {
        for _ in 0..<taken { free.post() }
        taken = 0
        filled.wait()
      }
      if worker.isStopped { return }
      reconstruction.pointee.take(blocks[place].entries, count: blocks[place].count, blocks[place].notes)
      taken += 1
      place = (place + 1) % Self.blockCount
    }
  }
}
