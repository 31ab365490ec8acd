import TraceCore

/// A first look at a text: what must be known of it before its first event.
///
/// Where records are missing is said where the next one comes, but must be known where the last one came
/// (``LostEvents``). So a text that tells of losses is gone through twice; of all others only the lines' beginnings are looked
/// at, or, in haste, just those before the first event: then the text is begun anew where one of the others should have been
/// looked at (``TextReader/restart()``).
struct TextSurvey {
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

  /// Whether only the lines before the first event were looked at: losses behind it are not known.
  private(set) var skipsLossScan = false

  /// - Parameter skipsLossScan: Look no farther than to the first event, where that may be enough.
  init(_ source: inout TextSource, _ map: EventMap, skipsLossScan: Bool) {
    let mayStop = map.own.isEmpty
    self.skipsLossScan = skipsLossScan && mayStop
    if look(&source, stopsAtLoss: mayStop), mayStop { return }
    self.skipsLossScan = false
    source.rewind()
    study(&source, map)
  }

  /// - Returns: whether there are no losses.
  private mutating func look(_ source: inout TextSource, stopsAtLoss: Bool) -> Bool {
    var parser = TextLine()
    while let line = source.nextLine() {
      var scanner = TextScanner(line.bytes)
      let first = scanner.byte()
      if resolution == nil || first == UInt8(ascii: "#") || first == UInt8(ascii: "C") || first == UInt8(ascii: ">") {
        noteHead(line.bytes)
        switch parser.read(&scanner) {
        case .event:
          if resolution == nil { resolution = parser.head.resolution }
          if skipsLossScan { return true }
        case .loss: if stopsAtLoss { return false }
        case .remark, .foreign: break
        }
      }
    }
    return true
  }

  /// Whether a line says what a hasty survey should have known beforehand.
  @inline(__always)
  func needsFullScan(_ kind: TextLine.Kind, _ line: UnsafeRawBufferPointer) -> Bool {
    switch kind {
    case .event, .foreign: false
    case .loss: skipsLossScan
    // What stands before the first event it has seen.
    case .remark: skipsLossScan && cpuCount == 0 && Self.cpuCount(line) != nil
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
    return scanner.decimal().flatMap { $0 <= 8192 ? Int($0) : nil }
  }

  private struct Lane {
    var lastEvent: Int?
    var lastTime: UInt64 = 0
    var isPending = false
    var missing: UInt64? = 0
  }

  private mutating func study(_ source: inout TextSource, _ map: EventMap) {
    var events = TextEvents(map)
    var lanes: [CPU: Lane] = [:]
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
        var lane = lanes[head.cpu, default: Lane()]
        if lane.isPending { add(lane, head.cpu, until: head.time, before: count) }
        (lane.lastEvent, lane.lastTime, lane.isPending, lane.missing) = (count, head.time, false, 0)
        lanes[head.cpu] = lane
        count += 1
      case .loss:
        let cpu = parser.cpu
        var lane = lanes[cpu, default: Lane()]
        lane.isPending = true
        if let sum = lane.missing, let missing = parser.count {
          lane.missing = sum &+ missing
        } else {
          lane.missing = nil
        }
        lanes[cpu] = lane
      case .remark, .foreign: break
      }
    }
    for (cpu, lane) in lanes where lane.isPending { add(lane, cpu, until: nil, before: count) }
    holes.sort { ($0.event, $0.cpu) < ($1.event, $1.cpu) }
  }

  private mutating func add(_ lane: Lane, _ cpu: CPU, until: UInt64?, before event: Int) {
    let isAtStart = lane.lastEvent == nil
    // Nothing says when a CPU without any record lost some.
    guard !isAtStart || until != nil else { return }
    holes.append(
      Hole(
        event: lane.lastEvent.map { $0 + 1 } ?? event, time: isAtStart ? until ?? 0 : lane.lastTime, cpu: cpu,
        loss: LostEvents(until: until.map { Timestamp($0) }, isAtStart: isAtStart, count: lane.missing)))
  }
}
