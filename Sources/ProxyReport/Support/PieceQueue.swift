import Glibc
import ProxyAnalysis

/// Hands out pieces of a table in order, and writes their text in the same order.
///
/// A thread whose text is not next leaves it here, and goes on with another piece: it sleeps only where much is left. Whoever brings
/// the text that is next writes it, and all that others have left behind it.
///
/// Unchecked: the state is guarded by the lock; the sink is used by the one thread that ``isWriting`` stands for.
final class PieceQueue: @unchecked Sendable {
  private let count: Int
  private let sink: ByteSink
  /// How many texts may be left.
  private let mostTexts: Int
  private var taken = 0
  private var written = 0
  private var isWriting = false
  private var texts: [Int: RowPageText] = [:]
  /// Memory of texts that are written.
  private var spares: [RowPageText] = []
  private var firstFailure: OutputError?
  // Of pthread, because the thread sanitizer does not know the standard library's. Allocated once, owned here alone.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(count: Int, jobs: Int, _ sink: ByteSink) {
    (self.count, self.sink, mostTexts) = (count, sink, 2 * jobs)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    for text in texts.values { text.free() }
    for text in spares { text.free() }
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  var failure: OutputError? { locked { firstFailure } }

  /// The next piece to make; `nil` where there is none, or nothing can be written any more.
  func next() -> Int? {
    locked {
      // The piece that is next is made already by somebody who does not sleep here.
      while texts.count >= mostTexts, firstFailure == nil { pthread_cond_wait(changed, lock) }
      guard taken < count, firstFailure == nil else { return nil }
      taken += 1
      return taken - 1
    }
  }

  /// Takes the text of a piece from a page.
  func put(_ piece: Int, _ page: RowPage) {
    pthread_mutex_lock(lock)
    texts[piece] = page.take(leaving: spares.popLast())
    writeTexts()
    pthread_mutex_unlock(lock)
  }

  /// Waits until all pieces before one are written, and lets its maker write it.
  func write(_ piece: Int, _ body: (ByteSink) throws(OutputError) -> Void) {
    pthread_mutex_lock(lock)
    while written < piece || isWriting, firstFailure == nil { pthread_cond_wait(changed, lock) }
    if firstFailure == nil { writeNext(body) }
    writeTexts()
    pthread_mutex_unlock(lock)
  }

  /// Writes texts that are next, unless somebody does. The lock is held.
  private func writeTexts() {
    while !isWriting, firstFailure == nil, let text = texts.removeValue(forKey: written) {
      writeNext { sink throws(OutputError) in try sink.write(text.bytes) }
      spares.append(text)
    }
  }

  /// Writes the piece that is next, without the lock, which is held before and afterwards.
  private func writeNext(_ body: (ByteSink) throws(OutputError) -> Void) {
    isWriting = true
    pthread_mutex_unlock(lock)
    let result = Result { () throws(OutputError) in try body(sink) }
    pthread_mutex_lock(lock)
    isWriting = false
    written += 1
    if case .failure(let error) = result { firstFailure = error }
    pthread_cond_broadcast(changed)
  }
}
