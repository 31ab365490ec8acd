import Glibc
import TraceCore

/// Records of a fixed size, one after the other, that are kept to the end.
///
/// It grows piece by piece: an array that doubles needs three times its memory while it moves. Pieces that are full may go to
/// a file (``RowFile``); who goes through them calls ``passed(_:)``, and pages that were read are released.
struct PackedLog<Record: BitwiseCopyable & Sendable>: ~Copyable {
  /// In records.
  static var pieceSize: Int { 1024 }
  private static var pieceBytes: Int { pieceSize * MemoryLayout<Record>.stride }

  /// Each has room for ``pieceSize`` records, of which all that ``count`` covers are initialised. Nobody else has the
  /// pointers. Those before ``filedCount`` are in the file, the others are freed with the log.
  private var pieces: [UnsafeMutablePointer<Record>] = []
  private var filedCount = 0
  private(set) var count = 0
  /// Of records that are added in order (``RowInOrder``): whether they are; otherwise they have to be sorted. And over how many all
  /// of them have been moved.
  fileprivate var isInOrder = true
  fileprivate var moves = 0
  /// Pieces at the end that stay in memory: what was begun is often finished later.
  private static var youngCount: Int { 2 }

  /// Shared with the other logs of the same machine.
  private let file: RowFile

  /// - Parameter file: Where full pieces go when the logs that share it take too much memory.
  init(in file: RowFile) { self.file = file }

  deinit { for index in pieces.indices { free(index) } }

  var isEmpty: Bool { count == 0 }
  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Record {
    @inline(__always) get {
      precondition(index >= 0 && index < count, "index out of range")
      return pieces[index / Self.pieceSize][index % Self.pieceSize]
    }
    @inline(__always) nonmutating _modify {
      precondition(index >= 0 && index < count, "index out of range")
      yield &pieces[index / Self.pieceSize][index % Self.pieceSize]
    }
  }

  @inline(__always)
  mutating func append(_ record: Record) {
    if count == pieces.count * Self.pieceSize { addPiece() }
    (pieces[count / Self.pieceSize] + count % Self.pieceSize).initialize(to: record)
    count += 1
  }

  @inline(never)
  private mutating func addPiece() {
    var memory: UnsafeMutablePointer<Record>?
    while filedCount <= pieces.count - Self.youngCount {
      let piece = pieces[filedCount]
      guard let place = file.put(UnsafeRawBufferPointer(start: piece, count: Self.pieceBytes)) else { break }
      pieces[filedCount] = place.bindMemory(to: Record.self, capacity: Self.pieceSize)
      filedCount += 1
      // Of those that have left one's memory serves for the next.
      if memory == nil { memory = piece } else { free(memory: piece) }
    }
    if memory == nil { file.count(Self.pieceBytes) }
    pieces.append(memory ?? .allocateLines(capacity: Self.pieceSize))
  }

  private func free(_ piece: Int) {
    // Records that are copied bit by bit need no deinitialisation.
    piece < filedCount ? file.free(pieces[piece], Self.pieceBytes) : free(memory: pieces[piece])
  }

  private func free(memory piece: UnsafeMutablePointer<Record>) {
    piece.deallocate()
    file.count(-Self.pieceBytes)
  }

  /// Says that the reader goes through the records and has reached this one: now and then pages are released.
  ///
  /// It costs time only at a piece's beginning. Any thread may call it at any time.
  @inline(__always)
  func passed(_ index: Int) {
    if index % Self.pieceSize == 0 { passedPiece() }
  }

  /// The same, for readers that skip records: to be called about once a piece.
  @inline(never)
  func passedPiece() { file.passed(Self.pieceBytes) }

  /// Drops all records from `newCount` on.
  mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "nothing to drop")
    count = newCount
    let kept = (newCount + Self.pieceSize - 1) / Self.pieceSize
    for index in kept..<pieces.count { free(index) }
    pieces.removeLast(pieces.count - kept)
    filedCount = min(filedCount, kept)
  }

  /// A log of other records in the same file.
  func another<Other>(of _: Other.Type) -> PackedLog<Other> { PackedLog<Other>(in: file) }

  /// Takes all records out.
  mutating func take() -> PackedLog {
    var taken = PackedLog(in: file)
    swap(&self, &taken)
    return taken
  }

  /// Changes every record, and keeps those for which `body` returns `true`.
  mutating func keep(_ body: (inout Record) -> Bool) {
    var kept = 0
    for piece in pieces.indices {
      let (first, source) = (piece * Self.pieceSize, pieces[piece])
      passedPiece()
      for place in 0..<min(Self.pieceSize, count - first) {
        passed(kept)
        var record = source[place]
        guard body(&record) else { continue }
        // What is in the file and stays as it is need not be written again.
        if kept != first + place || piece >= filedCount || !Self.isSame(record, source[place]) { self[kept] = record }
        kept += 1
      }
    }
    truncate(to: kept)
  }

  /// The same, and sorts those that are kept as ``sort(_:)`` does.
  mutating func keep(_ body: (inout Record) -> Bool, sortedBy isBefore: (Record, Record) -> Bool) {
    var (kept, moves, isNearlySorted) = (0, 0, true)
    var last: Record?
    for piece in pieces.indices {
      let (first, source) = (piece * Self.pieceSize, pieces[piece])
      passedPiece()
      for place in 0..<min(Self.pieceSize, count - first) {
        passed(kept)
        var record = source[place]
        guard body(&record) else { continue }
        if kept != first + place || piece >= filedCount || !Self.isSame(record, source[place]) { self[kept] = record }
        if let former = last, isNearlySorted, isBefore(record, former) {
          moves += insert(kept, isBefore)
          isNearlySorted = moves <= 32 * max(kept, Self.pieceSize)
          last = self[kept]
        } else {
          last = record
        }
        kept += 1
      }
    }
    truncate(to: kept)
    if !isNearlySorted { sortWhole(isBefore) }
  }

  private static func isSame(_ a: Record, _ b: Record) -> Bool {
    withUnsafeBytes(of: a) { a in
      withUnsafeBytes(of: b) { b in
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return memcmp(first, second, a.count) == 0
      }
    }
  }

  /// Sorts, and leaves equal records in their order. Records come nearly sorted, which costs next to nothing.
  mutating func sort(_ isBefore: (Record, Record) -> Bool) {
    var moves = 0
    for piece in pieces.indices {
      let (first, base) = (piece * Self.pieceSize, pieces[piece])
      passedPiece()
      for place in 0..<min(Self.pieceSize, count - first) {
        let index = first + place
        if place > 0 {
          if !isBefore(base[place], base[place - 1]) { continue }
        } else if index == 0 || !isBefore(base[0], self[index - 1]) {
          continue
        }
        moves += insert(index, isBefore)
        if moves > 32 * count { return sortWhole(isBefore) }
      }
    }
  }

  /// Moves a record to its place among those before it, which are sorted.
  /// - Returns: over how many.
  fileprivate func insert(_ index: Int, _ isBefore: (Record, Record) -> Bool) -> Int {
    let record = self[index]
    var place = index
    while place > 0, isBefore(record, self[place - 1]) {
      self[place] = self[place - 1]
      place -= 1
    }
    self[place] = record
    return index - place
  }
}

// MARK: - Records in order

/// A record that its log keeps in order.
protocol RowInOrder: BitwiseCopyable, Sendable {
  /// Records of which neither comes before the other stay in the order in which they were added.
  func comes(before other: Self) -> Bool
}

extension PackedLog where Record: RowInOrder {
  /// Adds a record at its place, which is mostly the last one or a few before: while these are still in memory, so that nothing in
  /// the file is written again.
  @inline(__always)
  mutating func add(_ record: Record) {
    append(record)
    if count > 1, record.comes(before: self[count - 2]) { moveLast() }
  }

  @inline(never)
  private mutating func moveLast() {
    // It is sorted as a whole then.
    guard isInOrder else { return }
    moves += insert(count - 1) { $0.comes(before: $1) }
    isInOrder = moves <= 32 * max(count, Self.pieceSize)
  }

  /// Sorts records that have been added one by one, where they were too far from their places for that.
  mutating func bringInOrder() {
    if !isInOrder { sortWhole { $0.comes(before: $1) } }
    isInOrder = true
  }

  /// Changes every record, keeps those for which `body` returns `true`, and sorts these.
  mutating func keepInOrder(_ body: (inout Record) -> Bool) {
    keep(body) { $0.comes(before: $1) }
    isInOrder = true
  }
}

// Once it is filled it does not change: threads share it as a constant.
extension PackedLog: @unchecked Sendable {}
