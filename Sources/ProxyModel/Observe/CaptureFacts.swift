import TraceCore

/// What is known of the capture as a whole so far: its span, its events, where records are missing.
struct CaptureFacts {
  /// The first record's instant.
  private(set) var begin: Timestamp?
  /// The last one's.
  private(set) var end = Timestamp(0)
  private(set) var eventCount: UInt64 = 0
  private(set) var gaps: [GapRow] = []
  /// Stretches in which records are missing without the ring buffer saying so.
  private(set) var holes: [ClosedRange<Timestamp>] = []
  /// A stream that breaks off at every other record could fill any memory with them.
  private static let holeLimit = 1 << 16
  /// The end of the last gap, or the trace's beginning: what is known without a gap since.
  private(set) var gaplessSince = Timestamp(0)
  var schedExt = SchedExtSummary()
  /// Losses that came before the first record.
  private var earlyLosses: [SchedEvent] = []
  /// A bit per role that has occurred.
  private var roles: UInt32 = 0

  mutating func see(_ role: EventRole) { roles |= 1 << role.rawValue }

  var seen: Set<EventRole> { Set(EventRole.allCases.filter { roles & 1 << $0.rawValue != 0 }) }

  /// Records make a trace: the loss of all that a CPU had wrote down no time. So it waits for the first record.
  mutating func holdBack(_ loss: SchedEvent) { earlyLosses.append(loss) }

  /// The first record.
  /// - Returns: the losses that waited for it, at its instant.
  mutating func start(at time: Timestamp) -> [SchedEvent] {
    begin = time
    gaplessSince = time
    defer { earlyLosses = [] }
    return earlyLosses.map { loss in
      var loss = loss
      loss.timestamp = time
      return loss
    }
  }

  /// Events that are earlier than one before them.
  struct StepBack {
    var count: UInt64 = 0
    /// Of the first one.
    var first: Timestamp
    var cpu: CPU
    /// In steps of the trace clock.
    var largest: Int64 = 0
  }

  private(set) var stepBack: StepBack?

  /// By CPU: until when its clock, which has stepped back, is behind the trace's.
  private var behindUntil: [CPU: Timestamp] = [:]

  /// An event is earlier than the one before it: its CPU's clock is behind.
  /// - Returns: the stretch in which that clock tells nothing; `nil` where one is known that covers it.
  mutating func newStretchBehind(_ event: SchedEvent) -> ClosedRange<Timestamp>? {
    if let until = behindUntil[event.cpu], until >= end { return nil }
    let until = Timestamp(end.rawValue &+ UInt64(end - event.timestamp))
    behindUntil[event.cpu] = until
    return end...until
  }

  /// An event that is earlier than the one before it, at that one's time: no time is negative, nor counted twice.
  mutating func inOrder(_ event: SchedEvent) -> SchedEvent {
    var clamped = event
    clamped.timestamp = end
    if case .lost = event.body { return clamped }
    var step = stepBack ?? StepBack(first: event.timestamp, cpu: event.cpu)
    step.count &+= 1
    step.largest = max(step.largest, end - event.timestamp)
    stepBack = step
    return clamped
  }

  mutating func extend(to time: Timestamp) { end = max(end, time) }

  mutating func count(events: Int) { eventCount &+= UInt64(events) }

  mutating func add(_ gap: GapRow) {
    gaps.append(gap)
    // The begin of a wait that goes on after a CPU's last record is not among what that CPU may lack.
    if !gap.isQuiet || gap.end < Timestamp(.max) { gaplessSince = max(gaplessSince, gap.end) }
  }

  /// What lies between two holes then counts as missing too: fewer anomalies of callbacks are reported, and none that a hole
  /// may have made.
  @inline(never)
  private mutating func joinHoles() {
    var joined = Holes(holes)
    joined.join(to: Self.holeLimit / 2)
    holes = joined.stretches
  }

  /// Records are missing between two instants, and the ring buffer does not say so.
  mutating func addHole(since: Timestamp, until: Timestamp) {
    holes.append(since...max(since, until))
    if holes.count >= Self.holeLimit { joinHoles() }
    gaplessSince = until
  }
}
