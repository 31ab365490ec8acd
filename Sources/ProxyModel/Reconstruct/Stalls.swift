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

/// Rows of the stalls of a wait of which it is not decided yet whether a problem can be made of them: a few, since most waits have no
/// more. The others stay.
struct StallsBeforeDonation: BitwiseCopyable {
  private var rows = InlineArray<8, Int32>(repeating: -1)
  private(set) var count = 0

  mutating func add(_ row: Int) {
    guard count < rows.count, let short = Int32(exactly: row) else { return }
    rows[count] = short
    count += 1
  }

  subscript(place: Int) -> Int { Int(rows[place]) }
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
    let row = waits.base[index].stall
    if row >= 0, waits.base[index].stalled == now {
      rows.stalls[row].evidence = rows.stalls[row].evidence.combined(with: evidence)
      return
    }
    endStall(index, world.now)
    waits.base[index].stalled = now
    waits.base[index].stall = rows.add(
      StallRecord(
        begin: world.now, end: world.now, lock: world[now.lock].address, wait: UInt32(world.waits.base[index].row),
        cpu: now.cpu, owner: world.labelID(now.owner), kind: now.kind, donor: now.donor, evidence: evidence))
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
    if waits.base[index].stall >= 0 { closeStall(index, now) }
  }

  @inline(never)
  private mutating func closeStall(_ index: Int, _ now: Timestamp) {
    let row = waits.base[index].stall
    waits.base[index].stall = -1
    rows.stalls[row].end = now
    if rows.stalls[row].begin >= now {
      rows.drop(stall: row)
    } else if !rows.kinds.contains(.stalls) {
      weighStall(index, row, now)
    }
  }

  /// A stall is over: drops it where no problem can be made of it (``RowKinds/problemStalls``).
  private mutating func weighStall(_ index: Int, _ row: Int, _ now: Timestamp) {
    switch rows.stalls[row].kind {
    case .waking: if now - rows.stalls[row].begin < StallRow.tick { rows.drop(stall: row) }
    case .running, .preempted:
      if !waits.base[index].hasDonated {
        waits.base[index].beforeDonation.add(row)
      } else if !waits.base[index].hasDonatedLate {
        rows.drop(stall: row)
      }
    default: break
    }
  }

  /// A wait's donor has come together with an owner, or will not: what it had of stalls before that is of use only if it took long.
  mutating func weighStallsBeforeDonation(_ index: Int, isLate: Bool) {
    guard !rows.kinds.contains(.stalls) else { return }
    let kept = waits.base[index].beforeDonation
    waits.base[index].beforeDonation = StallsBeforeDonation()
    if isLate { return }
    // The last one first, which may be the last of all rows.
    for place in stride(from: kept.count - 1, through: 0, by: -1) { rows.drop(stall: kept[place]) }
  }

  private mutating func donorPlace(of waiter: TaskIndex, ownerOn cpu: CPU, _ world: inout World) -> DonorPlace {
    guard proxies, cpu >= 0, let home = residence(of: waiter, &world), home >= 0 else { return .unknown }
    if isDequeued(waiter, &world) { return .dequeued }
    return home == cpu ? .besideOwner : .elsewhere
  }
}
