import TraceCore

// The end: the branch whose hypothesis holds, and its rows together with the waits.

extension ProxyMachine {
  mutating func assemble(into timeline: inout Timeline) {
    timeline.verdict = verdict.verdict(second.upToDate.pointee.signs)
    timeline.schedExt = facts.schedExt
    if timeline.verdict.answer == .undecided {
      timeline.verdict.ifProxied = second.upToDate.pointee.timeIfProxied(at: timeline.end)
    }
    let proxiesAtAll = timeline.verdict.answer == .on
    guard let branch = second.upToDate.pointee.finish(proxies: proxiesAtAll, at: timeline.end) else { return }
    let proxies = branch.hypothesis.proxies
    takeAccounts(branch.hypothesis, into: &timeline)
    timeline.marks = branch.pairing.book.summary
    timeline.pairing = anomalies(branch.pairing.book.rows)
    var rows = branch.takeRows()
    var shared = second.upToDate.pointee.takeSharedRows(in: rowFile)
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
    let waitSums = arrange(&rows, &shared, waits, places)
    rowFile.releaseAllPages()
    timeline.rowFile = rowFile
    timeline.tasks = tasks.all()
    timeline.waitedLocks = self.waits.locks
    timeline.briefs.heldTotals = shared.heldTotals
    let noProxying = proxies ? nil : timeline.verdict.evidence
    RowStore(waits, rows, shared, locks: locks.all(), noProxying: noProxying).fill(&timeline)
    timeline.briefs.waitSums = waitSums
  }

  /// Gives rows their final form: those that are as many as events on another thread, if there may be one.
  /// - Returns: sums over the waits; `nil` where nobody asks for them, or the waits come in another order.
  private mutating func arrange(
    _ rows: inout ReconstructedRows, _ shared: inout SharedRows, _ waits: borrowing PackedLog<WaitRecord>,
    _ places: [Int]?
  ) -> WaitSums? {
    var sums = WaitSums()
    var outcomes = rows.outcomes.take(in: rowFile)
    var stretches = rows.takeStretches()
    let timesAtDoubt = rows.timesAtDoubt
    let wanted = rows.wanted
    let place = { (row: Int) in places?[row] ?? row }
    let isFinal = places == nil && !self.waits.hasCut
    withUnsafeMutablePointer(to: &rows) { rows in
      withUnsafeMutablePointer(to: &stretches) { stretches in
        withUnsafePointer(to: waits) { waits in
          // Both threads read the waits; nobody else has what the other one arranges until it has been joined.
          let arrangeStretches = {
            stretches.pointee.arrange(waits.pointee, hasSegments: wanted.contains(.segments), placed: place)
          }
          let arrangeRows = { rows.pointee.arrange(waits.pointee, placed: place, isFinal: isFinal) }
          let hasStretches = !wanted.isDisjoint(with: [.segments, .runs])
          let (there, here) = hasStretches ? (arrangeStretches, arrangeRows) : (arrangeRows, {})
          let worker = Worker("arranging")
          if options.jobs > 1 { worker.start(there) }
          if !worker.isRunning { there() }
          finish(waits.pointee, placed: place, &outcomes, timesAtDoubt, &shared.labels, &sums)
          here()
          shared.arrange(placed: place)
          worker.join()
        }
      }
    }
    if let places { outcomes.arrange(places) }
    swap(&rows.outcomes, &outcomes)
    rows.giveBack(&stretches)
    return places == nil && options.kinds.contains(.waitSums) ? sums : nil
  }

  private mutating func finish(
    _ waits: borrowing PackedLog<WaitRecord>, placed place: (Int) -> Int, _ outcomes: inout WaitOutcomes,
    _ timesAtDoubt: [Int: ClassTimes], _ labels: inout LabelPool, _ sums: inout WaitSums
  ) {
    if waits.isEmpty { return }
    outcomes.make(upTo: waits.count - 1)
    let sumsUp = options.kinds.contains(.waitSums)
    for row in waits.indices {
      waits.passed(row)
      outcomes.passed(row)
      let wait = waits[place(row)]
      let waiter = finish(wait, row, &outcomes, atDoubt: wait.result == .lost ? timesAtDoubt[row] : nil, &labels)
      let times = outcomes.times(of: row, lasting: wait.length)
      tasks[waiter].inverted &+= times[.inverted]
      if sumsUp { sums.add(WaitFigures(wait, waiter: waiter, times: times)) }
    }
  }

  /// What reconstruction adds to a wait, and what the wait adds to its task.
  /// - Parameter atDoubt: its times when a gap began that hides its end, if it is lost.
  /// - Returns: the waiter.
  private mutating func finish(
    _ wait: WaitRecord, _ row: Int, _ outcomes: inout WaitOutcomes, atDoubt: ClassTimes?, _ labels: inout LabelPool
  ) -> TaskIndex {
    var waiter = waits.waiter(wait)
    let known = outcomes[row].waiter
    if known != .none {
      if wait.result == .lost { outcomes.setTimes(atDoubt ?? ClassTimes(), of: row) }
      let last = labels[known]
      if !last.comm.isEmpty { waiter.comm = last.comm }
      waiter.priority = waiter.priority ?? last.priority
    }
    // No event had named the waiter when it began to wait.
    if waiter.comm.isEmpty { waiter.comm = tasks[waiter.index].comm }
    // Mostly it is called so already: what is in a file and stays as it is need not be written again.
    if known == .none || labels[known] != waiter { outcomes.setWaiter(labels.id(waiter), of: row) }
    tasks[waiter.index].waits += 1
    tasks[waiter.index].waited &+= wait.length
    return waiter.index
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
