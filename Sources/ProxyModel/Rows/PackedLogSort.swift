// Records that are far from their places.

extension PackedLog {
  // Not private: the debug build of this compiler cannot have that of what an array holds.
  /// The next record of a piece that is in order.
  struct Head {
    var record: Record
    /// Where it is in the log.
    var index: Int
  }

  /// Sorts each piece by itself, and then all of them into a new log. That takes the memory of a piece, and of a record of each.
  mutating func sortWhole(_ isBefore: (Record, Record) -> Bool) {
    // Of equal records that of an earlier piece comes first: they stay in their order.
    func comes(_ a: Head, before b: Head) -> Bool {
      isBefore(a.record, b.record) || a.index < b.index && !isBefore(b.record, a.record)
    }
    var heads: [Head] = []
    for first in stride(from: 0, to: count, by: Self.pieceSize) {
      passedPiece()
      sortPiece(first..<min(first + Self.pieceSize, count), isBefore)
      heads.append(Head(record: self[first], index: first))
    }
    // A sorted array is a heap.
    heads.sort(by: comes)
    var merged = another(of: Record.self)
    while let top = heads.first {
      passed(merged.count)
      merged.append(top.record)
      let next = top.index + 1
      if next < count, next % Self.pieceSize != 0 {
        heads.replaceTop(with: Head(record: self[next], index: next), comes)
      } else if let last = heads.popLast(), !heads.isEmpty {
        heads.replaceTop(with: last, comes)
      }
    }
    swap(&self, &merged)
  }

  private func sortPiece(_ range: Range<Int>, _ isBefore: (Record, Record) -> Bool) {
    let sorted = range.map { self[$0] }.sorted(by: isBefore)
    for (index, record) in zip(range, sorted) { self[index] = record }
  }
}

extension Array {
  /// Of a heap, puts another element in the first one's place.
  fileprivate mutating func replaceTop(with element: Element, _ comes: (Element, Element) -> Bool) {
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < count else { break }
      if child + 1 < count, comes(self[child + 1], self[child]) { child += 1 }
      guard comes(self[child], element) else { break }
      self[hole] = self[child]
      hole = child
    }
    self[hole] = element
  }
}
