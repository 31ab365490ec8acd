import TraceCore

/// What must be known of a text before its first event is read.
///
/// A text reports missing records where the next record of that CPU is, but ``LostEvents`` are placed where the last
/// one was. And messages are searched for marks only of callbacks without events of their own. So the whole text is
/// scanned first. Few texts need that: a reader may skip it, look only at the lines before the first event, and start
/// over with a scan where ``needsFullScan(_:_:)`` says so (``TextReader/restart()``).
struct TextScan {
  /// Records that are missing.
  struct Hole {
    /// The number of the event that it comes before, in the text's order.
    var event: Int
    var time: UInt64
    var cpu: CPU
    var loss: LostEvents
  }

  /// In order of `event`.
  private(set) var holes: [Hole] = []
  /// CPUs that the head names (`#P:4`, `cpus=4`); 0 where none does.
  private(set) var cpuCount = 0
  /// Of the first event's time, in nanoseconds; 0 where times are plain numbers. `nil`: there is no event.
  private(set) var resolution: UInt64?
  /// Roles that events of the user's map have in this text.
  private(set) var ownRoles: Set<EventRole> = []
  /// Callbacks that have an event of their own in this text.
  private(set) var ownMarks: MarkKinds = []

  /// Whether only the lines before the first event were looked at.
  private(set) var isPartial: Bool

  /// - Parameter isPartial: Look only at the lines before the first event, where that may be enough: roles of a user's
  ///   map must be known of all of the text.
  init(_ source: inout TextSource, _ map: EventMap, isPartial: Bool) {
    self.isPartial = isPartial && map.own.isEmpty
    if self.isPartial, scanHead(&source) { return }
    self.isPartial = false
    source.rewind()
    scanAll(&source, map)
  }

  /// - Returns: Whether there are no losses before the first event.
  private mutating func scanHead(_ source: inout TextSource) -> Bool {
    var parser = TextLine()
    while resolution == nil, let line = source.nextLine() {
      var scanner = TextScanner(line.bytes)
      noteHead(line.bytes)
      switch parser.read(&scanner) {
      case .event: resolution = parser.head.resolution
      case .loss: return false
      case .remark, .foreign: break
      }
    }
    return true
  }

  /// Whether reading this line demands a scan of the whole text first.
  @inline(__always)
  func needsFullScan(_ kind: TextLine.Kind, _ line: UnsafeRawBufferPointer) -> Bool {
    switch kind {
    case .event, .foreign: false
    case .loss: isPartial
    // The lines before the first event were looked at.
    case .remark: isPartial && cpuCount == 0 && Self.cpuCount(line) != nil
    }
  }

  private mutating func noteHead(_ line: UnsafeRawBufferPointer) {
    if cpuCount == 0, let count = Self.cpuCount(line) { cpuCount = count }
  }

  /// The number of CPUs that a line of the head names.
  static func cpuCount(_ line: UnsafeRawBufferPointer) -> Int? {
    guard line.count < 200 else { return nil }
    var scanner = TextScanner(line)
    if scanner.byte() == UInt8(ascii: "#") {
      while !scanner.isAtEnd, !scanner.has("#P:") { scanner.position += 1 }
      guard scanner.skip("#P:") else { return nil }
    } else if !scanner.skip("cpus=") {
      return nil
    }
    return scanner.decimal().flatMap { $0 <= KernelLimits.cpuCount ? Int($0) : nil }
  }

  private struct CPUState {
    var lastEvent: Int?
    var lastTime: UInt64 = 0
    var isPending = false
    var missing: UInt64? = 0
  }

  private mutating func scanAll(_ source: inout TextSource, _ map: EventMap) {
    var events = TextEvents(map)
    var states: [CPU: CPUState] = [:]
    var (count, parser) = (0, TextLine())
    while let line = source.nextLine() {
      var scanner = TextScanner(line.bytes)
      noteHead(line.bytes)
      switch parser.read(&scanner) {
      case .event:
        let head = parser.head
        if resolution == nil { resolution = head.resolution }
        let index = events.index(of: parser.name)
        if events.isOwn(index), let role = events.role(index) { ownRoles.insert(role) }
        ownMarks.formUnion(events.mark(index))
        var state = states[head.cpu, default: CPUState()]
        if state.isPending { add(state, head.cpu, until: head.time, before: count) }
        (state.lastEvent, state.lastTime, state.isPending, state.missing) = (count, head.time, false, 0)
        states[head.cpu] = state
        count += 1
      case .loss:
        let cpu = parser.cpu
        var state = states[cpu, default: CPUState()]
        state.isPending = true
        if let sum = state.missing, let missing = parser.count {
          state.missing = sum &+ missing
        } else {
          state.missing = nil
        }
        states[cpu] = state
      case .remark, .foreign: break
      }
    }
    for (cpu, state) in states where state.isPending { add(state, cpu, until: nil, before: count) }
    holes.sort { ($0.event, $0.cpu) < ($1.event, $1.cpu) }
  }

  private mutating func add(_ state: CPUState, _ cpu: CPU, until: UInt64?, before event: Int) {
    let isAtStart = state.lastEvent == nil
    // Nothing says when a CPU without any record lost some.
    guard !isAtStart || until != nil else { return }
    holes.append(
      Hole(
        event: state.lastEvent.map { $0 + 1 } ?? event, time: isAtStart ? until ?? 0 : state.lastTime, cpu: cpu,
        loss: LostEvents(until: until.map { Timestamp($0) }, isAtStart: isAtStart, count: state.missing)))
  }
}
