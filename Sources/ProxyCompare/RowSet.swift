/// Rows that are chosen, a bit for each row of the capture: of most kinds of rows most are.
struct RowSet: Sendable {
  private var words: [UInt64] = []
  /// How many are chosen before each block of words.
  private var ranks: [UInt32] = []
  /// How many are chosen.
  private(set) var count = 0
  private static let blockSize = 8

  init() {}

  /// - Parameter rows: ascending.
  init(_ rows: some Sequence<Int>) {
    for row in rows { append(row) }
  }

  /// Adds a row behind all others.
  mutating func append(_ row: Int) {
    while words.count <= row >> 6 {
      if words.count % Self.blockSize == 0 { ranks.append(UInt32(count)) }
      words.append(0)
    }
    words[row >> 6] |= 1 << UInt64(row & 63)
    count += 1
  }

  /// The row at a position among the chosen.
  subscript(position: Int) -> Int {
    precondition(position >= 0 && position < count, "no such row")
    var (low, high) = (0, ranks.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(ranks[middle]) <= position { low = middle } else { high = middle }
    }
    var (place, rest) = (low * Self.blockSize, position - Int(ranks[low]))
    while rest >= words[place].nonzeroBitCount {
      rest -= words[place].nonzeroBitCount
      place += 1
    }
    var word = words[place]
    for _ in 0..<rest { word &= word - 1 }
    return place << 6 + word.trailingZeroBitCount
  }

  /// Calls `body` with all, ascending.
  func forEachRow(_ body: (Int) -> Void) {
    for place in words.indices {
      var word = words[place]
      while word != 0 {
        body(place << 6 + word.trailingZeroBitCount)
        word &= word - 1
      }
    }
  }
}
