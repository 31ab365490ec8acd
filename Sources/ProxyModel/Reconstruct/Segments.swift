import TraceCore

// Rows of segments: what a wait's class follows from, stretch by stretch; and of runs.

/// What a segment states, besides its times.
struct SegmentNow: Equatable {
  var kind = WaitClass.unknown
  /// −1 for none.
  var cpu: CPU = -1
  var owner: TaskIndex?
  var curr: TaskIndex?
  var donor: TaskIndex?
  var evidence = Evidence.unknown
}

extension Hypothesis {
  /// A wait was classified again: begins another segment where it would state something else.
  mutating func noteSegment(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    let now = segment(index, terminal, &world)
    if waits[index].segment >= 0, waits[index].stated == now { return }
    endSegment(index, world.now)
    waits[index].stated = now
    waits[index].segment = rows.segments.count
    let owner = now.owner.map { world.labelID($0) }
    let curr = now.curr.map { world.labelID($0) }
    let donor = now.donor.map { world.labelID($0) }
    rows.segments.append(
      SegmentRecord(
        begin: world.now, end: world.now, wait: UInt32(world.waits[index].row), cpu: now.cpu, owner: owner ?? .none,
        curr: curr ?? .none, donor: donor ?? .none, kind: now.kind, evidence: now.evidence))
  }

  mutating func endSegment(_ index: Int, _ now: Timestamp) {
    let row = waits[index].segment
    guard row >= 0 else { return }
    waits[index].segment = -1
    rows.segments[row].end = now
    // One that lasted for no time is none.
    if row == rows.segments.count - 1, rows.segments[row].begin >= now { rows.segments.truncate(to: row) }
  }

  private mutating func segment(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) -> SegmentNow {
    var segment = SegmentNow()
    segment.kind = waits[index].current
    segment.evidence = waits[index].evidence
    switch segment.kind {
    case .own:
      // The waiter's own switch says so, whoever owns the lock.
      segment.evidence = .event
      guard case .running(let cpu) = world.place(of: world.waits[index].waiter) else { return segment }
      (segment.cpu, segment.curr) = (cpu, world.waits[index].waiter)
    case .handoff:
      if case .task(let owner) = terminal {
        segment.evidence = segment.evidence.combined(with: evidenceOfTaking(owner, &world))
      }
      return segment
    case .unknown:
      segment.evidence = .unknown
      return segment
    default:
      guard case .task(let owner) = terminal else { return segment }
      segment.owner = owner
      guard let cpu = runqueue(of: owner, &world) else { return segment }
      (segment.cpu, segment.curr) = (cpu, world.curr(on: Int(cpu)))
    }
    // Which of the two it is the most urgent of the owner's waiters decides, and a gap may have hidden that one.
    if segment.kind == .inverted || segment.kind == .preempted, world.gaps.hadTold {
      segment.evidence = segment.evidence.combined(with: .inferred(.besideGap))
    }
    stateDonor(of: &segment)
    return segment
  }

  /// On whose account a segment's curr runs; and what of the class rests on it.
  private func stateDonor(of segment: inout SegmentNow) {
    let account = account(Int(segment.cpu))
    switch account.donor {
    case .task(let donor, _, let evidence):
      segment.donor = donor
      segment.evidence = segment.evidence.combined(with: evidence)
    case .own where proxies:
      switch segment.kind {
      case .running, .inverted, .preempted: segment.evidence = segment.evidence.combined(with: account.ownEvidence)
      default: break
      }
    // Where no CPU has another account, the row rests on that: ``RowStore`` adds how it is known.
    case .own, .unknown: break
    }
  }
}

// MARK: - Runs

extension Hypothesis {
  /// A CPU's curr or its account is another from here on.
  mutating func beginRun(_ cpu: Int, _ world: inout World) {
    guard rows.wanted.contains(.runs), let curr = world.curr(on: cpu), world[curr].pid != 0 else { return }
    endRun(cpu)
    var (donor, evidence) = (LabelID.none, accounts[cpu].ownEvidence)
    switch accounts[cpu].donor {
    case .own: break
    case .unknown: evidence = .unknown
    case .task(let task, _, let known): (donor, evidence) = (world.labelID(task), known)
    }
    accounts[cpu].run = rows.runs.count
    let begin = accounts[cpu].since
    let task = world.labelID(curr)
    rows.runs.append(
      RunRecord(begin: begin, end: begin, cpu: CPU(cpu), task: task, donor: donor, evidence: evidence))
  }

  /// The run ends where the account was booked until.
  mutating func endRun(_ cpu: Int) {
    let row = accounts[cpu].run
    guard row >= 0 else { return }
    accounts[cpu].run = -1
    rows.runs[row].end = accounts[cpu].since
  }

  /// How it is known that the task to which a CPU has just switched runs on its own account, if it does.
  mutating func ownEvidence(
    _ followUp: FollowUp, named: World.NamedDonor?, marked: TaskIndex?, _ world: inout World
  ) -> Evidence {
    switch followUp {
    case .donor, .exitDonor: return .probe
    case .none, .pending, .stayed, .replaced, .switched: break
    }
    return named != nil ? .event : ownEvidence(&world)
  }

  /// The same where no event or probe tells: nobody can lend it anything as long as nobody is blocked. Otherwise it is the rule that
  /// finds no donor.
  @inline(__always)
  mutating func ownEvidence(_ world: inout World) -> Evidence {
    for index in 0..<world.waits.count where world.waits.base[index].isMutex {
      if world.scheduling.isBlocked(world.waits.base[index].waiter) { return .inferred(.noDonorThere) }
    }
    return .event
  }
}
