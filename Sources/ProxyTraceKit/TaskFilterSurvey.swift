package import TraceCore

/// Whether a capture holds the records of some tasks alone.
///
/// With `set_event_pid` (`trace-cmd record -P`, `-F`; `proxytrace record -p`) the kernel writes a record only where the current task is
/// a chosen one, a `sched_switch` also where the next task is, a waking also where the woken task is (kernel/trace/trace_events.c,
/// `event_filter_pid_sched_switch_probe_pre()`, `event_filter_pid_sched_wakeup_probe_pre()`). Nothing in the file says so. It shows by
/// what such a filter makes of a CPU's records: whenever they do not continue each other, neither the task that ran nor the one that
/// runs is a chosen one, since a switch from or to a chosen one would be there; and no record is about such tasks alone. Lost records
/// look otherwise: soon a task is on both sides.
package struct TaskFilterSurvey {
  /// So many times at least do records not continue each other. With fewer, chance could look like a filter.
  package static let fewestBreaks: UInt64 = 8
  /// A filter leaves fewer different pairs of tasks.
  private static let mostPairs = 1 << 16
  /// More events do not make it clearer.
  private static let mostEvents = 1 << 22

  /// The two tasks of a record that a filter looks at; twice the same where there is one.
  private struct Pair: Hashable {
    var current: Pid
    var other: Pid
  }

  private struct Place {
    var current: Pid?
    /// Still current for an instant after it was switched out.
    var leaving: Pid?
  }

  private var places: [CPU: Place] = [:]
  private var pairs: Set<Pair> = []
  /// Tasks that ran when records of their CPU stopped, and when they set in again.
  private var stopped: Set<Pid> = []
  private var resumed: Set<Pid> = []
  package private(set) var breaks: UInt64 = 0
  private var count = 0

  package init() {}

  /// Takes the next event of the capture.
  /// - Returns: Whether to go on.
  package mutating func take(_ event: SchedEvent) -> Bool {
    if event.loss != nil {
      places[event.cpu] = nil
      return true
    }
    let pair = Self.pair(event)
    pairs.insert(pair)
    var place = places[event.cpu, default: Place()]
    if let current = place.current, pair.current != current, pair.current != place.leaving {
      breaks += 1
      stopped.insert(current)
      resumed.insert(pair.current)
      place.current = nil
    }
    if case .switched = event.body {
      place = Place(current: pair.other, leaving: pair.current)
    } else if case .executed(let pid, _) = event.body {
      place = Place(current: pid, leaving: pid)
    } else if place.current == nil || pair.current == place.current {
      place = Place(current: pair.current, leaving: pair.current)
    }
    places[event.cpu] = place
    count += 1
    return count < Self.mostEvents && pairs.count < Self.mostPairs
  }

  private static func pair(_ event: SchedEvent) -> Pair {
    switch event.body {
    case .switched(let record): Pair(current: record.previous.pid, other: record.next.pid)
    case .waking(let record), .wakeup(let record), .wakeupNew(let record):
      Pair(current: event.pid, other: record.task.pid)
    case .migrated(let task, _, _): Pair(current: event.pid, other: task.pid)
    case .executed(let pid, let oldPid): Pair(current: oldPid, other: pid)
    case .forked(_, let child, _): Pair(current: event.pid, other: child)
    default: Pair(current: event.pid, other: event.pid)
    }
  }

  /// The tasks that must have been chosen, ascending; `nil` where the records are no filter's.
  package var chosen: [Pid]? {
    guard breaks >= Self.fewestBreaks, pairs.count < Self.mostPairs else { return nil }
    // A filter of each event's own (`common_pid == 60`) leaves out switches to the task: it is there when records set in again.
    return chosen(others: stopped.union(resumed)) ?? chosen(others: stopped)
  }

  private func chosen(others: Set<Pid>) -> [Pid]? {
    // That idle is left out says nothing: filters leave out what is idle for other reasons too.
    guard others.contains(where: { $0 != 0 }) else { return nil }
    var chosen: Set<Pid> = []
    for pair in pairs {
      let mayBe = [pair.current, pair.other].filter { $0 != 0 && !others.contains($0) }
      guard let first = mayBe.first, let last = mayBe.last else { return nil }
      if first == last { chosen.insert(first) }
    }
    return chosen.sorted()
  }
}

extension CaptureSession {
  /// Says in one sentence that a capture holds the records of some tasks alone, instead of each time that records do not continue
  /// each other. Reads such a capture once more; others, but damaged ones, have no such places.
  func noteTaskFilter(in capture: inout LoadedCapture) throws(TraceError) {
    let told = info.machineFacts["filter"].flatMap { $0.contains("pid=") ? $0 : nil }
    guard let tasks = if let told { told } else { try filteredTasks(capture.diagnostics) } else { return }
    capture.diagnostics.remove(.switchDiscontinuity)
    capture.diagnostics.record(.filteredByTask, tasks)
  }

  private func filteredTasks(_ diagnostics: DiagnosticLog) throws(TraceError) -> String? {
    let breaks = diagnostics.all.filter { $0.kind == .switchDiscontinuity }.reduce(UInt64(0)) { $0 &+ $1.count }
    guard breaks >= TaskFilterSurvey.fewestBreaks else { return nil }
    var survey = TaskFilterSurvey()
    try forEachEvent { survey.take($0) }
    guard let chosen = survey.chosen, !chosen.isEmpty else { return nil }
    let named = chosen.prefix(4).map(String.init).joined(separator: ", ")
    return "pid \(named)" + (chosen.count > 4 ? " and \(chosen.count - 4) more" : "")
  }
}
