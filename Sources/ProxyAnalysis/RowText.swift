import ProxyModel
import TraceCore

/// Writes a row's cells as a format has them, column by column.
struct RowText<Row>: CellOutput {
  let facts: CellFacts
  private var row: Row
  private var pen: RowPen

  /// Begins a row.
  /// - Parameter isFirst: whether it is the table's first one.
  init(_ row: Row, _ facts: CellFacts, isFirst: Bool, on page: RowPage) {
    (self.facts, self.row) = (facts, row)
    pen = RowPen(page)
    pen.beginRow(isFirst: isFirst)
  }

  /// Ends the row, and begins another one.
  @inline(__always)
  mutating func next(_ row: Row) {
    pen.endRow()
    self.row = row
    pen.beginRow(isFirst: false)
  }

  /// Whether the page is full: with this row it is enough for one piece.
  var isFull: Bool { pen.isFull }

  /// Ends the last row.
  mutating func finish() {
    pen.endRow()
    pen.finish()
  }

  // MARK: Cells

  @inline(__always)
  mutating func integer(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) {
    if let value = value(row) { pen.integer(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func identifier(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) {
    if let value = value(row) { pen.identifier(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func count(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?) {
    if let value = value(row) { pen.count(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func instant(_ column: @autoclosure () -> Column, _ value: (Row) -> Timestamp?) {
    if let value = value(row) { pen.instant(value.rawValue) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func seconds(_ column: @autoclosure () -> Column, _ value: (Row) -> Int64?) {
    if let value = value(row) { pen.seconds(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func address(_ column: @autoclosure () -> Column, _ value: (Row) -> UInt64?) {
    if let value = value(row) { pen.address(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func word(_ column: @autoclosure () -> Column, _ value: (Row) -> String?) {
    if let value = value(row) { pen.word(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func word<Key: BitwiseCopyable>(
    _ column: @autoclosure () -> Column, by key: (Row) -> Key, word: (Key) -> String
  ) {
    let key = key(row)
    guard let byte = ByteKey(key) else { return pen.word(word(key)) }
    if pen.copyKept(byte, columns: 1) { return }
    let mark = pen.mark
    pen.word(word(key))
    pen.keep(byte, since: mark)
  }

  @inline(__always)
  mutating func text(_ column: @autoclosure () -> Column, _ value: (Row) -> String?) {
    if let value = value(row) { pen.text(value) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func comm(_ column: @autoclosure () -> Column, _ value: (Row) -> Comm?) {
    if let value = value(row), !value.isEmpty { pen.text(value.text) } else { pen.unknown() }
  }

  @inline(__always)
  mutating func joined(
    _ column: @autoclosure () -> Column, _ separator: Unicode.Scalar, count: (Row) -> Int?,
    add: (Row, inout JoinedNumbers) -> Void
  ) {
    guard let count = count(row) else { return pen.unknown() }
    pen.joined(separator, count: count) { add(row, &$0) }
  }

  @inline(__always)
  mutating func cell(_ column: @autoclosure () -> Column, _ value: (Row) -> Cell) { put(value(row)) }

  /// Any cell.
  mutating func put(_ cell: Cell) {
    switch cell {
    case .empty: pen.unknown()
    case .integer(let value): pen.integer(value)
    case .count(let value): pen.count(value)
    case .instant(let time): pen.instant(time.rawValue)
    case .secondsFromStart(let value): pen.seconds(value)
    case .share(billionths: let value): pen.billionths(value)
    case .address(let value): pen.address(value)
    case .word(let word): pen.word(word)
    case .evidence(let evidence): pen.word(evidence.name)
    case .text(let text): pen.text(text)
    case .comm(let comm): pen.text(comm.text)
    }
  }

  // MARK: Several columns

  @inline(__always)
  mutating func task(
    _ prefix: @autoclosure () -> String, _ who: @autoclosure () -> String, _ task: (Row) -> TaskLabel?
  ) {
    guard let label = task(row) else { return pen.unknownTask() }
    if !pen.copyKept(label, columns: RowPage.taskColumns) { write(label) }
  }

  @inline(__always)
  mutating func lock(_ doc: @autoclosure () -> String, _ lock: (Row) -> LockAddress) {
    let lock = lock(row)
    if !pen.copyKept(lock, columns: 2) { write(lock) }
  }

  @inline(__always)
  mutating func evidence(
    _ doc: @autoclosure () -> String, prefix: @autoclosure () -> String, _ value: (Row) -> Evidence
  ) {
    let evidence = value(row)
    if let byte = ByteKey(evidence), pen.copyKept(byte, columns: 2) { return }
    write(evidence)
  }

  @inline(never)
  private mutating func write(_ label: TaskLabel) {
    let mark = pen.mark
    putTask("", "") { _ in label }
    pen.keep(label, since: mark)
  }

  @inline(never)
  private mutating func write(_ lock: LockAddress) {
    let mark = pen.mark
    putLock("") { _ in lock }
    pen.keep(lock, since: mark)
  }

  @inline(never)
  private mutating func write(_ evidence: Evidence) {
    let mark = pen.mark
    putEvidence("", prefix: "") { _ in evidence }
    if let byte = ByteKey(evidence) { pen.keep(byte, since: mark) }
  }
}
