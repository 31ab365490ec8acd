import TraceCore

/// How many of the last events took the long way, while others took a shorter one or could have.
struct LongWay {
  private var events = 0
  private var spared = 0

  /// These need it not.
  @inline(__always)
  mutating func spare(events count: Int) { spared += count }

  /// Counts events, of which some are spared already.
  mutating func count(_ number: Int) { events += number }

  /// Of at least so many events: whether enough of them took it to make a second thread worth its while; then counts anew. `nil` of
  /// fewer.
  /// - Parameter isOnThread: whether there is one. It takes less to keep it.
  mutating func isMuchTaken(of least: Int, isOnThread: Bool) -> Bool? {
    guard events >= least else { return nil }
    defer { (events, spared) = (0, 0) }
    // In a calm period an event costs a tenth; on two threads one that needs both passes costs half.
    return (events - spared) * (isOnThread ? 5 : 3) > events
  }
}

extension ProxyMachine {
  /// How often the second pass has gone on on a thread of its own.
  package var secondThreadCount: Int { second.delays }

  /// After some events: lets the second pass fall behind on a thread of its own, or catch up.
  mutating func chooseThread(events: Int) {
    guard options.jobs > 1 else { return }
    longWay.count(events)
    guard let isWorthIt = longWay.isMuchTaken(of: options.eventsToChoose, isOnThread: second.isBehind) else { return }
    if isWorthIt, !second.isBehind {
      if calm.isOn { endCalmPeriod() }
      second.fallBehind()
    } else if !isWorthIt {
      second.catchUp()
    }
  }
}
