import TraceCore

// The end: the branch whose hypothesis holds, and its rows together with the waits.

extension ProxyMachine {
  mutating func assemble(into timeline: inout Timeline) {
    timeline.verdict = reconstruction.verdict.verdict(reconstruction.signs)
    timeline.schedExt = facts.schedExt
    if timeline.verdict.answer == .undecided {
      timeline.verdict.ifProxied = reconstruction.timeIfProxied(at: timeline.end)
    }
    guard let branch = reconstruction.finish(proxies: timeline.verdict.answer == .on, at: timeline.end) else { return }
    let proxies = branch.hypothesis.proxies
    takeAccounts(branch.hypothesis, into: &timeline)
    timeline.marks = branch.pairing.book.summary
    timeline.pairing = anomalies(branch.pairing.book.rows)
    var rows = branch.takeRows()
    var shared = reconstruction.takeSharedRows(in: rowFile)
    var waits = PackedLog<WaitRecord>(in: rowFile)
    let places = self.waits.takeRows(into: &waits)
    let place = { (row: Int) in places?[row] ?? row }
    for series in idlePicks.take() {
      timeline.idlePicks.append(
        IdlePickRow(
          cpu: CPU(series.cpu), donor: tasks.label(series.task), wait: place(series.wait), begin: series.begin,
          end: series.end, picks: series.picks, evidence: series.hasPause ? .inferred(.pickedAgain) : .probe))
    }
    markGaps(timeline.gaps, on: &waits)
    for row in waits.indices {
      waits.passed(row)
      rows.outcomes.passed(row)
      finish(&waits[place(row)], row, rows, &shared.labels)
    }
    _ = rows.outcomes.take()
    rows.arrange(waits, placed: place)
    shared.arrange(placed: place)
    rowFile.releaseAllPages()
    timeline.rowFile = rowFile
    timeline.tasks = tasks.all()
    timeline.waitedLocks = self.waits.locks
    let noProxying = proxies ? nil : timeline.verdict.evidence
    RowStore(waits, rows, shared, locks: locks.all(), noProxying: noProxying).fill(&timeline)
  }

  /// What reconstruction adds to a wait, and what the wait adds to its task.
  private mutating func finish(
    _ wait: inout WaitRecord, _ row: Int, _ rows: borrowing ReconstructedRows, _ labels: inout LabelPool
  ) {
    var waiter = waits.waiter(wait)
    var known = LabelID.none
    if row < rows.outcomes.count, rows.outcomes[row].waiter != .none {
      let outcome = rows.outcomes[row]
      wait.times = wait.result == .lost ? rows.timesAtDoubt[row] ?? ClassTimes() : outcome.times
      wait.owner = outcome.owner
      wait.ownerEvidence = outcome.ownerEvidence
      wait.depth = outcome.depth
      known = outcome.waiter
      let last = labels[known]
      if !last.comm.isEmpty { waiter.comm = last.comm }
      waiter.priority = waiter.priority ?? last.priority
    }
    // Waits that reconstruction did not see begin, and what it could not follow: not known, but accounted for.
    wait.times[.unknown] &+= wait.length &- wait.times.total
    // No event had named the waiter when it began to wait.
    if waiter.comm.isEmpty { waiter.comm = tasks[waiter.index].comm }
    wait.waiter = known == .none || labels[known] != waiter ? labels.id(waiter) : known
    tasks[waiter.index].waits += 1
    tasks[waiter.index].waited &+= wait.length
    tasks[waiter.index].inverted &+= wait.times[.inverted]
  }

  private mutating func takeAccounts(_ hypothesis: borrowing Hypothesis, into timeline: inout Timeline) {
    for i in timeline.cpus.indices {
      let account = hypothesis.account(Int(timeline.cpus[i].cpu))
      timeline.cpus[i].proxied = account.proxied
      timeline.cpus[i].unknown = account.unknown
      timeline.cpus[i].proxiedSwitches = account.proxiedSwitches
      timeline.cpus[i].donations = account.donations
      timeline.cpus[i].own = timeline.cpus[i].busy &- timeline.cpus[i].proxied &- timeline.cpus[i].unknown
    }
    for i in hypothesis.lent.indices {
      let task = TaskIndex(rawValue: UInt32(i))
      tasks[task].proxiedRun = hypothesis.lent[i].proxiedRun
      tasks[task].donated = hypothesis.lent[i].donated
    }
  }

  /// The anomalies of callbacks, but for those that a hole in the records may have made.
  private func anomalies(_ rows: [PairingRow]) -> [PairingRow] {
    let holes = Holes(facts.holes + facts.gaps.map { $0.begin...max($0.begin, $0.end) })
    return rows.filter { !holes.meet($0.since, $0.until) }
      .sorted { ($0.time, $0.until, $0.task.index.rawValue) < ($1.time, $1.until, $1.task.index.rawValue) }
  }
}
