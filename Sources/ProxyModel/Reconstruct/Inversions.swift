import TraceCore

/// An inversion window that has begun and not ended. It stays with its wait's place, so that nothing is allocated for the next one.
struct OpenInversion {
  var begin = Timestamp(0)
  /// As they were when the window began.
  var waiter = LabelID.none
  var owner = LabelID.none
  var ownerIndex = TaskIndex(rawValue: .max)
  var cpu: CPU = -1
  var evidence = Evidence.unknown
  /// The last lock of the chain when it began.
  var ownedLock = LockIndex(rawValue: 0)
  /// Who runs instead, and since when.
  fileprivate var culprit = TaskIndex(rawValue: .max)
  fileprivate var culpritLabel = LabelID.none
  fileprivate var culpritSince = Timestamp(0)
  fileprivate var culprits: [Culprit] = []

  fileprivate struct Culprit {
    var index: TaskIndex
    var label: LabelID
    var ran: Int64
  }

  /// Books what the culprit has run until now.
  @inline(__always)
  fileprivate mutating func bookCulprit(until now: Timestamp) {
    let ran = now - culpritSince
    culpritSince = now
    if ran > 0 { book(ran) }
  }

  private mutating func book(_ ran: Int64) {
    for place in culprits.indices where culprits[place].index == culprit {
      culprits[place].ran &+= ran
      return
    }
    culprits.append(Culprit(index: culprit, label: culpritLabel, ran: ran))
  }

  fileprivate mutating func setCulprit(_ task: TaskIndex, _ label: LabelID, since now: Timestamp) {
    (culprit, culpritLabel, culpritSince) = (task, label, now)
  }
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
    if let former = waits[index].culprit, windows[index].ownerIndex == owner, windows[index].cpu == cpu {
      if former != culprit {
        windows[index].bookCulprit(until: world.now)
        windows[index].setCulprit(culprit, world.labelID(culprit), since: world.now)
        waits[index].culprit = culprit
      }
      windows[index].evidence = windows[index].evidence.combined(with: evidence)
      return
    }
    endInversion(index, &world)
    // A gap may have hidden waiters: the most urgent of the owner's, which decides, and those on whose account the culprit runs.
    evidence = world.besideGap(evidence, hides: world.gaps.hadTold)
    windows[index].begin = world.now
    windows[index].waiter = world.labelID(world.waits[index].waiter)
    (windows[index].owner, windows[index].ownerIndex) = (world.labelID(owner), owner)
    (windows[index].cpu, windows[index].evidence) = (cpu, evidence)
    windows[index].ownedLock = waits[index].ownedLock
    windows[index].setCulprit(culprit, world.labelID(culprit), since: world.now)
    waits[index].culprit = culprit
  }

  /// How it is known that a culprit runs for nobody who is more urgent: by a probe, by the lack of anybody whose chain ends in it,
  /// or by inference.
  private mutating func culpritEvidence(_ culprit: TaskIndex, on cpu: Int, _ world: inout World) -> Evidence {
    guard proxies else { return .probe }
    if case .task(_, _, let known) = account(cpu).donor { return known }
    let own = account(cpu).ownEvidence
    if own == .probe || own == .event { return own }
    return mayBeOwner(culprit, &world) ? .inferred(.noDonorThere) : .event
  }

  /// Whether a mutex waiter's chain ends in a culprit, or is not known to end elsewhere. Chains stay while waits are classified.
  private mutating func mayBeOwner(_ culprit: TaskIndex, _ world: inout World) -> Bool {
    if let known = effects.lastCulprit, known.task == culprit { return known.mayBeOwner }
    var mayBeOwner = false
    for index in 0..<waits.count where world.waits[index].isMutex {
      switch waits.base[index].terminal {
      case .task(culprit), .unknown, .cycle: mayBeOwner = true
      case .task, .released: break
      }
      if mayBeOwner { break }
    }
    effects.lastCulprit = (culprit, mayBeOwner)
    return mayBeOwner
  }

  @inline(__always)
  mutating func endInversion(_ index: Int, _ world: inout World) {
    if waits[index].culprit != nil { endWindow(index, &world) }
  }

  @inline(never)
  private mutating func endWindow(_ index: Int, _ world: inout World) {
    windows[index].bookCulprit(until: world.now)
    waits[index].culprit = nil
    // Out of the window as long as that goes on, and back with its memory.
    var culprits: [OpenInversion.Culprit] = []
    swap(&culprits, &windows[index].culprits)
    if world.now > windows[index].begin, rows.kinds.contains(.inversions) {
      world.rank(&culprits)
      let (wait, open) = (world.waits[index], windows[index])
      rows.inversions.add(
        InversionRecord(
          begin: open.begin, end: world.now, lock: world[wait.lock].address, ownedLock: world[open.ownedLock].address,
          culprits: rows.culprits.count, culpritCount: UInt32(culprits.count),
          lastCulprit: UInt32(culprits.firstIndex { $0.index == open.culprit } ?? 0), wait: UInt32(wait.row),
          waiter: open.waiter,
          owner: open.owner, cpu: open.cpu, evidence: open.evidence))
      for culprit in culprits { rows.culprits.append(CulpritRecord(ran: culprit.ran, task: culprit.label)) }
    }
    culprits.removeAll(keepingCapacity: true)
    swap(&culprits, &windows[index].culprits)
  }
}

extension World {
  /// Who ran longest comes first; of equals the one with the lowest pid.
  fileprivate mutating func rank(_ culprits: inout [OpenInversion.Culprit]) {
    guard culprits.count > 1 else { return }
    let tasks = tasks.base
    var ranked = culprits.map { (culprit: $0, pid: tasks[Int($0.index.rawValue)].pid) }
    ranked.sort { ($1.culprit.ran, $0.pid) < ($0.culprit.ran, $1.pid) }
    culprits = ranked.map(\.culprit)
  }
}
