import Testing
import TraceCore

@testable import TraceTestKit

@Suite struct EventLossTests {
  /// CPU 0 at 10, 20, … 100, CPU 1 five later.
  static let events = (1...20).map { index in
    SchedEvent(timestamp: Timestamp(UInt64(index * 5)), cpu: CPU(index % 2), pid: 1, body: .other)
  }

  private func holes(_ events: [SchedEvent]) -> [(index: Int, time: UInt64, hole: LostEvents)] {
    events.enumerated().compactMap { index, event in
      if case .lost(let hole) = event.body { (index, event.timestamp.rawValue, hole) } else { nil }
    }
  }

  @Test func aHoleStandsBehindTheRecordBeforeIt() throws {
    let rest = EventLoss.drop(from: Self.events, on: 0, in: Timestamp(30)...Timestamp(50))
    let hole = try #require(holes(rest).first)
    #expect(rest.count == Self.events.count - 3 + 1)
    #expect(hole.index == 4 && hole.time == 20)
    #expect(hole.hole == LostEvents(until: Timestamp(60), count: 3))
  }

  @Test func aHoleAtTheStartStandsBeforeTheRecordBehindIt() throws {
    let rest = EventLoss.drop(from: Self.events, on: 0, in: Timestamp(0)...Timestamp(20), isCounted: false)
    let hole = try #require(holes(rest).first)
    #expect(hole.time == 30 && rest[hole.index + 1].timestamp == Timestamp(30))
    #expect(hole.hole == LostEvents(until: Timestamp(30), isAtStart: true, count: nil))
  }

  @Test func aHoleAtTheEndHasNoEnd() throws {
    let rest = EventLoss.drop(from: Self.events, on: 1, in: Timestamp(60)...Timestamp(1000))
    let hole = try #require(holes(rest).first)
    #expect(hole.time == 55 && hole.hole == LostEvents(until: nil, count: 4))
  }

  @Test func whereNothingIsLostNothingChanges() {
    #expect(EventLoss.drop(from: Self.events, on: 0, in: Timestamp(31)...Timestamp(39)).count == Self.events.count)
  }
}
