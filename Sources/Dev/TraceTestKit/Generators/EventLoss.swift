public import TraceCore

/// Makes holes in a stream of events, as a ring buffer that is too small does.
public enum EventLoss {
  /// The stream without what one CPU wrote in a stretch of time, with a `.lost` where the hole begins.
  ///
  /// - Parameters:
  ///   - events: In order of time.
  ///   - isCounted: Whether the ring buffer tells how many records it lost.
  /// - Returns: `events` as they are where the CPU wrote nothing in that time.
  public static func drop(
    from events: [SchedEvent], on cpu: CPU, in time: ClosedRange<Timestamp>, isCounted: Bool = true
  ) -> [SchedEvent] {
    let isLost = { (event: SchedEvent) in event.cpu == cpu && time.contains(event.timestamp) }
    let count = events.count(where: isLost)
    guard count > 0 else { return events }
    let before = events.lastIndex { $0.cpu == cpu && $0.timestamp < time.lowerBound }
    let after = events.firstIndex { $0.cpu == cpu && $0.timestamp > time.upperBound }
    guard let place = before ?? after else { return events.filter { !isLost($0) } }

    let hole = LostEvents(
      until: after.map { events[$0].timestamp }, isAtStart: before == nil, count: isCounted ? UInt64(count) : nil)
    let mark = SchedEvent(timestamp: events[place].timestamp, cpu: cpu, pid: 0, body: .lost(hole))
    var result: [SchedEvent] = []
    for (index, event) in events.enumerated() {
      // A hole stands behind the last record before it; one at the start before the first record after it.
      if index == place, before == nil { result.append(mark) }
      if !isLost(event) { result.append(event) }
      if index == place, before != nil { result.append(mark) }
    }
    return result
  }
}
