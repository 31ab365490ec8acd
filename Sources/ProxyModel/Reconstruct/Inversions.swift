import TraceCore

/// An inversion window that has begun and not ended.
struct OpenInversion {
  var begin: Timestamp
  var owner: LabelID
  var ownerIndex: TaskIndex
  var cpu: CPU
  var evidence: Evidence
  /// Who runs instead, and since when.
  var culprit: TaskIndex
  var culpritSince: Timestamp
  var culprits: [(index: TaskIndex, label: LabelID, ran: Int64)] = []
}

extension Hypothesis {
  /// A wait's class has changed: begins, goes on with or ends an inversion window.
  /// - Parameter culprit: who runs instead of the owner; `nil` where the class is not `inverted`.
  mutating func noteInversion(
    _ index: Int, _ terminal: ChainTerminal, _ culprit: TaskIndex?, _ evidence: Evidence, _ world: inout World
  ) {
    guard let culprit, case .task(let owner) = terminal, case .running(let cpu) = world.place(of: culprit) else {
      endInversion(index, &world)
      return
    }
    if waits[index].inversion?.ownerIndex == owner, waits[index].inversion?.cpu == cpu {
      changeCulprit(index, to: culprit, &world)
      return
    }
    endInversion(index, &world)
    // On whose account the culprit runs, and so how urgent it is, only a probe tells where a gap has hidden waiters.
    let hidesDonors = world.gaps.hadAny && proxies && !world.signs.hasProbes
    let evidence = hidesDonors ? evidence.combined(with: .inferred(.besideGap)) : evidence
    waits[index].inversion = OpenInversion(
      begin: world.now, owner: world.labelID(owner), ownerIndex: owner, cpu: cpu, evidence: evidence, culprit: culprit,
      culpritSince: world.now)
  }

  private mutating func changeCulprit(_ index: Int, to culprit: TaskIndex?, _ world: inout World) {
    guard var open = waits[index].inversion else { return }
    let ran = world.now - open.culpritSince
    if ran > 0 {
      if let known = open.culprits.firstIndex(where: { $0.index == open.culprit }) {
        open.culprits[known].ran &+= ran
      } else {
        open.culprits.append((open.culprit, world.labelID(open.culprit), ran))
      }
    }
    open.culprit = culprit ?? open.culprit
    open.culpritSince = world.now
    waits[index].inversion = open
  }

  mutating func endInversion(_ index: Int, _ world: inout World) {
    changeCulprit(index, to: nil, &world)
    guard let open = waits[index].inversion else { return }
    waits[index].inversion = nil
    guard world.now > open.begin else { return }
    // Sorted by hand of pids: a closure cannot capture what is passed inout.
    var culprits = open.culprits
    if culprits.count > 1 {
      let byPid = culprits.map { (culprit: $0, pid: world[$0.index].pid) }
      culprits = byPid.sorted { ($1.culprit.ran, $0.pid) < ($0.culprit.ran, $1.pid) }.map(\.culprit)
    }
    let wait = world.waits[index]
    rows.inversions.append(
      InversionRecord(
        begin: open.begin, end: world.now, lock: world[wait.lock].address, culprits: rows.culprits.count,
        culpritCount: UInt32(culprits.count), wait: UInt32(wait.row), waiter: world.labelID(wait.waiter),
        owner: open.owner, cpu: open.cpu, evidence: open.evidence))
    for culprit in culprits { rows.culprits.append(CulpritRecord(ran: culprit.ran, task: culprit.label)) }
  }
}
