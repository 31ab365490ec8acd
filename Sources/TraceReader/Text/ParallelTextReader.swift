import Glibc
import TraceCore

/// Reads a text on two threads: the caller's, and one of its own.
///
/// The text is cut into chunks at line ends. Each thread takes the next chunk that is not taken, and makes a batch of
/// it by itself; ``TextReader/join(_:)`` makes one text of them. What cannot be read in chunks (losses, mixed marks,
/// lines without end, too many kinds of event) ends the stream, and the text is read again from the start
/// (``TextReader/restart()``).
///
/// Unchecked: `lock` guards the properties that say so. A chunk belongs to its worker from when it is taken until it is
/// read, and to the calling thread after that; everything else belongs to the calling thread.
final class ParallelTextReader: BatchSource, @unchecked Sendable {
  private static let chunkCount = 6

  private let reader: UnsafeMutablePointer<CaptureReader>
  private let text: UnsafeMutablePointer<TextReader>
  private var hasReader = true
  private let workers: [TextWorker]
  private let chunks: [TextChunk]
  private let thread = Worker("text reader")
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocateLines(capacity: 1)
  private let change = UnsafeMutablePointer<pthread_cond_t>.allocateLines(capacity: 1)

  // Guarded by the lock.
  private var source: TextSource
  /// Chunks are numbered in the text's order. Those before `taken` are being read or have been, those before `done` are
  /// free again.
  private var taken = 0
  private var done = 0
  private var isRead = [Bool](repeating: false, count: ParallelTextReader.chunkCount)
  private var isAtEnd = false

  // Of the calling thread.
  private var holdsChunk = false
  private var isOver = false
  private(set) var takenNames: [TaskName] = []
  private(set) var takenProgress = 0.0

  /// - Parameter chunkSize: In bytes; half of a window at most.
  /// - Returns: `nil`, with the reader left where it is, if it reads no text or one that cannot be cut into chunks.
  init?(_ reader: UnsafeMutablePointer<CaptureReader>, chunkSize: Int) {
    guard let text = reader.pointee.textReader, text.pointee.isDivisible else { return nil }
    (self.reader, self.text) = (reader, text)
    source = text.pointee.makeSource()
    workers = [text.pointee.makeWorker(), text.pointee.makeWorker()]
    chunks = (0..<Self.chunkCount).map { _ in TextChunk(size: chunkSize, holes: text.pointee.holeCount) }
    pthread_mutex_init(lock, nil)
    pthread_cond_init(change, nil)
    thread.start { self.help() }
  }

  deinit {
    end()
    pthread_cond_destroy(change)
    pthread_mutex_destroy(lock)
    change.deallocate()
    lock.deallocate()
    if hasReader { reader.deinitialize(count: 1) }
    reader.deallocate()
  }

  // MARK: Both threads

  /// Takes the next chunk, if there is one and room for it. Call with the lock held.
  private func takeChunk() -> Int? {
    guard !isAtEnd, taken - done < Self.chunkCount else { return nil }
    let chunk = chunks[taken % Self.chunkCount]
    guard chunk.fill(&source) else {
      isAtEnd = true
      return nil
    }
    isAtEnd = chunk.isAbandoned
    isRead[taken % Self.chunkCount] = false
    taken += 1
    return taken - 1
  }

  /// Reads a chunk. Call without the lock; it is held afterwards.
  private func read(_ number: Int, by worker: TextWorker) {
    let chunk = chunks[number % Self.chunkCount]
    chunk.read(by: worker)
    pthread_mutex_lock(lock)
    isRead[number % Self.chunkCount] = true
    if chunk.isAbandoned { isAtEnd = true }
    pthread_cond_broadcast(change)
  }

  private func help() {
    pthread_mutex_lock(lock)
    while !isAtEnd {
      guard let number = takeChunk() else {
        if !isAtEnd { pthread_cond_wait(change, lock) }
        continue
      }
      pthread_mutex_unlock(lock)
      read(number, by: workers[1])
    }
    pthread_cond_broadcast(change)
    pthread_mutex_unlock(lock)
  }

  // MARK: The calling thread

  func take() -> EventBatch? {
    if isOver { return nil }
    pthread_mutex_lock(lock)
    if holdsChunk {
      holdsChunk = false
      done += 1
      pthread_cond_broadcast(change)
    }
    while done == taken || !isRead[done % Self.chunkCount] {
      if let number = takeChunk() {
        pthread_mutex_unlock(lock)
        read(number, by: workers[0])
      } else if done == taken {
        pthread_mutex_unlock(lock)
        return nil
      } else {
        pthread_cond_wait(change, lock)
      }
    }
    let chunk = chunks[done % Self.chunkCount]
    pthread_mutex_unlock(lock)
    holdsChunk = true
    text.pointee.join(chunk)
    (takenNames, takenProgress) = (chunk.names, text.pointee.progress)
    isOver = chunk.isAbandoned || text.pointee.needsFullScan
    return chunk.batch
  }

  /// Stops the other thread.
  func end() {
    pthread_mutex_lock(lock)
    isAtEnd = true
    pthread_cond_broadcast(change)
    pthread_mutex_unlock(lock)
    thread.join()
  }

  func takeReader() -> CaptureReader {
    precondition(hasReader, "the reader was taken twice")
    end()
    text.pointee.joinTallies(of: workers)
    hasReader = false
    return reader.move()
  }
}
