import Dispatch
import ProxyAnalysis

/// Writes the rows of a table in order and in bounded memory. Several threads make text of pieces of the table side by side
/// (``PieceQueue``).
struct RowWriter {
  /// As long as rows are kept together: a thread releases those of pieces before its own.
  private static let pieceSize = 1024

  /// Number of threads at most. The output does not depend on it.
  let jobs: Int

  func write(_ table: Table, _ syntax: RowSyntax, to sink: ByteSink) throws(OutputError) {
    let pieces = (table.rowCount + Self.pieceSize - 1) / Self.pieceSize
    let jobs = min(jobs, pieces / 2)
    guard jobs > 1 else { return try write(0..<table.rowCount, of: table, on: table.page(syntax), to: sink) }
    let queue = PieceQueue(count: pieces, jobs: jobs, sink)
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      let page = table.page(syntax)
      while let piece = queue.next() {
        let begin = piece * Self.pieceSize
        let rows = begin..<min(begin + Self.pieceSize, table.rowCount)
        let rest = table.write(rows, on: page)
        if rest == rows.upperBound {
          queue.put(piece, page)
        } else {
          // Long rows: the piece is more than a page.
          queue.write(piece) { sink throws(OutputError) in
            try write(page, to: sink)
            try write(rest..<rows.upperBound, of: table, on: page, to: sink)
          }
        }
      }
    }
    if let failure = queue.failure { throw failure }
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
