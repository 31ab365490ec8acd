import TraceCore

// Where records are missing.

extension ProxyMachine {
  mutating func lose(_ lost: LostEvents, cpu: Int, at time: Timestamp) {
    let since = lost.isAtStart ? facts.begin ?? time : time
    // A clock that steps back in a hole makes it end before it began.
    let until = max(lost.until ?? Timestamp(.max), since)
    cpus[cpu].countLost(lost.count)
    if !lost.isQuiet {
      diagnostics.record(
        .lostEvents, cpu: CPU(cpu), count: lost.count ?? 1, time: since,
        lost.count == nil ? "the ring buffer did not say how many" : "")
    }
    enter(GapRow(cpu: CPU(cpu), begin: since, end: until, lostEvents: lost.count), at: time)
  }

  /// From a gap's beginning on nothing is known of its CPU, nor of what its records could have told.
  private mutating func enter(_ gap: GapRow, at time: Timestamp) {
    loseCurrent(Int(gap.cpu), since: gap.begin, at: time, isTold: !gap.isQuiet)
    facts.add(gap)
    waits.doubt(on: gap.cpu, since: gap.begin, until: gap.end, isTold: !gap.isQuiet)
    noteDoubts(at: time, cpu: gap.cpu)
    if !gap.isQuiet { deferred.owners.gapBegan(until: gap.end) }
  }

  /// An event that is earlier than the one before it counts at that one's time. As long as its CPU's clock is behind, what that CPU
  /// does has no times: a gap, though no record need be missing.
  @inline(never)
  mutating func takeEarly(_ event: SchedEvent) {
    if event.loss == nil, Self.isPossible(event.cpu), let stretch = facts.newStretchBehind(event) {
      let cpu = Int(event.cpu)
      if cpu >= cpus.count || !cpus[cpu].isOpen { openCPU(cpu) }
      let gap = GapRow(cpu: event.cpu, begin: stretch.lowerBound, end: stretch.upperBound, lostEvents: nil)
      enter(gap, at: stretch.lowerBound)
    }
    take(facts.inOrder(event))
  }

  /// A task is put on a CPU's runqueue, which has to switch to it. Where that CPU has no record at all, its records are missing,
  /// though nothing else says so.
  @inline(__always)
  mutating func expectRecords(of cpu: CPU, at time: Timestamp) {
    let place = Int(cpu)
    if place < cpus.count, cpus[place].isOpen { return }
    missRecords(of: cpu, at: time)
  }

  @inline(never)
  private mutating func missRecords(of cpu: CPU, at time: Timestamp) {
    let place = Int(cpu)
    guard let recorded = options.recordedCPUs, !recorded.contains(cpu) else { return }
    openCPU(place)
    lose(LostEvents(until: nil, isAtStart: true, count: 0), cpu: place, at: time)
  }

  mutating func loseCurrent(_ cpu: Int, since: Timestamp, at time: Timestamp, isTold: Bool = true) {
    bookRun(cpu) { $0.lose(since: since) }
    idlePicks.close(cpu)
    if isTold { deferred.owners.forget(in: &deferred.journal) } else { deferred.owners.doubt() }
    waits.aboutToBlock.removeAll()
    deferred.followUps.lost(cpu, in: &deferred.journal)
    emit(.lost(since: since, isTold: isTold), at: time, cpu: CPU(cpu))
  }

  @inline(__always)
  mutating func noteDoubts(at time: Timestamp, cpu: CPU) {
    if waits.hasDoubted { noteNewDoubts(at: time, cpu: cpu) }
  }

  @inline(never)
  private mutating func noteNewDoubts(at time: Timestamp, cpu: CPU) {
    for wait in waits.takeDoubted() {
      emit(.waitDoubted(wait: wait.row, since: wait.doubtfulSince ?? time), at: time, cpu: cpu)
    }
  }

  /// Waits whose end is not seen leave the second pass.
  @inline(__always)
  mutating func endLostWaits(at time: Timestamp, cpu: CPU) {
    if waits.hasLost { endNewlyLostWaits(at: time, cpu: cpu) }
  }

  @inline(never)
  private mutating func endNewlyLostWaits(at time: Timestamp, cpu: CPU) {
    for wait in waits.takeLost() {
      let lock = locks.index(of: wait.lock)
      let position = deferStep(.waitLost(wait: wait.row, wait.waiter, lock), at: time, cpu: cpu)
      deferred.owners.waitEnded(
        lock, wait.waiter, acquired: false, isLost: true, at: position, time: time, in: &deferred.journal)
    }
  }

  /// Gaps in order of time, none beyond the trace's end.
  mutating func closeGaps(_ timeline: inout Timeline) {
    let noticeable = timeline.span / 100
    for var gap in facts.gaps.sorted(by: { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }) {
      gap.end = min(gap.end, timeline.end)
      if gap.isQuiet {
        let length = gap.end - gap.begin
        if length <= 0 { continue }
        if let row = timeline.cpus.firstIndex(where: { $0.cpu == gap.cpu }) { timeline.cpus[row].quiet &+= length }
        if length > noticeable {
          diagnostics.record(
            .quietCPU, cpu: gap.cpu, time: gap.begin,
            gap.begin == timeline.begin ? "up to its first record" : "up to the trace's end")
        }
      }
      timeline.gaps.append(gap)
    }
  }

  /// Marks the waits that a gap overlaps. They are in order of their beginning: none is looked at that is over before a gap begins.
  func markGaps(_ gaps: [GapRow], on waits: inout PackedLog<WaitRecord>) {
    // Gaps are in order of their beginning, so the furthest end among those that begin before an instant decides.
    var furthest: [Timestamp] = []
    for gap in gaps { furthest.append(max(furthest.last ?? gap.end, gap.end)) }
    var next = 0
    for gap in gaps {
      var above = waits.count
      while next < above {
        let middle = (next + above) / 2
        if gap.begin - waits[middle].begin > self.waits.longest { next = middle + 1 } else { above = middle }
      }
      while next < waits.count, waits[next].begin < gap.end {
        waits.passed(next)
        // What is in a file and stays as it is need not be written again.
        if Self.touches(waits[next], gaps, furthest) { waits[next].touchesGap = true }
        next += 1
      }
    }
  }

  private static func touches(_ wait: WaitRecord, _ gaps: [GapRow], _ furthest: [Timestamp]) -> Bool {
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].begin <= wait.certainEnd { low = middle + 1 } else { high = middle }
    }
    return low > 0 && furthest[low - 1] > wait.begin
  }
}
