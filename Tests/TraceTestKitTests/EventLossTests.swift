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

  @Test func aHoleAtTheStartBeginsWithTheTrace() throws {
    let rest = EventLoss.drop(from: Self.events, on: 0, in: Timestamp(0)...Timestamp(20), isCounted: false)
    let hole = try #require(holes(rest).first)
    #expect(hole.index == 0 && hole.time == 5)
    #expect(hole.hole == LostEvents(until: Timestamp(30), isAtStart: true, count: nil))
  }

  @Test func aHoleAtTheEndHasNoEnd() throws {
    let rest = EventLoss.drop(from: Self.events, on: 1, in: Timestamp(60)...Timestamp(1000))
    let hole = try #require(holes(rest).first)
    #expect(hole.time == 55 && hole.hole == LostEvents(until: nil, count: 4))
  }

  @Test func aHoleThatIsNotToldLeavesNoMark() {
    let rest = EventLoss.drop(from: Self.events, on: 0, in: Timestamp(30)...Timestamp(50), isTold: false)
    #expect(rest.count == Self.events.count - 3 && holes(rest).isEmpty)
  }

  @Test func aCPUIsInAQuietHoleBeforeItsFirstRecordAndAfterItsLast() {
    let events = EventLoss.withQuietEnds(Self.events)
    let found = holes(events)
    // CPU 1 begins at 5 and ends at 95, CPU 0 begins at 10 and ends at 100.
    #expect(found.map(\.time) == [5, 95] && found.map(\.index) == [0, 20])
    #expect(found.first?.hole == LostEvents(until: Timestamp(10), isAtStart: true, count: 0))
    #expect(found.last?.hole == LostEvents(until: nil, count: 0))
    #expect(EventLoss.withoutQuietEnds(events).map(\.timestamp) == Self.events.map(\.timestamp))
    #expect(EventLoss.withQuietEnds(events).map(\.timestamp) == events.map(\.timestamp))
  }

  @Test func whereNothingIsLostNothingChanges() {
    #expect(EventLoss.drop(from: Self.events, on: 0, in: Timestamp(31)...Timestamp(39)).count == Self.events.count)
  }
}
