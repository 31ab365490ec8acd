public import TraceCore

/// Makes holes in a stream of events, as a ring buffer that is too small does.
public enum EventLoss {
  /// The stream without what one CPU wrote in a stretch of time, with a `.lost` where the hole begins.
  ///
  /// - Parameters:
  ///   - events: In order of time, without the holes of ``withQuietEnds(_:)``.
  ///   - isCounted: Whether the ring buffer tells how many records it lost.
  ///   - isTold: Whether the stream tells of the hole at all.
  public static func drop(
    from events: [SchedEvent], on cpu: CPU, in time: ClosedRange<Timestamp>, isCounted: Bool = true, isTold: Bool = true
  ) -> [SchedEvent] {
    let isLost = { (event: SchedEvent) in event.cpu == cpu && time.contains(event.timestamp) }
    let count = events.count(where: isLost)
    let before = events.lastIndex { $0.cpu == cpu && $0.timestamp < time.lowerBound && $0.loss == nil }
    let after = events.firstIndex { $0.cpu == cpu && $0.timestamp > time.upperBound && $0.loss == nil }
    var result = events.filter { !isLost($0) }
    guard count > 0, isTold, let first = result.first else { return result }

    let hole = LostEvents(
      until: after.map { events[$0].timestamp }, isAtStart: before == nil, count: isCounted ? UInt64(count) : nil)
    if let before {
      // Behind the last record before it, which is there still.
      let place = before - events[..<before].count(where: isLost)
      result.insert(SchedEvent(timestamp: events[before].timestamp, cpu: cpu, pid: 0, body: .lost(hole)), at: place + 1)
    } else {
      insertAtStart(hole, of: cpu, at: first.timestamp, into: &result)
    }
    return result
  }

  /// The stream as a reader gives it: a CPU is in a hole before its first record and after its last one, of which nothing tells.
  /// - Parameter events: In order of time.
  public static func withQuietEnds(_ events: [SchedEvent]) -> [SchedEvent] {
    var result = withoutQuietEnds(events)
    guard let begin = result.first(where: { $0.loss == nil })?.timestamp else { return result }
    let told = result.filter { $0.loss != nil }
    var last: [CPU: Int] = [:]
    for (index, event) in result.enumerated() where event.loss == nil { last[event.cpu] = index }
    guard let end = last.values.max() else { return result }
    // From the back, so that places stay.
    for (cpu, index) in last.sorted(by: { $0.value > $1.value }) where index < end {
      if told.contains(where: { $0.cpu == cpu && $0.loss?.until == nil }) { continue }
      let hole = LostEvents(until: nil, isAtStart: false, count: 0)
      result.insert(
        SchedEvent(timestamp: result[index].timestamp, cpu: cpu, pid: 0, body: .lost(hole)), at: index + 1)
    }
    for cpu in last.keys.sorted() where !told.contains(where: { $0.cpu == cpu && $0.loss?.isAtStart == true }) {
      guard let first = result.first(where: { $0.cpu == cpu && $0.loss == nil }), first.timestamp > begin
      else { continue }
      insertAtStart(LostEvents(until: first.timestamp, isAtStart: true, count: 0), of: cpu, at: begin, into: &result)
    }
    return result
  }

  /// The stream without what only says that a CPU's records begin later than the trace or end earlier.
  public static func withoutQuietEnds(_ events: [SchedEvent]) -> [SchedEvent] {
    events.filter { $0.loss?.isQuiet != true }
  }

  /// By time, then by CPU.
  private static func insertAtStart(
    _ hole: LostEvents, of cpu: CPU, at begin: Timestamp, into events: inout [SchedEvent]
  ) {
    let place = events.firstIndex { $0.timestamp > begin || $0.cpu > cpu } ?? events.count
    events.insert(SchedEvent(timestamp: begin, cpu: cpu, pid: 0, body: .lost(hole)), at: place)
  }
}
