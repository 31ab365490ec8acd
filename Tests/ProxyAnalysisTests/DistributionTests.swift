import ProxyAnalysis
import Testing
import TraceCore

struct DistributionTests {
  /// Nearest rank: the smallest duration that at least so many per cent do not exceed.
  @Test func percentilesAreDurationsThatOccurred() {
    let distribution = Distribution(Array(1...200))
    #expect([50, 90, 99, 100].map(distribution.percentile) == [100, 180, 198, 200])
    #expect(distribution.count == 200 && distribution.total == 20100 && distribution.max == 200)
    // 100.5, rounded.
    #expect(distribution.mean == 101)
    #expect(Distribution([7]).percentile(50) == 7 && Distribution([7]).percentile(1) == 7)
    #expect([1, 33, 34, 67].map(Distribution([30, 10, 20]).percentile) == [10, 10, 20, 30])
  }

  @Test func noDurationsAreZero() {
    let empty = Distribution([])
    #expect(empty.count == 0 && empty.total == 0 && empty.max == 0 && empty.mean == 0 && empty.percentile(99) == 0)
  }

  /// Durations of four bytes, longer ones and negative ones are kept apart, and must come out as one sorted set.
  @Test func everyLengthIsSorted() {
    let durations: [Int64] = [1 << 40, -5, 3, Int64(UInt32.max), Int64(UInt32.max) + 1, 0, -7]
    let distribution = Distribution(durations)
    let sorted = durations.sorted()
    #expect(durations.indices.map { distribution.percentile(($0 + 1) * 100 / durations.count) } == sorted)
    #expect(distribution.max == 1 << 40)
    #expect(distribution.total == durations.reduce(0, +))
  }

  /// Many durations are sorted by their digits: of one digit, of two, and of all that four bytes have.
  @Test(arguments: [(511, 1 << 9), (512, 1), (600, 1 << 11), (5000, 1 << 20), (5000, Int(UInt32.max) + 1)])
  func manyDurationsAreSorted(_ count: Int, _ end: Int) {
    var generator = SeededGenerator(seed: 5)
    let durations = (0..<count).map { _ in Int64(Int.random(in: 0..<end, using: &generator)) }
    let (distribution, sorted) = (Distribution(durations), durations.sorted())
    for percent in 1...100 {
      #expect(distribution.percentile(percent) == sorted[Distribution.place(of: percent, among: count)])
    }
    #expect(distribution.count == count && distribution.total == durations.reduce(0, +))
  }

  @Test func placesAreNearestRanks() {
    #expect(Distribution.place(of: 50, among: 4) == 1)
    #expect(Distribution.place(of: 90, among: 10) == 8)
    #expect(Distribution.place(of: 99, among: 100) == 98)
    #expect(Distribution.place(of: 100, among: 3) == 2)
    #expect(Distribution.place(of: 1, among: 1) == 0)
  }
}
