import TraceCore

// Rows of stalls: owners that could run, or soon could, and did not.

/// What a stall states, besides its times.
struct StallNow: Equatable {
  var kind = WaitClass.unknown
  /// −1 for none.
  var cpu: CPU = -1
  var owner = TaskIndex(rawValue: .max)
  var lock = LockIndex(rawValue: 0)
  var donor = DonorPlace.unknown
}

/// The stall of a wait that goes on, and those that are over but not decided. It stays with its wait's place, so that nothing is
/// allocated for the next one.
struct OpenStall {
  fileprivate(set) var isOpen = false
  /// What it states, and its row, of which the end is missing.
  fileprivate var stated = StallNow()
  fileprivate var row = StallRecord()
  /// Of which it shows later whether a problem can be made of them (``RowKinds/problemStalls``).
  fileprivate var undecided: [StallRecord] = []

  /// Of a wait that has more the others count as if there could: it may last as long as the trace.
  private static let mostUndecided = 256

  var hasUndecided: Bool {
    @inline(__always) get { !undecided.isEmpty }
  }

  /// - Returns: `false` where there are too many.
  fileprivate mutating func keepUndecided() -> Bool {
    guard undecided.count < Self.mostUndecided else { return false }
    undecided.append(row)
    return true
  }

  mutating func forgetUndecided() { undecided.removeAll(keepingCapacity: true) }
}

extension Hypothesis {
  /// A wait was classified again, and its inversion window noted: begins, goes on with or ends a stall.
  @inline(__always)
  mutating func noteStall(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    switch waits.base[index].current {
    case .delayed, .waking: followStall(index, terminal, &world)
    case .inverted where proxies: followStall(index, terminal, &world)
    case .running where proxies && !waits.base[index].hasDonated,
      .preempted where proxies && !waits.base[index].hasDonated:
      followStall(index, terminal, &world)
    case .handoff: followTaker(index, terminal, &world)
    default: endStall(index, world.now)
    }
  }

  @inline(never)
  private mutating func followStall(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    guard case .task(let owner) = terminal else { return endStall(index, world.now) }
    let kind = waits.base[index].current
    var now = StallNow(kind: kind, owner: owner, lock: waits.base[index].ownedLock)
    if kind != .waking {
      now.cpu = runqueue(of: owner, &world) ?? -1
      now.donor = donorPlace(of: world.waits.base[index].waiter, ownerOn: now.cpu, &world)
    }
    var evidence = waits.base[index].culprit == nil ? waits.base[index].evidence : windows.base[index].evidence
    switch kind {
    case .running, .preempted: evidence = evidence.combined(with: accountEvidence(now.cpu))
    case .delayed: evidence = world.besideGap(evidence, hides: world.gaps.hadTold)
    default: break
    }
    goOn(index, now, evidence, &world)
  }

  /// The lock is free: whether a task that waits for it is runnable on an idle CPU.
  @inline(__always)
  private mutating func followTaker(_ index: Int, _ terminal: ChainTerminal, _ world: inout World) {
    var taker = world.waits.base[index].waiter
    if case .task(let task) = terminal { taker = task }
    guard case .queued(let cpu) = world.place(of: taker), let curr = world.curr(on: Int(cpu)), world[curr].pid == 0,
      world[taker].wait >= 0
    else { return endStall(index, world.now) }
    beginTaking(index, taker, on: cpu, &world)
  }

  @inline(never)
  private mutating func beginTaking(_ index: Int, _ taker: TaskIndex, on cpu: CPU, _ world: inout World) {
    let now = StallNow(kind: .handoff, cpu: cpu, owner: taker, lock: world.waits[world[taker].wait].lock)
    let evidence = waits[index].evidence.combined(with: evidenceOfTaking(taker, &world))
    goOn(index, now, world.besideGap(evidence, hides: world.gaps.hadTold), &world)
  }

  private mutating func goOn(_ index: Int, _ now: StallNow, _ evidence: Evidence, _ world: inout World) {
    let open = stalls.base + index
    if open.pointee.isOpen, open.pointee.stated == now {
      open.pointee.row.evidence = open.pointee.row.evidence.combined(with: evidence)
      return
    }
    endStall(index, world.now)
    open.pointee.isOpen = true
    open.pointee.stated = now
    open.pointee.row = StallRecord(
      begin: world.now, lock: world[now.lock].address, wait: UInt32(world.waits.base[index].row), cpu: now.cpu,
      owner: world.labelID(now.owner), kind: now.kind, donor: now.donor, evidence: evidence)
  }

  /// How it is known on whose account a CPU's curr runs.
  private mutating func accountEvidence(_ cpu: CPU) -> Evidence {
    guard cpu >= 0 else { return .unknown }
    let cpu = Int(cpu)
    guard cpu < accounts.count else { return Account().ownEvidence }
    return switch accounts.base[cpu].donor {
    case .task(_, _, let known): known
    case .own: accounts.base[cpu].ownEvidence
    case .unknown: .unknown
    }
  }

  @inline(__always)
  mutating func endStall(_ index: Int, _ now: Timestamp) {
    if stalls.base[index].isOpen { closeStall(index, now) }
  }

  @inline(never)
  private mutating func closeStall(_ index: Int, _ now: Timestamp) {
    let open = stalls.base + index
    open.pointee.isOpen = false
    // One without length is none.
    guard open.pointee.row.begin < now else { return }
    open.pointee.row.end = now
    if rows.kinds.contains(.stalls) || isOfUse(index) { rows.stalls.add(open.pointee.row) }
  }

  /// Whether a problem can be made of a stall that is over (``RowKinds/problemStalls``), as far as it is decided.
  private mutating func isOfUse(_ index: Int) -> Bool {
    let open = stalls.base + index
    switch open.pointee.row.kind {
    case .waking: return open.pointee.row.end - open.pointee.row.begin >= StallRow.tick
    case .running, .preempted:
      return waits.base[index].hasDonated ? waits.base[index].hasDonatedLate : !open.pointee.keepUndecided()
    default: return true
    }
  }

  /// A wait's donor has come together with an owner: what it had of stalls before that is of use only if it took long.
  mutating func decideStalls(_ index: Int) {
    if waits[index].hasDonatedLate {
      for row in stalls[index].undecided { rows.stalls.add(row) }
    }
    stalls[index].forgetUndecided()
  }

  private mutating func donorPlace(of waiter: TaskIndex, ownerOn cpu: CPU, _ world: inout World) -> DonorPlace {
    guard proxies, cpu >= 0, let home = residence(of: waiter, &world), home >= 0 else { return .unknown }
    if isDequeued(waiter, &world) { return .dequeued }
    return home == cpu ? .besideOwner : .elsewhere
  }
}
