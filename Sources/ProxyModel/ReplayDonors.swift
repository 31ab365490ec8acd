import TraceCore

// The curr/donor split.

extension Replay {
  /// Books the time since the last change of a CPU's curr or donor, and the split that it was.
  mutating func bookLane(_ lane: Int) {
    let end = max(now, lanes[lane].since)
    let length = end - lanes[lane].since
    defer { lanes[lane].since = end }
    guard length > 0, let curr = lanes[lane].curr, self[curr].pid != 0 else { return }
    switch lanes[lane].donor {
    case .own: break
    case .unknown: lanes[lane].unknown &+= length
    case .task(let donor, let depth, let evidence):
      lanes[lane].proxied &+= length
      rows.splits.append(
        SplitRecord(
          begin: lanes[lane].since, end: end, cpu: CPU(lane), donor: labelled(donor), curr: labelled(curr),
          depth: depth.map { Int32(clamping: $0) } ?? -1, evidence: evidence))
    }
  }

  /// A donor that is woken and moved back to its own CPU lends nothing more: curr goes on by itself
  /// (`proxy_reset_donor()`, kernel/sched/core.c).
  mutating func dropReturningDonor(_ task: TaskIndex, to cpu: CPU) {
    for lane in lanes.indices where CPU(lane) != cpu {
      if case .task(task, _, _) = lanes[lane].donor { setDonor(lane, .own) }
    }
  }

  /// A probe tells whom the scheduler chose: `rq->donor` from here on. If curr stays, the donor has changed under it.
  ///
  /// A choice stands if the kernel found curr at the end of its chain; otherwise it moved the chosen task away or dequeued it
  /// and picked anew, or switched. A chain may end in curr and a switch follow all the same, where curr itself is just
  /// leaving (``longestPick``).
  mutating func chosen(_ lane: Int, _ task: TaskIndex, _ sequel: Sequel) {
    guard let curr = lanes[lane].curr, self[curr].pid != 0 else { return }
    var depth: Int?
    if task != curr {
      guard self[task].wait >= 0 else { return }
      if case (.task(curr), _) = walk(from: self[task].wait) { depth = walkedLocks.count }
    }
    // Who is not blocked would have been switched in.
    let isBlocked = if case .blocked = self[task].place { true } else { false }
    let endsInCurr = task == curr || isBlocked && depth != nil
    switch sequel {
    case .stayed: break
    case .switched(let time, let leftRunnable):
      if !endsInCurr || !leftRunnable && time - now < Self.longestPick { return }
    case .replaced: if !endsInCurr { return }
    // The records that would tell are missing.
    case .none:
      if proxies, lanes[lane].donor != .own || task != curr { loseDonor(lane, chosen: task) }
      return
    case .pending, .donor: return
    }
    if task != curr { signs.donorsChosen += 1 }
    if proxies { setDonor(lane, task == curr ? .own : .task(task, depth: depth, .probe)) }
  }

  /// It is not known whether a choice stands.
  private mutating func loseDonor(_ lane: Int, chosen task: TaskIndex) {
    if case .task(task, _, _) = lanes[lane].donor { return }
    setDonor(lane, .unknown)
  }

  /// From a choice to the switch that it leads to, in nanoseconds, if curr blocks or sleeps: real ones took up to 92 µs,
  /// under emulation. Curr that is leaving still counts as the end of chains in that time.
  private static let longestPick: Int64 = 200_000

  mutating func setDonor(_ lane: Int, _ donor: DonorNow) {
    if case (.task(let old, _, _), .task(let new, _, _)) = (lanes[lane].donor, donor), old == new {
      // The same donor; from here on it is known as well as the probe knows it.
      if lanes[lane].donor != donor { bookLane(lane) }
      lanes[lane].donor = donor
      return
    }
    if lanes[lane].donor == donor { return }
    touched.insert(lane: lane)
    bookLane(lane)
    lanes[lane].donor = donor
    noteDonation(lane)
  }
}
