public import TraceCore

/// Counts the records of a capture by CPU and by event.
public struct CaptureCensus: Sendable {
  /// The records of a CPU.
  public struct CPUCount: Sendable, Hashable {
    /// The kernel's number of the CPU; a damaged file may state any number.
    public var cpu: CPU
    /// Number of records, without loss items.
    public var events: UInt64
    /// Time of the first record.
    public var first: Timestamp
    /// Time of the last record.
    public var last: Timestamp
  }

  /// By CPU number, below ``arrayLimit``. CPUs without a record have no events.
  private var counts: [CPUCount] = []
  /// All other CPUs.
  private var others: [CPU: CPUCount] = [:]
  /// Linux's largest NR_CPUS.
  private static let arrayLimit: CPU = 8192
  /// Records by event id (`common_type`, 16 bits).
  private var countsByEvent: [UInt64] = Array(repeating: 0, count: Int(UInt16.max) + 1)

  /// A census without records.
  public init() {}

  /// Counts a record. Loss items do not count.
  public mutating func count(_ event: SchedEvent) {
    if case .lost = event.body { return }
    countsByEvent[Int(event.eventID)] &+= 1
    guard event.cpu >= 0, event.cpu < Self.arrayLimit else { return countOther(event) }
    while counts.count <= Int(event.cpu) {
      counts.append(CPUCount(cpu: CPU(counts.count), events: 0, first: event.timestamp, last: event.timestamp))
    }
    if counts[Int(event.cpu)].events == 0 { counts[Int(event.cpu)].first = event.timestamp }
    counts[Int(event.cpu)].events &+= 1
    counts[Int(event.cpu)].last = event.timestamp
  }

  @inline(never)
  private mutating func countOther(_ event: SchedEvent) {
    let new = CPUCount(cpu: event.cpu, events: 0, first: event.timestamp, last: event.timestamp)
    others[event.cpu, default: new].events &+= 1
    others[event.cpu, default: new].last = event.timestamp
  }

  /// CPUs with records, ascending.
  public var cpus: [CPUCount] { (counts.filter { $0.events > 0 } + others.values).sorted { $0.cpu < $1.cpu } }

  /// Number of records of an event.
  public func count(of event: EventInfo) -> UInt64 { countsByEvent[Int(event.id)] }
}
