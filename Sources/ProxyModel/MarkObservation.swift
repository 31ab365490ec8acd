import TraceCore

// Marks of sched_ext callbacks: into the journal, and out of the replay.

extension ProxyMachine {
  mutating func marked(_ mark: MarkRecord, _ event: SchedEvent) {
    switch mark.kind {
    case .running: see(.running)
    case .stopping: see(.stopping)
    case .enqueue: see(.enqueued)
    }
    schedExt.see(at: event.timestamp)
    guard TaskTable.isValid(mark.pid), mark.pid != 0 else {
      diagnostics.record(.pidOutOfRange, cpu: event.cpu, time: event.timestamp, "pid \(mark.pid)")
      return
    }
    // A task that is gone can still be told to stop; whoever is to run is alive.
    let task = mark.kind == .stopping ? tasks.task(mark.pid) : tasks.livingTask(mark.pid)
    tell(
      .marked(task, mark, isBlocking: fallingAsleep.contains(task)), at: event.timestamp, cpu: event.cpu)
  }

  mutating func schedExt(_ record: SchedExtRecord, _ event: SchedEvent) {
    see(record.kind == .counter ? .schedExtCounter : .schedExtExit)
    schedExt.add(record, at: event.timestamp)
  }

  /// Takes the replay's anomalies, but for those that a hole in the records may have made.
  func takeMarks(_ replay: inout Replay, into timeline: inout Timeline) {
    replay.finishMarks()
    timeline.marks = replay.marks.summary
    timeline.schedExt = schedExt
    let holes = Holes(self.holes + gaps.map { $0.begin...max($0.begin, $0.end) })
    timeline.pairing = replay.marks.rows.filter { !holes.meet($0.since, $0.until) }
      .sorted { ($0.time, $0.until, $0.task.index.rawValue) < ($1.time, $1.until, $1.task.index.rawValue) }
  }
}

/// Stretches of time, in order and merged where they meet.
private struct Holes {
  private var merged: [ClosedRange<Timestamp>] = []

  init(_ holes: [ClosedRange<Timestamp>]) {
    for hole in holes.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, hole.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, hole.upperBound)
      } else {
        merged.append(hole)
      }
    }
  }

  /// Whether one of them has an instant in common with another stretch.
  func meet(_ begin: Timestamp, _ end: Timestamp) -> Bool {
    var (low, high) = (0, merged.count)
    while low < high {
      let middle = (low + high) / 2
      if merged[middle].upperBound < begin { low = middle + 1 } else { high = middle }
    }
    return low < merged.count && merged[low].lowerBound <= end
  }
}
