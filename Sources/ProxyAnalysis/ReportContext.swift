public import ProxyModel
public import TraceCore

/// Everything that an analysis may look at.
public struct ReportContext: Sendable {
  /// What the file says of itself.
  public var capture: CaptureInfo
  /// The rows of the model.
  public var timeline: Timeline
  /// What the reader and the model skipped or could not decide.
  public var diagnostics: DiagnosticLog
  /// Names of locks whose address is a kernel symbol's. Hostile text: the capture holds them.
  public var symbols: [LockAddress: String]
  /// How many rows a list of the greatest shows; at least 1.
  public var top: Int
  /// Which rows the report shows.
  public var filter = RowFilter()
  /// The rows of ``timeline`` that ``filter`` chooses. ``Report`` sets them for the analyses.
  private(set) var rows = RowSelection(Timeline(), RowFilter())
  /// What is wrong, made when it is first asked for.
  private var found = Once<RankedProblems>()
  private var sums = Once<WaitSums>()
  private var topOfWaits = Once<TopWaits>()

  /// A context without a filter.
  /// - Parameters:
  ///   - capture: See ``capture``.
  ///   - timeline: See ``timeline``.
  ///   - diagnostics: See ``diagnostics``.
  ///   - symbols: See ``symbols``.
  ///   - top: See ``top``; less than 1 counts as 1.
  public init(
    capture: CaptureInfo, timeline: Timeline, diagnostics: DiagnosticLog = DiagnosticLog(),
    symbols: [LockAddress: String] = [:], top: Int = 10
  ) {
    self.capture = capture
    self.timeline = timeline
    self.diagnostics = diagnostics
    self.symbols = symbols
    self.top = max(1, top)
  }

  /// Applies ``filter``.
  /// - Parameter hasLocks: whether the rows of locks are needed.
  mutating func select(hasLocks: Bool) {
    rows = RowSelection(timeline, filter, hasLocks: hasLocks)
    (found, sums, topOfWaits) = (Once(), Once(), Once())
  }

  /// Sums over the waits that ``filter`` chooses, made when they are first asked for.
  var waitSums: WaitSums { sums.value { makeWaitSums() } }

  /// What waits longest in sum, likewise.
  var topWaits: TopWaits { topOfWaits.value { TopWaits(waitLengths, waitSums, top: top) } }

  private func makeWaitSums() -> WaitSums {
    if filter.isEmpty { return timeline.waitSums }
    let waits = rows.waits
    return WaitSums(Rows(count: waits.count) { WaitFigures(waits[$0]) })
  }

  /// How long the waits were that ``filter`` chooses.
  private var waitLengths: Rows<WaitLength> {
    if filter.isEmpty { return timeline.waitLengths }
    let waits = rows.waits
    return Rows(count: waits.count) { WaitLength(waits[$0]) }
  }

  /// How long the splits were that ``filter`` chooses.
  var splitLengths: Rows<TaskLength> {
    if filter.isEmpty { return timeline.splitLengths }
    let splits = rows.splits
    return Rows(count: splits.count) { TaskLength(splits[$0]) }
  }

  /// What sums over the handoffs that ``filter`` chooses are made of.
  var handoffBriefs: Rows<HandoffBrief> {
    if filter.isEmpty { return timeline.handoffBriefs }
    let handoffs = rows.handoffs
    return Rows(count: handoffs.count) { HandoffBrief(handoffs[$0]) }
  }

  /// What is wrong, the costliest first, of the rows that ``filter`` chooses.
  var findings: Findings { Findings(found.value { RankedProblems(self) }, self) }

  /// Roles of the events that the capture describes or holds. An event that is described and does not occur was recorded and
  /// did not happen; an event that is not described was not recorded.
  ///
  /// `bpf_trace_printk` alone does not count: nearly every kernel describes it, and only the text of a message says what it
  /// is about. A mark in a message counts as recorded where one was seen.
  public var recordedRoles: Set<EventRole> {
    var roles = timeline.seen.union(capture.events.compactMap(\.role)).subtracting([.message])
    // A trace.dat describes all events of its kernel. No machine runs without switches: where there is none, none was recorded.
    if !timeline.seen.contains(.switched), timeline.eventCount > 0 { roles.remove(.switched) }
    return roles
  }

  /// Whether events with a role were recorded, even if none occurred.
  public func records(_ role: EventRole) -> Bool { recordedRoles.contains(role) }

  /// Whether the number of blocked enqueues is known, 0 included: enqueues and waits were recorded.
  public var knowsBlockedEnqueues: Bool { timeline.marks.total.enqueue > 0 && records(.contentionBegan) }

  /// Whether the filter chooses a task.
  public func chooses(_ task: TaskIndex) -> Bool { filter.chooses(timeline[task]) }

  /// Whether clock steps are nanoseconds. Where not, no output may be in seconds.
  public var countsNanoseconds: Bool { capture.clock.unit == .nanoseconds }

  /// The capture's length times the number of CPUs, in steps of the trace clock: the sum of all CPUs' times. It saturates,
  /// since a damaged file may state any time.
  public var cpuTime: Int64 { time(ofCPUs: timeline.cpus.count) }

  /// The same for a number of CPUs.
  func time(ofCPUs count: Int) -> Int64 {
    let (product, overflow) = timeline.span.multipliedReportingOverflow(by: Int64(count))
    return overflow ? .max : product
  }

  /// The number of events that the ring buffers say they lost; `nil` where one of them did not count.
  public var lostEvents: UInt64? {
    let counted = timeline.cpus.reduce(UInt64?.some(0)) { sum, cpu in
      guard let sum, let lost = cpu.lostEvents else { return nil }
      return sum &+ lost
    }
    // The head of a text counts what its buffer has overwritten for all CPUs together.
    let overwritten = diagnostics.all.reduce(0) { $1.kind == .overwrittenBuffer ? $0 &+ $1.count : $0 }
    guard counted == nil, overwritten > 0,
      timeline.gaps.allSatisfy({ $0.lostEvents != nil || $0.begin == timeline.begin })
    else { return counted }
    return timeline.gaps.reduce(overwritten) { $0 &+ ($1.lostEvents ?? 0) }
  }

  /// Checks that the capture has a `sched_switch`; without one the report would consist of empty tables.
  /// - Throws: `noEvents`, with what to record instead; `damaged` where events may have been there.
  public func requireSwitches() throws(TraceError) {
    guard !timeline.seen.contains(.switched) else { return }
    // Of several the first that has an offset, so that the user can look there.
    let damages = diagnostics.all.filter { $0.kind.severity == .damage }
    if let damage = damages.first(where: { $0.offset != nil }) ?? damages.first {
      throw TraceError(
        .damaged, path: capture.path, "no sched events could be read: \(damage.kind.summary)", offset: damage.offset,
        advice: "copy the file again, or record again")
    }
    let count = timeline.eventCount
    let found = count == 0 ? "it holds no event at all" : "none of its \(count) events is a sched_switch"
    var advice = "record with trace-cmd record -e sched -e lock"
    let others = capture.instances.map(\.name).filter { $0 != capture.instance }
    if !others.isEmpty {
      let names = others.map { $0.isEmpty ? "\"\" (the top buffer)" : $0 }
      advice += ", or read another buffer with --instance: \(names.joined(separator: ", "))"
    }
    throw TraceError(.noEvents, path: capture.path, "no sched events: \(found)", advice: advice)
  }

  /// No capture at all.
  static let empty = ReportContext(
    capture: CaptureInfo(
      path: "", format: CaptureFormat(version: 7, compression: "none", isBigEndian: false, longSize: 8),
      clock: TraceClock(name: "", unit: .nanoseconds)),
    timeline: Timeline())
}
