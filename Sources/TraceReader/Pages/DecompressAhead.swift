import TraceCore

/// Decompresses the chunks that CPUs need next, on threads of their own.
///
/// A ``PageSource`` that has begun a chunk lets the next ones be decompressed: ``begin(_:)`` puts a ``ChunkRun`` into a queue. When it needs
/// them, ``collect(_:)`` waits for them if a thread has taken them out of the queue; if none has, the source decompresses its next chunk
/// itself. So nobody waits for a thread that is busy elsewhere, and no result depends on which thread decompresses what.
///
/// Belongs to the reading thread. ``end()`` may be called on another one when the reading thread has ended.
final class DecompressAhead {
  /// The runs that there may be. A CPU for which none is left decompresses its chunks when it needs them.
  struct Room: Equatable {
    /// Bytes of memory in a run.
    let size: Int
    let count: Int

    /// Six chunks of trace-cmd, so that a thread is woken for 5,000 events and not for 800.
    private static let usualSize = 256 << 10
    /// Pages in a chunk of trace-cmd.
    private static let chunkPages = 10

    /// Two runs for each source: the one that is read, and the next.
    init(sourceCount: Int, pageSize: Int, budget: Int) {
      let share = budget / max(2 * sourceCount, 1)
      // A page more, for the rest of one that began in the chunk before.
      size = max((Self.chunkPages + 1) * pageSize, min(Self.usualSize, share))
      count = min(2 * sourceCount, budget / size)
    }
  }

  /// For zstd one thread needs as long as the model, for zlib two and a half times as long: more would wait.
  private static let mostThreads = 4

  let board: Board
  private let workers: [Worker]
  private let waitsAlways: Bool
  private let room: Room
  private let headroom: Int
  private var runCount = 0
  /// Runs that nobody uses.
  private var free: [ChunkRun] = []
  private var isOver = false

  /// - Parameters:
  ///   - sourceCount: CPUs that have chunks.
  ///   - threads: How many threads there may be.
  ///   - way: ``ReadingWay/aheadBudget`` and ``ReadingWay/waitsForAhead`` of it.
  ///   - start: Starts a thread; tests let it fail.
  /// - Returns: `nil` where there is nothing to gain, or no thread can be created.
  init?(
    _ file: FileView, _ codec: Codec, pageSize: Int, sourceCount: Int, threads: Int, _ way: ReadingWay,
    start: (Worker, @escaping () -> Void) -> Void = { worker, body in worker.start(body) }
  ) {
    let board = Board()
    room = Room(sourceCount: sourceCount, pageSize: pageSize, budget: way.aheadBudget)
    headroom = pageSize
    self.board = board
    waitsAlways = way.waitsForAhead
    guard room.count > 0, threads > 0 else { return nil }
    workers = (0..<min(threads, sourceCount, Self.mostThreads)).map { _ in
      let worker = Worker("decompressor")
      start(worker) { board.work(file, codec) }
      return worker
    }
    guard workers.contains(where: \.isRunning) else { return nil }
  }

  deinit { end() }

  /// Gives the threads the chunks at a place.
  /// - Returns: The run that they will be in, to be given to ``collect(_:)``; `nil` if there is no room for it.
  func begin(_ place: ChunkPlace) -> ChunkRun? {
    guard !isOver, let run = free.popLast() ?? newRun() else { return nil }
    run.begin(place)
    board.put(run)
    return run
  }

  private func newRun() -> ChunkRun? {
    guard runCount < room.count else { return nil }
    runCount += 1
    return ChunkRun(size: room.size, headroom: headroom)
  }

  /// Takes a run back.
  /// - Returns: Whether it has been filled; if not, no thread had begun to.
  func collect(_ run: ChunkRun) -> Bool {
    if !waitsAlways || isOver, board.withdraw(run) { return false }
    run.isFilled.wait()
    return true
  }

  /// Lets a run serve again, when nobody needs its memory any more.
  func release(_ run: ChunkRun) { free.append(run) }

  /// Ends the threads. What they have not begun is left to the sources.
  func end() {
    isOver = true
    board.stop(workers.count)
    for worker in workers { worker.join() }
  }
}

extension DecompressAhead {
  /// The queue between the reading thread and those that decompress, which hold it as long as they run.
  ///
  /// Unchecked: a semaphore is there to be shared.
  final class Board: @unchecked Sendable {
    private struct State {
      var queue: [ChunkRun] = []
      var isStopped = false
    }

    private let state = Guarded(State())
    /// Counts the runs in the queue that no thread was woken for.
    private let waiting = Semaphore(0)

    func put(_ run: ChunkRun) {
      state.withLock { $0.queue.append(run) }
      waiting.post()
    }

    /// - Returns: Whether the run was still in the queue.
    func withdraw(_ run: ChunkRun) -> Bool {
      let wasThere = state.withLock { state in
        guard let place = state.queue.firstIndex(where: { $0 === run }) else { return false }
        state.queue.remove(at: place)
        return true
      }
      guard wasThere else { return false }
      // No thread needs to be woken for it, if none was.
      _ = waiting.tryWait()
      return true
    }

    func stop(_ count: Int) {
      state.withLock { $0.isStopped = true }
      for _ in 0..<count { waiting.post() }
    }

    /// What a thread does until it is stopped.
    func work(_ file: FileView, _ codec: Codec) {
      var input = ChunkInput(file)
      let decompression = Decompression(codec)
      while true {
        waiting.wait()
        let (run, isOver) = state.withLock { state in
          (state.isStopped || state.queue.isEmpty ? nil : state.queue.removeFirst(), state.isStopped)
        }
        if isOver { return }
        guard let run else { continue }
        run.fill(&input, decompression)
        run.isFilled.post()
      }
    }
  }
}
