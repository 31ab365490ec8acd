import Dispatch
import Glibc
import ProxyAnalysis

/// Writes the rows of a table in order and in bounded memory. Several threads make text of pieces of the table side by side; each
/// writes its piece when all before it are written.
struct RowWriter {
  /// As long as rows are kept together: a thread releases those of pieces before its own.
  private static let pieceSize = 1024

  /// Number of threads at most. The output does not depend on it.
  let jobs: Int

  func write(_ table: Table, _ syntax: RowSyntax, to sink: ByteSink) throws(OutputError) {
    let pieces = (table.rowCount + Self.pieceSize - 1) / Self.pieceSize
    let jobs = min(jobs, pieces / 2)
    guard jobs > 1 else { return try write(0..<table.rowCount, of: table, on: table.page(syntax), to: sink) }
    let turns = Turns(count: pieces)
    // A sink is used by whoever has its turn.
    nonisolated(unsafe) let sink = sink
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      let page = table.page(syntax)
      while let piece = turns.next() {
        let begin = piece * Self.pieceSize
        let rows = begin..<min(begin + Self.pieceSize, table.rowCount)
        let rest = table.write(rows, on: page)
        guard turns.wait(for: piece) else { return }
        let result = Result { () throws(OutputError) in
          try write(page, to: sink)
          // Long rows: the piece is more than a page.
          try write(rest..<rows.upperBound, of: table, on: page, to: sink)
        }
        turns.end(result)
      }
    }
    if let failure = turns.failure { throw failure }
  }

  private func write(_ rows: Range<Int>, of table: Table, on page: RowPage, to sink: ByteSink) throws(OutputError) {
    var begin = rows.lowerBound
    while begin < rows.upperBound {
      begin = table.write(begin..<rows.upperBound, on: page)
      try write(page, to: sink)
    }
  }

  private func write(_ page: RowPage, to sink: ByteSink) throws(OutputError) {
    try sink.write(page.bytes)
    page.clear()
  }
}

/// Hands out pieces in order, and lets them be written in the same order.
///
/// Unchecked: the state is guarded by the lock.
private final class Turns: @unchecked Sendable {
  private let count: Int
  private var taken = 0
  private var written = 0
  private var firstFailure: OutputError?
  // Of pthread, because the thread sanitizer does not know the standard library's. Allocated once, owned here alone.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(count: Int) {
    self.count = count
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
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
      guard taken < count, firstFailure == nil else { return nil }
      taken += 1
      return taken - 1
    }
  }

  /// Waits until all pieces before one are written.
  /// - Returns: whether they could be.
  func wait(for piece: Int) -> Bool {
    locked {
      while written < piece, firstFailure == nil { pthread_cond_wait(changed, lock) }
      return firstFailure == nil
    }
  }

  /// Ends the turn of the piece that was waited for.
  func end(_ result: Result<Void, OutputError>) {
    locked {
      written += 1
      if case .failure(let error) = result { firstFailure = error }
      pthread_cond_broadcast(changed)
    }
  }
}
