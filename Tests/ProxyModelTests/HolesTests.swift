import Testing
import TraceCore

@testable import ProxyModel

/// Stretches of missing records stay few, and cover no less than before.
struct HolesTests {
  private static func hole(_ begin: UInt64, _ end: UInt64) -> ClosedRange<Timestamp> {
    Timestamp(begin)...Timestamp(end)
  }

  @Test func theyAreMergedAndMet() {
    let holes = Holes([Self.hole(30, 40), Self.hole(10, 20), Self.hole(15, 25)])
    #expect(holes.stretches == [Self.hole(10, 25), Self.hole(30, 40)])
    #expect(holes.meet(Timestamp(25), Timestamp(26)) && holes.meet(Timestamp(0), Timestamp(10)))
    #expect(!holes.meet(Timestamp(26), Timestamp(29)) && !holes.meet(Timestamp(41), Timestamp(99)))
  }

  @Test(arguments: [1, 2, 3, 7]) func joiningCoversMore(limit: Int) {
    let all = (0..<7).map { Self.hole($0 * 10, $0 * 10 + 3) }
    var holes = Holes(all)
    holes.join(to: limit)
    #expect(holes.stretches.count <= limit && !holes.stretches.isEmpty)
    for hole in all { #expect(holes.meet(hole.lowerBound, hole.upperBound)) }
    #expect(holes.stretches.first?.lowerBound == Timestamp(0) && holes.stretches.last?.upperBound == Timestamp(63))
  }

  @Test func factsKeepABoundedNumber() {
    var facts = CaptureFacts()
    for number in 0..<200_000 as Range<UInt64> {
      facts.addHole(since: Timestamp(number * 10), until: Timestamp(number * 10 + 1))
    }
    #expect(facts.holes.count < 1 << 16)
    let holes = Holes(facts.holes)
    #expect(holes.meet(Timestamp(0), Timestamp(0)) && holes.meet(Timestamp(1_999_990), Timestamp(1_999_990)))
  }
}
