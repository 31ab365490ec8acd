import TraceCore

// The curr/donor split.

extension Replay {
  /// Books the time since the last change of a CPU's curr or donor, and the split that it was.
  mutating func bookLane(_ lane: Int, until end: Timestamp? = nil) {
    let end = max(end ?? now, lanes[lane].since)
    let length = end - lanes[lane].since
    defer { lanes[lane].since = end }
    guard length > 0, let curr = lanes[lane].curr, self[curr].pid != 0 else { return }
    switch lanes[lane].donor {
    case .own: break
    case .unknown: lanes[lane].unknown &+= length
    case .task(let donor, let depth, let evidence):
      lanes[lane].proxied &+= length
      rows.splits.append(
        SplitRow(
          cpu: CPU(lane), begin: lanes[lane].since, end: end, donor: label(donor), curr: label(curr), depth: depth,
          evidence: evidence))
    }
  }

  /// A donor that is woken and moved back to its own CPU lends nothing more: curr goes on by itself
  /// (`proxy_reset_donor()`, kernel/sched/core.c).
  mutating func dropReturningDonor(_ task: TaskIndex, to cpu: CPU) {
    for lane in lanes.indices where CPU(lane) != cpu {
      if case .task(task, _, _) = lanes[lane].donor { setDonor(lane, .own, since: now) }
    }
  }

  /// The probe beside a switch tells the donor, if there is one.
  mutating func probed(_ lane: Int, next: TaskIndex, donor: TaskIndex?, depth: UInt8) {
    hasProbes = true
    guard proxies, lanes[lane].curr == next else { return }
    setDonor(lane, donor.map { .task($0, depth: Int(depth), .probe) } ?? .own, since: now)
  }

  /// A probe tells whom the scheduler chose. If curr stays, the donor changes under it; whether it stays shows when the
  /// CPU's next record is not its switch.
  ///
  /// Of several choices in a row the last one holds: the kernel moved the donors of the others away and picked anew.
  mutating func chosen(_ lane: Int, _ task: TaskIndex) { lanes[lane].choice = (task, now) }

  /// The choice before this record led to no switch: curr goes on, on the account of the chosen task.
  mutating func settleChoice(_ lane: Int) {
    guard let (task, time) = lanes[lane].choice else { return }
    lanes[lane].choice = nil
    guard proxies, let curr = lanes[lane].curr, self[curr].pid != 0, !lanes[lane].awaitsProbe else { return }
    if task == curr { return setDonor(lane, .own, since: time) }
    guard self[task].wait >= 0 else { return }
    let isKnown = if case (.task(curr), _) = walk(from: self[task].wait) { true } else { false }
    setDonor(lane, .task(task, depth: isKnown ? walkedLocks.count : nil, .probe), since: time)
  }

  private mutating func setDonor(_ lane: Int, _ donor: DonorNow, since time: Timestamp) {
    touched.insert(lane: lane)
    // The first probe after a switch tells what held since the switch.
    if !lanes[lane].awaitsProbe {
      if case (.task(let old, _, _), .task(let new, _, _)) = (lanes[lane].donor, donor), old == new {
        // The same donor; from here on it is known as well as the probe knows it.
        lanes[lane].donor = donor
        return
      }
      if lanes[lane].donor == donor { return }
      bookLane(lane, until: time)
    }
    lanes[lane].awaitsProbe = false
    lanes[lane].donor = donor
    noteDonation(lane)
  }
}
