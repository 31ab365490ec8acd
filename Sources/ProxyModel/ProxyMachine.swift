public import TraceCore

/// The state machine: events in, in the order of the merged stream; a ``Timeline`` out.
///
/// It keeps tasks, CPUs, open waits and nothing per event.
public struct ProxyMachine {
  /// No kernel numbers CPUs higher (CONFIG_NR_CPUS is at most 8192), so larger numbers are damage and get no lane.
  private static let cpuLimit: CPU = 8192

  private var tasks: TaskTable
  /// Lanes by CPU number; a CPU without a record has none.
  private var lanes: [CPULane?] = []
  private var waits = WaitBook()
  private var gaps: [GapRow] = []
  /// Gaps that have begun and not ended, by CPU.
  private var openGaps: [CPU: GapRow] = [:]
  private var diagnostics = DiagnosticLog()
  private var roles: Set<EventRole> = []

  private var begin: Timestamp?
  private var end = Timestamp(0)
  private var eventCount: UInt64 = 0
  /// The end of the last gap, or the trace's beginning: what is known without a gap since.
  private var gaplessSince = Timestamp(0)

  /// - Parameter savedComms: names of tasks that no event names (trace-cmd's `saved_cmdlines`).
  public init(savedComms: [Pid: Comm] = [:]) {
    tasks = TaskTable(savedComms: savedComms)
  }

  /// Takes the next event of the merged stream.
  public mutating func apply(_ event: SchedEvent) {
    if begin == nil {
      begin = event.timestamp
      gaplessSince = event.timestamp
    }
    end = max(end, event.timestamp)
    guard event.cpu >= 0, event.cpu < Self.cpuLimit else {
      diagnostics.record(.cpuOutOfRange, time: event.timestamp, "CPU \(event.cpu)")
      return
    }
    let lane = Int(event.cpu)
    openLane(lane)
    if case .lost(let lost) = event.body {
      lose(lost, lane: lane, at: event.timestamp)
      return
    }
    eventCount += 1
    guard let current = see(event, lane: lane) else { return }
    applyBody(event, lane: lane, current: current)
  }

  /// Closes everything at the last record's instant.
  public consuming func finish() -> Timeline {
    var timeline = Timeline()
    timeline.begin = begin ?? Timestamp(0)
    timeline.end = max(end, timeline.begin)
    timeline.eventCount = eventCount
    timeline.seen = roles
    for lane in lanes.indices where lanes[lane] != nil {
      closeGap(lane, at: timeline.end)
      bookRun(lane) { $0.finish(at: timeline.end) }
    }
    timeline.cpus = lanes.compactMap { $0?.row }
    for i in timeline.cpus.indices { timeline.cpus[i].unknown = timeline.cpus[i].busy }
    timeline.gaps = gaps.sorted { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
    let closed = waits.finish(at: timeline.end)
    timeline.waits = closed.rows
    markGaps(&timeline)
    for i in timeline.waits.indices where timeline.waits[i].waiter.comm.isEmpty {
      timeline.waits[i].waiter.comm = tasks[timeline.waits[i].waiter.index].comm
    }
    for wait in timeline.waits {
      tasks[wait.waiter.index].waits += 1
      tasks[wait.waiter.index].waited += wait.length
    }
    timeline.tasks = tasks.rows
    diagnostics.merge(closed.diagnostics)
    timeline.diagnostics = diagnostics
    return timeline
  }
}

// MARK: - Curr

extension ProxyMachine {
  private mutating func openLane(_ lane: Int) {
    while lanes.count <= lane { lanes.append(nil) }
    if lanes[lane] == nil { lanes[lane] = CPULane(cpu: CPU(lane), traceBegin: begin ?? Timestamp(0)) }
  }

  /// Establishes which task wrote the record; `nil` where its pid is impossible.
  private mutating func see(_ event: SchedEvent, lane: Int) -> TaskIndex? {
    let pid =
      switch event.body {
      // The task that leaves; common_pid is the same one, but text may lack it.
      case .switched(let record): record.previous.pid
      // Already written under the new pid; until now it was curr under the old one.
      case .executed(_, let oldPid): oldPid
      default: event.pid
      }
    guard TaskTable.isValid(pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(pid)")
      return nil
    }
    closeGap(lane, at: event.timestamp)
    if lanes[lane]?.continues(with: pid) == false { breakContinuity(event, pid: pid, lane: lane) }
    let task = tasks.task(pid)
    lanes[lane]?.see(task, pid: pid, at: event.timestamp)
    return task
  }

  /// The record cannot follow the one before it: between the two, curr is not known.
  private mutating func breakContinuity(_ event: SchedEvent, pid: Pid, lane: Int) {
    guard let last = lanes[lane]?.lastRecord else { return }
    diagnostics.record(
      .switchDiscontinuity, cpu: event.cpu, time: event.timestamp, "pid \(pid) runs, though no switch led to it")
    loseCurrent(lane, since: last)
    waits.doubt(since: last)
    gaplessSince = event.timestamp
  }

  private mutating func switched(_ record: SwitchRecord, event: SchedEvent, lane: Int, previous: TaskIndex) {
    guard TaskTable.isValid(record.next.pid) else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(record.next.pid)")
      loseCurrent(lane, since: event.timestamp)
      return
    }
    tasks[previous].comm = record.previous.comm
    tasks[previous].priority = record.previous.priority
    let next = tasks.task(record.next)
    bookRun(lane) { $0.switchTo(next, pid: record.next.pid, at: event.timestamp) }
    tasks[next].switches += 1
    waits.leaveCPU(previous, at: event.timestamp)
    waits.enterCPU(next, at: event.timestamp)
    if record.previousState.isDead {
      tasks.markDead(previous)
      waits.forget(previous)
    }
  }

  private mutating func executed(pid: Pid, oldPid: Pid, lane: Int, at time: Timestamp) {
    // de_thread() (fs/exec.c): the thread takes its dead leader's pid, and goes on as that pid.
    guard pid != oldPid, TaskTable.isValid(pid), TaskTable.isValid(oldPid) else { return }
    let task = tasks.newLife(pid)
    let old = tasks.task(oldPid)
    (tasks[task].comm, tasks[task].priority) = (tasks[old].comm, tasks[old].priority)
    tasks.markDead(old)
    bookRun(lane) { $0.rename(to: task, pid: pid, at: time) }
  }

  /// Runs a step of a lane and books the run that it returns to the task that was curr before it.
  private mutating func bookRun(_ lane: Int, _ step: (inout CPULane) -> Int64) {
    guard let current = lanes[lane]?.current else { return }
    let ran = step(&lanes[lane]!)
    if case .task(let task, _) = current { tasks[task].run += ran }
  }
}

// MARK: - Gaps

extension ProxyMachine {
  private mutating func lose(_ lost: LostEvents, lane: Int, at time: Timestamp) {
    let since = lost.since ?? begin ?? time
    lanes[lane]?.countLost(lost.count)
    loseCurrent(lane, since: since)
    diagnostics.record(
      .lostEvents, cpu: CPU(lane), count: lost.count ?? 1, time: since,
      lost.count == nil ? "the ring buffer did not say how many" : "")
    // Several losses without a record between them are one gap.
    let before = openGaps.removeValue(forKey: CPU(lane))
    let sum: UInt64? = if let before { combined(before.lostEvents, lost.count) } else { lost.count }
    openGaps[CPU(lane)] = GapRow(cpu: CPU(lane), begin: before?.begin ?? since, end: time, lostEvents: sum)
    waits.doubt(since: since)
    gaplessSince = max(gaplessSince, time)
  }

  private func combined(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
    guard let a, let b else { return nil }
    return a &+ b
  }

  private mutating func closeGap(_ lane: Int, at time: Timestamp) {
    guard !openGaps.isEmpty, var gap = openGaps.removeValue(forKey: CPU(lane)) else { return }
    gap.end = time
    gaps.append(gap)
    gaplessSince = max(gaplessSince, time)
  }

  private mutating func loseCurrent(_ lane: Int, since: Timestamp) {
    bookRun(lane) { $0.lose(since: since) }
  }

  /// Marks the waits that a gap overlaps.
  private func markGaps(_ timeline: inout Timeline) {
    guard !timeline.gaps.isEmpty else { return }
    // Gaps are in order of their beginning, so the furthest end among those that begin before an instant decides.
    var furthest: [Timestamp] = []
    for gap in timeline.gaps { furthest.append(max(furthest.last ?? gap.end, gap.end)) }
    for i in timeline.waits.indices {
      let wait = timeline.waits[i]
      let end = wait.begin + wait.length
      var (low, high) = (0, timeline.gaps.count)
      while low < high {
        let middle = (low + high) / 2
        if timeline.gaps[middle].begin <= end { low = middle + 1 } else { high = middle }
      }
      timeline.waits[i].touchesGap = low > 0 && furthest[low - 1] > wait.begin
    }
  }
}

// MARK: - What happened

extension ProxyMachine {
  private mutating func applyBody(_ event: SchedEvent, lane: Int, current: TaskIndex) {
    switch event.body {
    case .switched(let record):
      roles.insert(.switched)
      switched(record, event: event, lane: lane, previous: current)
    case .waking(let record): named(record.task, role: .waking)
    case .wakeup(let record): named(record.task, role: .wakeup)
    case .wakeupNew(let record): named(record.task, role: .wakeupNew)
    case .migrated(let task, _, _): named(task, role: .migrated)
    case .exited(let task): named(task, role: .exited)
    case .forked(_, let child, let comm):
      roles.insert(.forked)
      guard TaskTable.isValid(child) else { return }
      let task = tasks.newLife(child)
      tasks[task].comm = comm
    case .executed(let pid, let oldPid):
      roles.insert(.executed)
      executed(pid: pid, oldPid: oldPid, lane: lane, at: event.timestamp)
    case .renamed(let pid, let comm):
      roles.insert(.renamed)
      if TaskTable.isValid(pid) { tasks[tasks.task(pid)].comm = comm }
    case .inheritedPriority(let pid, let comm, _, let priority):
      named(TaskSnapshot(pid: pid, priority: priority, comm: comm), role: .inheritedPriority)
    case .contentionBegan(let lock, let flags):
      roles.insert(.contentionBegan)
      guard let kind = WaitKind(flags) else {
        lanes[lane]?.beginSpinning(on: lock)
        return
      }
      waits.begin(lock, kind: kind, waiter: tasks.label(current), at: event.timestamp)
    case .contentionEnded(let lock, let result):
      roles.insert(.contentionEnded)
      if lanes[lane]?.endSpinning(on: lock) == true { return }
      waits.end(
        lock, result: result, waiter: tasks.label(current), at: event.timestamp, certainSince: gaplessSince)
    case .contendedRelease: roles.insert(.contendedRelease)
    case .probedSwitch: roles.insert(.probedSwitch)
    case .probedWait: roles.insert(.probedWait)
    case .probedSetNext: roles.insert(.probedSetNext)
    case .lost, .other: break
    }
  }

  /// An event about a task names it and tells its priority.
  private mutating func named(_ task: TaskSnapshot, role: EventRole) {
    roles.insert(role)
    if TaskTable.isValid(task.pid) { _ = tasks.task(task) }
  }
}
