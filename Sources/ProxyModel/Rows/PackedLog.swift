import TraceCore

/// Records of a fixed size, one after the other, that are kept to the end.
///
/// It grows piece by piece: an array that doubles needs three times its memory while it moves.
struct PackedLog<Record: BitwiseCopyable & Sendable>: ~Copyable {
  private static var pieceSize: Int { 1024 }

  /// Each has room for ``pieceSize`` records, of which all that ``count`` covers are initialised. Nobody else has the
  /// pointers, and they are freed with the log.
  private var pieces: [UnsafeMutablePointer<Record>] = []
  private(set) var count = 0

  init() {}

  deinit {
    // Records that are copied bit by bit need no deinitialisation.
    for piece in pieces { piece.deallocate() }
  }

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
    if count == pieces.count * Self.pieceSize { pieces.append(.allocateLines(capacity: Self.pieceSize)) }
    (pieces[count / Self.pieceSize] + count % Self.pieceSize).initialize(to: record)
    count += 1
  }

  /// Drops all records from `newCount` on.
  mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count, "nothing to drop")
    count = newCount
    while (pieces.count - 1) * Self.pieceSize >= newCount, let piece = pieces.popLast() { piece.deallocate() }
  }

  /// Takes all records out.
  mutating func take() -> PackedLog {
    var taken = PackedLog()
    swap(&self, &taken)
    return taken
  }

  /// Changes every record, and keeps those for which `body` returns `true`.
  mutating func keep(_ body: (inout Record) -> Bool) {
    var kept = 0
    for index in indices {
      var record = self[index]
      if body(&record) {
        self[kept] = record
        kept += 1
      }
    }
    truncate(to: kept)
  }

  /// Sorts, and leaves equal records in their order. Records come nearly sorted, which costs next to nothing.
  mutating func sort(_ isBefore: (Record, Record) -> Bool) {
    var moves = 0
    for index in indices.dropFirst() where isBefore(self[index], self[index - 1]) {
      let record = self[index]
      var place = index
      while place > 0, isBefore(record, self[place - 1]) {
        self[place] = self[place - 1]
        place -= 1
      }
      self[place] = record
      moves += index - place
      if moves > 32 * count { return sortWhole(isBefore) }
    }
  }

  private mutating func sortWhole(_ isBefore: (Record, Record) -> Bool) {
    let sorted = indices.map { self[$0] }.sorted(by: isBefore)
    for index in indices { self[index] = sorted[index] }
  }
}

// Once it is filled nobody changes it: whoever shares it holds it in a constant.
extension PackedLog: @unchecked Sendable {}
