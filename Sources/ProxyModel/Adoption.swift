import TraceCore

// The end: of the two replays the one whose hypothesis holds, and its rows together with the waits.

extension ProxyMachine {
  mutating func adopt(into timeline: inout Timeline) {
    timeline.verdict = verdict.verdict(currentSigns())
    guard var replay = takeReplay(proxies: timeline.verdict.answer == .on) else { return }
    replay.finish(at: timeline.end)
    takeLanes(replay, into: &timeline)
    takeMarks(&replay, into: &timeline)
    var rows = replay.rows
    var waits = PackedLog<WaitRecord>(in: rowFile)
    let places = self.waits.takeRows(into: &waits)
    let place = { (row: Int) in places?[row] ?? row }
    markGaps(timeline.gaps, on: &waits)
    for row in waits.indices {
      waits.passed(row)
      rows.outcomes.passed(row)
      finish(&waits[place(row)], row, &rows)
    }
    _ = rows.outcomes.take()
    rows.arrange(waits, placed: place)
    bookSplits(rows)
    rowFile.releaseAllPages()
    timeline.rowFile = rowFile
    timeline.tasks = tasks.all()
    timeline.classes = rows.classes ?? []
    RowStore(waits, rows, locks: locks.all()).fill(&timeline)
  }

  /// What reconstruction adds to a wait, and what the wait adds to its task.
  private mutating func finish(_ wait: inout WaitRecord, _ row: Int, _ rows: inout ReplayRows) {
    var waiter = waits.waiter(wait)
    var known = LabelID.none
    if row < rows.outcomes.count, rows.outcomes[row].waiter != .none {
      let outcome = rows.outcomes[row]
      wait.times = wait.result == .lost ? rows.timesAtDoubt[row] ?? ClassTimes() : outcome.times
      wait.owner = outcome.owner
      wait.ownerEvidence = outcome.ownerEvidence
      wait.depth = outcome.depth
      known = outcome.waiter
      let last = rows.labels[known]
      if !last.comm.isEmpty { waiter.comm = last.comm }
      waiter.priority = waiter.priority ?? last.priority
    }
    // Waits that no replay saw begin, and what reconstruction could not follow: not known, but accounted for.
    wait.times[.unknown] &+= wait.length &- wait.times.total
    // No event had named the waiter when it began to wait.
    if waiter.comm.isEmpty { waiter.comm = tasks[waiter.index].comm }
    wait.waiter = known == .none || rows.labels[known] != waiter ? rows.labels.id(waiter) : known
    tasks[waiter.index].waits += 1
    tasks[waiter.index].waited &+= wait.length
    tasks[waiter.index].inverted &+= wait.times[.inverted]
  }

  private mutating func bookSplits(_ rows: borrowing ReplayRows) {
    for i in rows.splits.indices {
      rows.splits.passed(i)
      let split = rows.splits[i]
      tasks[rows.labels[split.curr].index].proxiedRun &+= split.end - split.begin
      tasks[rows.labels[split.donor].index].donated &+= split.end - split.begin
    }
  }

  private func takeLanes(_ replay: borrowing Replay, into timeline: inout Timeline) {
    for i in timeline.cpus.indices {
      let lane = Int(timeline.cpus[i].cpu)
      if lane < replay.lanes.count {
        timeline.cpus[i].proxied = replay.lanes[lane].proxied
        timeline.cpus[i].unknown = replay.lanes[lane].unknown
        timeline.cpus[i].proxiedSwitches = replay.lanes[lane].proxiedSwitches
        timeline.cpus[i].donations = replay.lanes[lane].donations
      }
      timeline.cpus[i].own = timeline.cpus[i].busy &- timeline.cpus[i].proxied &- timeline.cpus[i].unknown
    }
  }
}
