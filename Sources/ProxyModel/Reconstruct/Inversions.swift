import TraceCore

/// An inversion window that has begun and not ended.
struct OpenInversion {
  var begin: Timestamp
  /// As they were when the window began.
  var waiter: LabelID
  var owner: LabelID
  var ownerIndex: TaskIndex
  var cpu: CPU
  var evidence: Evidence
  /// The last lock of the chain when it began.
  var ownedLock: LockIndex
  /// Who runs instead, and since when.
  var culprit: TaskIndex
  var culpritLabel: LabelID
  var culpritSince: Timestamp
  var culprits: [(index: TaskIndex, label: LabelID, ran: Int64)] = []
}

extension Hypothesis {
  /// A wait's class has changed: begins, goes on with or ends an inversion window.
  /// - Parameter culprit: who runs instead of the owner; `nil` where the class is not `inverted`.
  mutating func noteInversion(
    _ index: Int, _ terminal: ChainTerminal, _ culprit: TaskIndex?, _ chainEvidence: Evidence, _ world: inout World
  ) {
    guard let culprit, case .task(let owner) = terminal, case .running(let cpu) = world.place(of: culprit) else {
      endInversion(index, &world)
      return
    }
    var evidence = chainEvidence.combined(with: culpritEvidence(culprit, on: Int(cpu), &world))
    if let open = waits[index].inversion, open.ownerIndex == owner, open.cpu == cpu {
      if open.culprit != culprit { changeCulprit(index, to: culprit, &world) }
      waits[index].inversion?.evidence = open.evidence.combined(with: evidence)
      return
    }
    endInversion(index, &world)
    // A gap may have hidden waiters: the most urgent of the owner's, which decides, and those on whose account the culprit runs.
    if world.gaps.hadTold || world.gaps.isInGap { evidence = evidence.combined(with: .inferred(.besideGap)) }
    waits[index].inversion = OpenInversion(
      begin: world.now, waiter: world.labelID(world.waits[index].waiter), owner: world.labelID(owner),
      ownerIndex: owner, cpu: cpu, evidence: evidence, ownedLock: waits[index].ownedLock, culprit: culprit,
      culpritLabel: world.labelID(culprit), culpritSince: world.now)
  }

  /// How it is known that a culprit runs for nobody who is more urgent: by a probe, by the lack of anybody whose chain ends in it,
  /// or by inference.
  private mutating func culpritEvidence(_ culprit: TaskIndex, on cpu: Int, _ world: inout World) -> Evidence {
    guard proxies else { return .probe }
    if case .task(_, _, let known) = account(cpu).donor { return known }
    let own = account(cpu).ownEvidence
    if own == .probe || own == .event { return own }
    for index in 0..<waits.count where world.waits[index].isMutex {
      switch waits.base[index].terminal {
      case .task(culprit), .unknown, .cycle: return .inferred(.noDonorThere)
      case .task, .released: break
      }
    }
    return .event
  }

  private mutating func changeCulprit(_ index: Int, to culprit: TaskIndex?, _ world: inout World) {
    guard var open = waits[index].inversion else { return }
    let ran = world.now - open.culpritSince
    if ran > 0 {
      if let known = open.culprits.firstIndex(where: { $0.index == open.culprit }) {
        open.culprits[known].ran &+= ran
      } else {
        open.culprits.append((open.culprit, open.culpritLabel, ran))
      }
    }
    if let culprit { (open.culprit, open.culpritLabel) = (culprit, world.labelID(culprit)) }
    open.culpritSince = world.now
    waits[index].inversion = open
  }

  mutating func endInversion(_ index: Int, _ world: inout World) {
    changeCulprit(index, to: nil, &world)
    guard let open = waits[index].inversion else { return }
    waits[index].inversion = nil
    guard world.now > open.begin, rows.kinds.contains(.inversions) else { return }
    // Sorted by hand of pids: a closure cannot capture what is passed inout.
    var culprits = open.culprits
    if culprits.count > 1 {
      let byPid = culprits.map { (culprit: $0, pid: world[$0.index].pid) }
      culprits = byPid.sorted { ($1.culprit.ran, $0.pid) < ($0.culprit.ran, $1.pid) }.map(\.culprit)
    }
    let wait = world.waits[index]
    rows.inversions.append(
      InversionRecord(
        begin: open.begin, end: world.now, lock: world[wait.lock].address, ownedLock: world[open.ownedLock].address,
        culprits: rows.culprits.count, culpritCount: UInt32(culprits.count),
        lastCulprit: UInt32(culprits.firstIndex { $0.index == open.culprit } ?? 0), wait: UInt32(wait.row),
        waiter: open.waiter,
        owner: open.owner, cpu: open.cpu, evidence: open.evidence))
    for culprit in culprits { rows.culprits.append(CulpritRecord(ran: culprit.ran, task: culprit.label)) }
  }
}
