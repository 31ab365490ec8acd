public import TraceCore

/// What a capture says of the BPF scheduler in charge.
public struct SchedExtSummary: Sendable, Hashable {
  /// One of the kernel's counters.
  public struct Counter: Sendable, Hashable {
    public var name: ShortName
    /// How much it grew in the capture, in its own unit.
    public var sum: Int64
    /// How often.
    public var count: UInt64
    /// When first.
    public var first: Timestamp
  }

  /// A task that was runnable and did not run, as the kernel says when it unloads a scheduler for it.
  public struct Stall: Sendable, Hashable {
    /// When the kernel says so.
    public var time: Timestamp
    /// Hostile text.
    public var task: ShortName
    public var pid: Pid
  }

  public struct Exit: Sendable, Hashable {
    public var time: Timestamp
    public var scheduler: ShortName
    /// The kernel's number for why (`enum scx_exit_kind`, kernel/sched/ext_internal.h).
    public var reason: Int64
  }

  /// In order of their first appearance.
  public private(set) var counters: [Counter] = []
  /// In order of time.
  public private(set) var exits: [Exit] = []
  /// In order of time.
  public private(set) var stalls: [Stall] = []
  /// First and last record by which a scheduler shows: a mark of a callback, or a counter.
  public private(set) var firstSeen: Timestamp?
  public private(set) var lastSeen: Timestamp?

  /// More names than any kernel has are damage, and more ends of schedulers than anybody reads.
  private static let mostNames = 256

  public init() {}

  public var isEmpty: Bool { firstSeen == nil && exits.isEmpty && stalls.isEmpty }

  /// The counter of that name, which is without `SCX_EV_`; `nil` where it did not grow.
  public func counter(_ name: String) -> Counter? { counters.first { $0.name.text == name } }

  mutating func see(at time: Timestamp) {
    if firstSeen == nil { firstSeen = time }
    lastSeen = time
  }

  mutating func add(_ record: SchedExtRecord, at time: Timestamp) {
    switch record.kind {
    case .counter:
      see(at: time)
      if let place = counters.firstIndex(where: { $0.name == record.name }) {
        counters[place].sum &+= record.value
        counters[place].count &+= 1
      } else if counters.count < Self.mostNames {
        counters.append(Counter(name: record.name, sum: record.value, count: 1, first: time))
      }
    case .stalled:
      guard stalls.count < Self.mostNames, let pid = Pid(exactly: record.value) else { return }
      stalls.append(Stall(time: time, task: record.name, pid: pid))
    case .exit:
      if exits.count < Self.mostNames { exits.append(Exit(time: time, scheduler: record.name, reason: record.value)) }
    }
  }
}
