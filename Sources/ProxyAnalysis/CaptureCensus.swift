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

  /// By CPU; those without a record have no events. A CPU's number may be anything: beyond the limit it goes elsewhere.
  private var lanes: [Lane] = []
  private var strange: [CPU: Lane] = [:]
  private static let flatLimit: CPU = 8192
  /// Records by event id.
  private var counts: [UInt64] = Array(repeating: 0, count: Int(UInt16.max) + 1)

  public init() {}

  /// Counts a record; a loss is none.
  public mutating func count(_ event: SchedEvent) {
    if case .lost = event.body { return }
    counts[Int(event.eventID)] &+= 1
    guard event.cpu >= 0, event.cpu < Self.flatLimit else { return countStrange(event) }
    while lanes.count <= Int(event.cpu) {
      lanes.append(Lane(cpu: CPU(lanes.count), events: 0, first: event.timestamp, last: event.timestamp))
    }
    if lanes[Int(event.cpu)].events == 0 { lanes[Int(event.cpu)].first = event.timestamp }
    lanes[Int(event.cpu)].events &+= 1
    lanes[Int(event.cpu)].last = event.timestamp
  }

  @inline(never)
  private mutating func countStrange(_ event: SchedEvent) {
    let new = Lane(cpu: event.cpu, events: 0, first: event.timestamp, last: event.timestamp)
    strange[event.cpu, default: new].events &+= 1
    strange[event.cpu, default: new].last = event.timestamp
  }

  /// CPUs with records, ascending.
  public var cpus: [Lane] { (lanes.filter { $0.events > 0 } + strange.values).sorted { $0.cpu < $1.cpu } }

  /// How many records of an event the capture holds.
  public func count(of event: EventInfo) -> UInt64 { counts[Int(event.id)] }
}
