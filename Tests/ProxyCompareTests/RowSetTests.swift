import Testing
import TraceCore

@testable import ProxyCompare

struct RowSetTests {
  /// Against an array: few rows, most rows, all rows, and far ones.
  @Test(arguments: [1, 2, 40, 3000], [0, 1, 64, 513, 5000]) func rowsAreThoseThatWereAdded(gap: Int, count: Int) {
    var random = SeededGenerator(seed: UInt64(gap + count))
    var (set, rows, row) = (RowSet(), [Int](), random.number(0...gap) - 1)
    for _ in 0..<count {
      row += random.number(1...gap)
      rows.append(max(row, 0))
      set.append(max(row, 0))
      row = max(row, 0)
    }
    var all: [Int] = []
    set.forEachRow { all.append($0) }
    #expect(set.count == rows.count && all == rows)
    #expect((0..<set.count).map { set[$0] } == rows)
    #expect(RowSet(rows).count == count)
  }
}
