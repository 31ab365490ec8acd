import ProxyAnalysis
import Testing
import TraceCore

struct CaptureCensusTests {
  private static func event(_ cpu: CPU, _ time: Int64, id: UInt16, _ body: EventBody = .other) -> SchedEvent {
    SchedEvent(timestamp: Literal.at(time), cpu: cpu, pid: 0, eventID: id, body: body)
  }

  private static func info(_ id: UInt16) -> EventInfo { EventInfo(id: id, system: "s", name: "n", role: nil) }

  /// A CPU's number can be anything in a damaged file; those beyond what Linux has are counted too.
  @Test func recordsAreCountedByCPUAndEvent() {
    var census = CaptureCensus()
    for event in [
      Self.event(2, 10, id: 5), Self.event(0, 20, id: 5), Self.event(2, 30, id: 65535), Self.event(.max, 40, id: 5),
      Self.event(-1, 50, id: 7), Self.event(.max, 60, id: 5),
    ] {
      census.count(event)
    }
    #expect(census.cpus.map(\.cpu) == [-1, 0, 2, .max])
    #expect(census.cpus.map(\.events) == [1, 1, 2, 2])
    #expect(census.cpus.map(\.first) == [50, 20, 10, 40].map { Literal.at($0) })
    #expect(census.cpus.map(\.last) == [50, 20, 30, 60].map { Literal.at($0) })
    #expect([5, 7, 65535, 6].map { census.count(of: Self.info($0)) } == [4, 1, 1, 0])
  }

  @Test func aLossIsNoRecord() {
    var census = CaptureCensus()
    census.count(Self.event(0, 10, id: 0, .lost(LostEvents(until: nil, count: 3))))
    #expect(census.cpus.isEmpty && census.count(of: Self.info(0)) == 0)
  }
}
