import TraceCore

// The curr/donor split.

/// On whose account curr runs.
enum DonorNow: Equatable {
  case own
  /// - Parameter depth: locks between donor and curr; `nil` where the chain is not known.
  case task(TaskIndex, depth: Int?, Evidence)
  case unknown
}

/// A CPU's account, and what was booked on it so far, in nanoseconds.
struct Account {
  private(set) var donor = DonorNow.own
  /// Whoever else may be its donor.
  private(set) var others = OtherDonors()
  /// Where the donor is not known: the most urgent one that has come to the CPU while curr ran. Once it is gone, curr runs for itself.
  private(set) var arrived: TaskIndex?
  /// How it is known that curr runs on its own account, where it does.
  var ownEvidence = Evidence.event
  /// The open row of ``ReconstructedRows/runs``, −1 without one.
  var run = -1
  /// Since when curr and donor are as they are.
  var since = Timestamp(0)
  var proxied: Int64 = 0
  var unknown: Int64 = 0
  var proxiedSwitches: UInt64 = 0
  var donations: UInt64 = 0

  /// From here on curr runs for this donor. Whatever was known of the one before says nothing of it.
  mutating func setDonor(_ donor: DonorNow, others: OtherDonors = OtherDonors()) {
    self.donor = donor
    self.others = others
    arrived = nil
  }

  /// A donor that may have taken over at any instant from here on.
  mutating func expect(_ task: TaskIndex) { arrived = task }
}

extension Hypothesis {
  @inline(__always)
  func account(_ cpu: Int) -> Account { cpu >= 0 && cpu < accounts.count ? accounts[cpu] : Account() }

  /// Books the time since the last change of a CPU's curr or donor, and the split that it was. Before the change.
  mutating func book(cpu: Int, _ world: inout World) { book(cpu: cpu, until: world.now, &world) }

  private mutating func book(cpu: Int, until time: Timestamp, _ world: inout World) {
    guard keepsAccounts else { return }
    let (since, end) = (accounts[cpu].since, max(time, accounts[cpu].since))
    accounts[cpu].since = end
    endRun(cpu)
    guard end > since, let curr = world.curr(on: cpu), world[curr].pid != 0 else { return }
    switch accounts[cpu].donor {
    case .own: break
    case .unknown: accounts[cpu].unknown &+= end - since
    case .task(let donor, let depth, let evidence):
      accounts[cpu].proxied &+= end - since
      lend(donor, to: curr, end - since)
      guard rows.kinds.contains(.splits) else { return }
      let wait = world[donor].wait
      // A record of any CPU may have ended it: the donor's waking or its move.
      let doubt: Evidence = world.gaps.isTold(since: since) ? .inferred(.besideGap) : .probe
      rows.splits.add(
        SplitRecord(
          begin: since, end: end, wait: wait < 0 ? .max : UInt32(world.waits[wait].row), cpu: CPU(cpu),
          donor: world.labelID(donor), curr: world.labelID(curr),
          depth: depth.map { Int32(clamping: $0) } ?? -1, others: accounts[cpu].others,
          evidence: evidence.combined(with: doubt)))
    }
  }

  /// A CPU's curr shows for the first time, or after a gap. On whose account it runs no event tells: a donor is inferred where
  /// it is switched in, and that is not in the trace.
  /// - Parameter wasMissing: A gap ends here. Otherwise curr has been it since the trace's beginning: no switch was written.
  mutating func currShows(on cpu: Int, isIdle: Bool, wasMissing: Bool, _ world: inout World) {
    guard keepsAccounts else { return }
    book(cpu: cpu, &world)
    if !wasMissing { accounts[cpu].since = world.clock.begin ?? world.now }
    setAccount(cpu, isIdle || !proxies ? .own : .unknown)
  }

  /// A CPU's records are missing, since an instant that may be earlier than this one.
  mutating func currHides(on cpu: Int, since: Timestamp, _ world: inout World) {
    guard keepsAccounts else { return }
    book(cpu: cpu, until: min(since, world.now), &world)
    setAccount(cpu, .own)
  }

  /// A CPU has switched: on whose account its curr runs from here on.
  /// - Parameter evidence: how it is known where that is its own.
  mutating func switchAccount(_ cpu: Int, to donor: DonorNow, _ evidence: Evidence, _ world: inout World) {
    guard keepsAccounts else { return }
    setAccount(cpu, donor, others: choice.others)
    accounts[cpu].ownEvidence = evidence
    beginRun(cpu, &world)
    guard proxies, case .task = donor else { return }
    accounts[cpu].proxiedSwitches += 1
    noteDonation(cpu, &world)
  }

  /// The donor of a CPU changes while curr stays.
  /// - Parameter ownEvidence: how it is known where that is curr's own account.
  mutating func setDonor(_ cpu: Int, _ donor: DonorNow, own ownEvidence: Evidence, _ world: inout World) {
    guard proxies, accounts[cpu].donor != donor else { return }
    accounts[cpu].ownEvidence = ownEvidence
    if case (.task(let old, _, _), .task(let new, _, _)) = (accounts[cpu].donor, donor), old == new {
      // The same donor; from here on it is known as well as the probe knows it.
      book(cpu: cpu, &world)
      setAccount(cpu, donor)
      beginRun(cpu, &world)
      return
    }
    effects.changed.insert(cpu: cpu)
    book(cpu: cpu, &world)
    setAccount(cpu, donor)
    beginRun(cpu, &world)
    noteDonation(cpu, &world)
  }

  /// All changes of an account's donor are made here.
  @inline(__always)
  private mutating func setAccount(_ cpu: Int, _ donor: DonorNow, others: OtherDonors = OtherDonors()) {
    accounts[cpu].setDonor(donor, others: others)
    if case .own = donor { notOwn.remove(cpu) } else { notOwn.insert(cpu) }
  }

  /// The donor stays; from here on it is one of several.
  mutating func setOthers(_ cpu: Int, _ evidence: Evidence, _ others: OtherDonors, _ world: inout World) {
    guard case .task(let donor, let depth, _) = accounts[cpu].donor else { return }
    book(cpu: cpu, &world)
    setAccount(cpu, .task(donor, depth: depth, evidence), others: others)
    beginRun(cpu, &world)
  }

  /// A donor that is woken and moved back to its own CPU lends nothing more: curr goes on by itself
  /// (`proxy_reset_donor()`, kernel/sched/core.c). If it was one of several that may have been the donor, curr goes on by itself or
  /// for one of the others, and no event shows which.
  mutating func dropReturningDonor(_ task: TaskIndex, to cpu: CPU, _ world: inout World) {
    var next = notOwn.first(from: 0)
    while let other = next {
      next = notOwn.first(from: other + 1)
      if CPU(other) == cpu { continue }
      switch accounts[other].donor {
      case .task(task, _, _): setDonor(other, .own, own: .event, &world)
      case .task(let donor, _, .inferred) where isRival(task, of: donor, on: other, &world):
        let wasOneOfTwo = accounts[other].others.count == 1
        setDonor(other, .unknown, own: .unknown, &world)
        if wasOneOfTwo { accounts[other].expect(donor) }
      case .unknown where accounts[other].arrived == task:
        setDonor(other, .own, own: .inferred(.noDonorThere), &world)
      case .own, .task, .unknown: break
      }
    }
  }

  /// A donor and its owner have come together on a CPU.
  private mutating func noteDonation(_ cpu: Int, _ world: inout World) {
    guard case .task(let donor, _, let evidence) = accounts[cpu].donor, let curr = world.curr(on: cpu) else { return }
    settleCalls(of: donor, on: cpu, &world)
    let wait = world[donor].wait
    guard wait >= 0, let blocked = world.waits[wait].blockedSince, !waits[wait].hasDonated else { return }
    waits[wait].hasDonated = true
    waits[wait].hasDonatedLate = world.now - blocked >= StallRow.tick
    if stalls[wait].hasUndecided { decideStalls(wait) }
    accounts[cpu].donations += 1
    guard rows.kinds.contains(.handoffs) else { return }
    let admission = waits[wait].admission
    let parts = admission.parts(from: blocked, to: world.now)
    rows.handoffs.add(
      HandoffRecord(
        begin: blocked, end: world.now, lock: world[world.waits[wait].lock].address, wake: MaybeTime(parts?.admit),
        queue: MaybeTime(parts?.move), run: MaybeTime(parts?.pick), acquire: MaybeTime(parts?.start),
        wait: UInt32(world.waits[wait].row), from: world.labelID(donor), to: world.labelID(curr), kind: .donation,
        migrated: admission.mover == .kernel, steered: admission.mover == .scheduler, evidence: evidence))
  }

  // MARK: Probes

  /// From a choice to the switch that it leads to, in nanoseconds, if curr blocks or sleeps or the CPU idles: real ones took up to 92 µs,
  /// under emulation. Curr that is leaving still counts as the end of chains in that time.
  private static let longestPick: Int64 = 200_000

  /// A probe tells whom the scheduler chose: `rq->donor` from here on. If curr stays, the donor has changed under it.
  ///
  /// A choice holds if the kernel found curr at the end of its chain; otherwise it moved the chosen task away or dequeued it
  /// and picked anew, or switched. A chain may end in curr and a switch follow all the same, where curr itself is just
  /// leaving, or the kernel goes to the idle task first (`proxy_resched_idle()`) (``longestPick``).
  mutating func chosen(_ cpu: Int, _ task: TaskIndex, _ followUp: FollowUp, _ world: inout World) {
    guard let curr = world.curr(on: cpu), world[curr].pid != 0 else { return }
    var depth: Int?
    if task != curr {
      guard world[task].wait >= 0 else { return }
      if case (.task(curr), _) = walk(from: world[task].wait, &world) { depth = chain.locks.count }
    }
    // Who is not blocked would have been switched in.
    let endsInCurr = task == curr || world.scheduling.isBlocked(task) && depth != nil
    switch followUp {
    case .stayed: break
    // A choice of curr itself is `proxy_reset_donor()`, or the end of a pass: `rq->donor` is curr, leaving or not.
    case .switched(let time, let wasPreempted) where task != curr:
      if !endsInCurr || !wasPreempted && time - world.now < Self.longestPick { return }
    case .switched: break
    case .replaced: if !endsInCurr { return }
    // The records that would tell are missing.
    case .none:
      if account(cpu).donor != .own || task != curr { loseDonor(cpu, chosen: task, &world) }
      return
    case .pending, .donor, .exitDonor: return
    }
    if task != curr { signs.donorsChosen += 1 }
    setDonor(cpu, task == curr ? .own : .task(task, depth: depth, .probe), own: .probe, &world)
  }

  /// The exit probe has read the donor of a curr that goes on. If that is another than before, it has changed in this pass of
  /// the scheduler: from here on it is this one.
  mutating func exited(_ cpu: Int, _ donor: TaskIndex, isSwitch: Bool, _ world: inout World) {
    guard let curr = world.curr(on: cpu), world[curr].pid != 0 else { return }
    if donor != curr { signs.donorsChosen += 1 }
    // The switch probe has spoken already, of the same pass. The exit probe reads `rq->donor` itself, so it counts.
    if isSwitch, proxies, case .task(let other, _, .probe) = account(cpu).donor, other != donor {
      world.signs.probeDisagreements = (
        (world.signs.probeDisagreements?.count ?? 0) + 1, world.signs.probeDisagreements?.first ?? world.now
      )
    }
    setDonor(cpu, account(of: donor, for: curr, .probe, &world), own: .probe, &world)
  }

  /// It is not known whether a choice holds.
  private mutating func loseDonor(_ cpu: Int, chosen task: TaskIndex, _ world: inout World) {
    if case .task(task, _, _) = account(cpu).donor { return }
    setDonor(cpu, .unknown, own: .unknown, &world)
  }
}
