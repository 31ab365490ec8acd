public import TraceCore

/// Counts what a capture holds, event by event, for people who want to know what they have recorded.
public struct CaptureCensus: Sendable {
  /// A CPU's records.
  public struct Lane: Sendable, Hashable {
    public var cpu: CPU
    public var events: UInt64
    public var first: Timestamp
    public var last: Timestamp
  }

  private var lanes: [CPU: Lane] = [:]
  /// Records by event id.
  private var counts: [UInt64] = Array(repeating: 0, count: Int(UInt16.max) + 1)

  public init() {}

  /// Counts a record; a loss is none.
  public mutating func count(_ event: SchedEvent) {
    if case .lost = event.body { return }
    counts[Int(event.eventID)] &+= 1
    let new = Lane(cpu: event.cpu, events: 0, first: event.timestamp, last: event.timestamp)
    lanes[event.cpu, default: new].events &+= 1
    lanes[event.cpu, default: new].last = event.timestamp
  }

  /// CPUs with records, ascending.
  public var cpus: [Lane] { lanes.values.sorted { $0.cpu < $1.cpu } }

  /// How many records of an event the capture holds.
  public func count(of event: EventInfo) -> UInt64 { counts[Int(event.id)] }
}
