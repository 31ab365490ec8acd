/// Memory in which rows of one table become text, and what is kept from row to row for that. One thread uses it.
package final class RowPage {
  /// Rows are added until they take as many bytes: what a large write is worth, and no more than caches hold.
  static let fullSize = 256 << 10
  /// A row whose text cells are short takes no more, beyond what stands before its values.
  private static let roomForCell = 80
  private static let roomForRow = 1024
  /// See ``CellOutput/task(_:_:_:)``.
  static var taskColumns: Int { 4 }

  let syntax: RowSyntax
  /// Owned here alone; of these bytes the first ``count`` are text.
  private(set) var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// What a row may need at most at its beginning.
  private let rowRoom: Int

  /// What stands before each column's value; then what stands before any row but the first, and behind each row.
  let fixed: UnsafeMutablePointer<Fixed>
  /// By column: see ``CellCache``.
  let caches: UnsafeMutablePointer<CellCache?>
  /// By column: see ``NumberLead``.
  let leads: UnsafeMutablePointer<NumberLead>
  /// By column: those of a task that is not known, if they begin there.
  let noTask: UnsafeMutablePointer<Fixed>
  let columnCount: Int
  /// By byte.
  let isPlain: UnsafeMutablePointer<Bool>

  /// Bytes that are the same in every row: the first 32 in place, and all of them.
  struct Fixed {
    var head: InlineArray<4, UInt64> = [0, 0, 0, 0]
    var count: Int
    var all: [UInt8]

    init(_ bytes: [UInt8]) {
      (count, all) = (bytes.count, bytes)
      withUnsafeMutableBytes(of: &head) { $0.copyBytes(from: bytes.prefix($0.count)) }
    }
  }

  init(_ syntax: RowSyntax) {
    self.syntax = syntax
    columnCount = syntax.before.count
    caches = .allocate(capacity: columnCount)
    caches.initialize(repeating: nil, count: columnCount)
    fixed = .allocate(capacity: columnCount + 2)
    for (place, bytes) in (syntax.before + [syntax.next, syntax.end]).enumerated() {
      (fixed + place).initialize(to: Fixed(bytes))
    }
    leads = .allocate(capacity: columnCount)
    leads.initialize(repeating: NumberLead(), count: columnCount)
    noTask = .allocate(capacity: columnCount)
    for place in 0..<columnCount {
      let bytes = syntax.before[place...].prefix(Self.taskColumns).flatMap { $0 + syntax.unknown }
      (noTask + place).initialize(to: Fixed(bytes))
    }
    isPlain = .allocate(capacity: 256)
    for byte in UInt8.min...UInt8.max { (isPlain + Int(byte)).initialize(to: syntax.isPlain(byte)) }
    rowRoom =
      syntax.before.reduce(0) { $0 + $1.count + Self.roomForCell } + syntax.next.count + syntax.first.count
      + syntax.end.count + Self.roomForRow
    capacity = Self.fullSize + rowRoom
    base = .allocate(capacity: capacity)
  }

  deinit {
    base.deallocate()
    for place in 0..<columnCount { caches[place]?.discard() }
    caches.deallocate()
    leads.deallocate()
    noTask.deinitialize(count: columnCount)
    noTask.deallocate()
    fixed.deinitialize(count: columnCount + 2)
    fixed.deallocate()
    isPlain.deallocate()
  }

  /// The text, as long as the page is not used.
  package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  /// Takes the text away.
  package func clear() { count = 0 }

  /// Takes the text away with its memory.
  /// - Parameter spare: other memory, of a text of this table that is not needed any more.
  package func take(leaving spare: RowPageText?) -> RowPageText {
    let text = RowPageText(base: base, capacity: capacity, count: count)
    capacity = spare?.capacity ?? Self.fullSize + rowRoom
    base = spare?.base ?? .allocate(capacity: capacity)
    count = 0
    return text
  }

  // MARK: For rows

  /// Says how much text there is now.
  func end(at count: Int) { self.count = count }

  /// Makes room behind `used` bytes for some more, and for the rest of any row.
  func makeRoom(for more: Int, behind used: Int) {
    let needed = used + more + rowRoom
    if needed <= capacity { return }
    let larger = max(needed, capacity * 2)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memory.update(from: base, count: used)
    base.deallocate()
    (base, capacity) = (memory, larger)
  }
}

/// Text that was on a page, with its memory: whoever has it gives it back to a page, or frees it.
///
/// Unchecked: one thread at a time has it.
package struct RowPageText: @unchecked Sendable {
  fileprivate let base: UnsafeMutablePointer<UInt8>
  fileprivate let capacity: Int
  fileprivate let count: Int

  package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  package func free() { base.deallocate() }
}
