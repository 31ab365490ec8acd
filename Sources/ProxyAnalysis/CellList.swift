import ProxyModel
import TraceCore

/// An output that takes cells one at a time, all kinds of them in one way.
protocol CellwiseOutput: CellOutput {}

extension CellwiseOutput {
  @inline(__always)
  mutating func integer(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) {
    cell(column()) { value($0).map(Cell.integer) ?? .empty }
  }

  @inline(__always)
  mutating func identifier(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) { integer(column(), value) }

  @inline(__always)
  mutating func count(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?) {
    cell(column()) { value($0).map(Cell.count) ?? .empty }
  }

  @inline(__always)
  mutating func instant(_ column: @autoclosure () -> Column, _ value: (Row) -> Timestamp?) {
    cell(column()) { value($0).map(Cell.instant) ?? .empty }
  }

  @inline(__always)
  mutating func seconds(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) {
    cell(column()) { value($0).map(Cell.secondsFromStart) ?? .empty }
  }

  @inline(__always)
  mutating func address(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?) {
    cell(column()) { value($0).map(Cell.address) ?? .empty }
  }

  @inline(__always)
  mutating func word(_ column: @autoclosure () -> Column, _ value: (Row) -> String?) {
    cell(column()) { value($0).map(Cell.word) ?? .empty }
  }

  @inline(__always)
  mutating func word<Key: BitwiseCopyable>(
    _ column: @autoclosure () -> Column, by key: (Row) -> Key, word: (Key) -> String
  ) {
    cell(column()) { .word(word(key($0))) }
  }

  @inline(__always)
  mutating func text(_ column: @autoclosure () -> Column, _ value: (Row) -> String?) {
    cell(column()) { value($0).map(Cell.text) ?? .empty }
  }

  @inline(__always)
  mutating func comm(_ column: @autoclosure () -> Column, _ value: (Row) -> Comm?) {
    cell(column()) { row in
      guard let comm = value(row), !comm.isEmpty else { return .empty }
      return .comm(comm)
    }
  }

  @inline(__always)
  mutating func joined(
    _ column: @autoclosure () -> Column, _ separator: Unicode.Scalar, count: (Row) -> Int?,
    add: (Row, inout JoinedNumbers) -> Void
  ) {
    cell(column()) { row in
      guard let count = count(row) else { return .empty }
      return .word(JoinedNumbers.word(separator, count: count) { add(row, &$0) })
    }
  }

  @inline(__always)
  mutating func task(
    _ prefix: @autoclosure () -> String, _ who: @autoclosure () -> String, _ task: (Row) -> TaskLabel?
  ) {
    putTask(prefix(), who(), task)
  }

  @inline(__always)
  mutating func lock(_ doc: @autoclosure () -> String, _ lock: (Row) -> LockAddress) { putLock(doc(), lock) }

  @inline(__always)
  mutating func evidence(
    _ doc: @autoclosure () -> String, prefix: @autoclosure () -> String, _ value: (Row) -> Evidence
  ) {
    putEvidence(doc(), prefix: prefix(), value)
  }
}

/// What the columns are; there is no row.
struct ColumnList<Row>: CellwiseOutput {
  let facts = CellFacts()
  private(set) var columns: [Column] = []

  mutating func cell(_ column: @autoclosure () -> Column, _ value: (Row) -> Cell) { columns.append(column()) }
}

/// The cells of a row.
struct CellList<Row>: CellwiseOutput {
  let facts: CellFacts
  let row: Row
  var cells: [Cell]

  @inline(__always)
  mutating func cell(_ column: @autoclosure () -> Column, _ value: (Row) -> Cell) { cells.append(value(row)) }
}

/// The cell of one column of a row, without making those of the others.
struct OneCell<Row>: CellwiseOutput {
  let facts: CellFacts
  private let row: Row
  private let wanted: Int
  private var place = 0
  private(set) var found = Cell.empty

  /// - Parameter wanted: the column, from 0 for the one behind `id`.
  init(_ facts: CellFacts, _ row: Row, _ wanted: Int) { (self.facts, self.row, self.wanted) = (facts, row, wanted) }

  mutating func cell(_ column: @autoclosure () -> Column, _ value: (Row) -> Cell) {
    if place == wanted { found = value(row) }
    place += 1
  }
}
