public import ProxyModel
public import TraceCore

/// What a second reading of the capture gathers for pictures: who ran where, and the steps of the tasks that are drawn.
///
///     var events = PictureEvents(windows, timeline)
///     try session.forEachBatch { events.apply($0.events, isFirst: $0.isFirst) }
public struct PictureEvents: Sendable {
  /// A stretch in which a task is in one place.
  struct Stretch: Sendable {
    var pid: Pid
    var place: Place
    var begin: Timestamp
    var end: Timestamp
  }

  enum Place: Sendable, Hashable {
    case running(CPU)
    case queued(CPU)
    /// Off the CPU, with the state in which it left.
    case off(TaskState)
  }

  struct Run: Sendable {
    var cpu: CPU
    var task: TaskSnapshot
    var begin: Timestamp
    var end: Timestamp
  }

  /// The scheduler of a CPU that spins idle chose the blocked task again: what a probe says.
  struct Pick: Sendable {
    var cpu: CPU
    var pid: Pid
    var time: Timestamp
  }

  /// What happened in one window.
  struct Window: Sendable {
    var runs: [Run] = []
    var stretches: [Stretch] = []
    var picks: [Pick] = []
    var lost: [Run] = []
  }

  private struct CPUPlace: Sendable {
    var curr: TaskSnapshot?
    var since = Timestamp(0)
  }

  private let windows: [PictureWindow]
  let rows: [WindowRows]
  private(set) var gathered: [Window]
  private let ignoresProbes: Bool
  /// The pids whose places are followed, of all windows.
  private var followed: Set<Pid> = []
  private var cpus: [CPU: CPUPlace] = [:]
  private var places: [Pid: (place: Place, since: Timestamp)] = [:]
  private let earliest: Timestamp
  private let latest: Timestamp

  /// - Parameters:
  ///   - windows: What is to be drawn.
  ///   - timeline: Of the first reading, with segments.
  ///   - ignoresProbes: Whether the capture's probes do not count.
  public init(_ windows: [PictureWindow], _ timeline: Timeline, ignoresProbes: Bool = false) {
    self.windows = windows
    self.ignoresProbes = ignoresProbes
    rows = WindowRows.all(windows, timeline)
    gathered = Array(repeating: Window(), count: windows.count)
    for rows in rows {
      followed.formUnion(rows.participants.map(\.pid))
      followed.formUnion(rows.waits.filter { rows.locks.contains($0.row.lock) }.map(\.row.waiter.pid))
    }
    followed.remove(0)
    earliest = windows.map(\.begin).min() ?? Timestamp(.max)
    latest = windows.map(\.end).max() ?? Timestamp(0)
  }

  /// Takes the next events of the capture.
  /// - Parameter isFirst: A reading begins: what was gathered before does not count.
  public mutating func apply(_ batch: EventBatch, isFirst: Bool) {
    if isFirst {
      gathered = Array(repeating: Window(), count: windows.count)
      (cpus, places) = ([:], [:])
    }
    for event in batch where event.timestamp <= latest { apply(event) }
  }

  private mutating func apply(_ event: SchedEvent) {
    switch event.body {
    case .switched(let record): switched(record, event)
    case .wakeup(let record), .wakeupNew(let record):
      guard followed.contains(record.task.pid) else { return }
      if case .running = places[record.task.pid]?.place { return }
      move(record.task.pid, to: .queued(record.targetCPU), at: event.timestamp)
    case .migrated(let task, _, let to):
      guard case .queued = places[task.pid]?.place else { return }
      move(task.pid, to: .queued(to), at: event.timestamp)
    case .probedSetNext(let pid, _): if !ignoresProbes { picked(pid, event) }
    case .probedExit(_, let donor, _, let curr): if !ignoresProbes, donor != curr { picked(donor, event) }
    case .lost(let lost): self.lost(lost, event)
    default: break
    }
  }

  private mutating func switched(_ record: SwitchRecord, _ event: SchedEvent) {
    close(event.cpu, at: event.timestamp)
    cpus[event.cpu] = CPUPlace(curr: record.next, since: event.timestamp)
    if followed.contains(record.previous.pid) {
      let isQueued = record.previousState.isRunnable
      move(
        record.previous.pid, to: isQueued ? .queued(event.cpu) : .off(record.previousState), at: event.timestamp)
    }
    if followed.contains(record.next.pid) { move(record.next.pid, to: .running(event.cpu), at: event.timestamp) }
  }

  private mutating func picked(_ pid: Pid, _ event: SchedEvent) {
    guard event.timestamp >= earliest else { return }
    for i in windows.indices where event.timestamp >= windows[i].begin && event.timestamp < windows[i].end {
      let isRepick = rows[i].idlePicks.contains {
        $0.cpu == event.cpu && $0.donor.pid == pid && $0.begin <= event.timestamp && event.timestamp <= $0.end
      }
      if isRepick { gathered[i].picks.append(Pick(cpu: event.cpu, pid: pid, time: event.timestamp)) }
    }
  }

  private mutating func lost(_ lost: LostEvents, _ event: SchedEvent) {
    close(event.cpu, at: event.timestamp)
    cpus[event.cpu] = nil
    let run = Run(
      cpu: event.cpu, task: TaskSnapshot(pid: -1, priority: Priority(0), comm: .empty), begin: event.timestamp,
      end: lost.until ?? Timestamp(.max))
    for i in windows.indices where windows[i].overlaps(run.begin, run.end) { gathered[i].lost.append(run) }
  }

  private mutating func close(_ cpu: CPU, at time: Timestamp) {
    guard time >= earliest, let place = cpus[cpu], let curr = place.curr else { return }
    let run = Run(cpu: cpu, task: curr, begin: place.since, end: time)
    for i in windows.indices where windows[i].overlaps(run.begin, run.end) { gathered[i].runs.append(run) }
  }

  private mutating func move(_ pid: Pid, to place: Place, at time: Timestamp) {
    if time >= earliest, let old = places[pid] {
      let stretch = Stretch(pid: pid, place: old.place, begin: old.since, end: time)
      for i in windows.indices where windows[i].overlaps(stretch.begin, stretch.end) {
        gathered[i].stretches.append(stretch)
      }
    }
    places[pid] = (place, time)
  }

  /// Closes what is still under way at the end of the reading.
  mutating func finish() {
    for (cpu, place) in cpus.sorted(by: { $0.key < $1.key }) where place.curr != nil { close(cpu, at: latest) }
    for (pid, place) in places.sorted(by: { $0.key < $1.key }) { move(pid, to: place.place, at: latest) }
    (cpus, places) = ([:], [:])
    for i in gathered.indices {
      gathered[i].runs.sort { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
      gathered[i].stretches.sort { ($0.begin, $0.pid) < ($1.begin, $1.pid) }
    }
  }

  /// The scenes of all windows, in their order.
  public mutating func scenes(_ text: PictureText) -> [Scene] {
    finish()
    return rows.indices.map { SceneBuilder(rows[$0], gathered[$0], text).scene() }
  }
}
