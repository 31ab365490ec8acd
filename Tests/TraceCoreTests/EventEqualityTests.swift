import Testing
import TraceCore

/// Other tests compare whole events: one that differs anywhere is another.
struct EventEqualityTests {
  private static let probe = SwitchProbe(
    previous: 1, next: 2, nextTask: 3, donors: ((4, 5), (6, 7), (8, 9)), previousBlockedOn: 10)

  private static let changes: [@Sendable (inout SwitchProbe) -> Void] = [
    { $0.previous += 1 }, { $0.next += 1 }, { $0.nextTask += 1 }, { $0.depth -= 1 }, { $0.donors.0 += 1 },
    { $0.donors.1 += 1 }, { $0.donors.2 += 1 }, { $0.previousBlockedOn += 1 },
  ]

  @Test(arguments: changes.indices) func everyFieldOfAProbeCounts(place: Int) {
    var other = Self.probe
    #expect(other == Self.probe)
    Self.changes[place](&other)
    #expect(other != Self.probe && EventBody.probedSwitch(other) != .probedSwitch(Self.probe))
  }

  @Test func everyFieldOfAnEventCounts() {
    let event = SchedEvent(
      timestamp: Timestamp(1), cpu: 2, pid: 3, eventID: 4, context: .irqsOff, body: .probedSwitch(Self.probe))
    let changes: [(inout SchedEvent) -> Void] = [
      { $0.timestamp = Timestamp(2) }, { $0.cpu = 3 }, { $0.pid = 4 }, { $0.eventID = 5 }, { $0.context = .task },
      { $0.body = .other },
    ]
    for change in changes {
      var other = event
      change(&other)
      #expect(other != event)
    }
  }
}
