import TraceCore

// Chains, and the class of every open wait.
//
// Some functions here are mutating that change nothing: what cannot be copied and is borrowed is passed as a bitwise copy, and
// a replay is a kilobyte.

/// The end of a chain.
enum ChainTerminal {
  case task(TaskIndex)
  /// The first lock is free: it is being handed over.
  case released
  case unknown
  case cycle
}

extension Replay {
  /// Walks waiter → lock → owner → … into ``walkedTasks`` and ``walkedLocks``.
  ///
  /// An owner that is blocked on a mutex is a link. One that spins for it, or has been woken and not blocked again, is not:
  /// the kernel has no `blocked_on` of it then (`__mutex_lock_common()`, kernel/locking/mutex.c), and it ends the chain. So
  /// does one whose lock has been released.
  /// - Returns: how the chain ends, and how well its links are known.
  mutating func walk(from index: Int) -> (ChainTerminal, Evidence) {
    walkedTasks.removeAll()
    walkedLocks.removeAll()
    var evidence = Evidence.probe
    var wait = index
    while true {
      let (waiter, lock) = (waits[wait].waiter, waits[wait].lock)
      walkedTasks.append(waiter)
      var fact = waits[wait].isMutex ? self[lock].owner : .unknown
      if fact.isFree, let heir = self[lock].heir, heir != waiter { fact = .task(heir, .inferred(.handedOver)) }
      if case .free(let known) = fact, wait != index { return (.task(waiter), evidence.combined(with: known)) }
      walkedLocks.append(lock)
      switch fact {
      case .free(let known): return (.released, evidence.combined(with: known))
      case .pending, .unknown: return (.unknown, .unknown)
      case .task(let owner, let known):
        evidence = evidence.combined(with: known)
        // The lock has been handed to the waiter, which has not come to take it (`MUTEX_FLAG_PICKUP`).
        if owner == waiter {
          if wait != index { walkedLocks.removeLast() }
          return (wait == index ? .released : .task(waiter), evidence)
        }
        if walkedTasks.contains(owner) {
          walkedTasks.append(owner)
          return (.cycle, evidence)
        }
        let next = self[owner].wait
        guard case .blocked = self[owner].place, next >= 0, waits[next].isMutex else {
          walkedTasks.append(owner)
          return (.task(owner), evidence)
        }
        wait = next
      }
    }
  }

  /// Looks again at the waits whose class rests on what the current entry has changed.
  mutating func classifyTouched() {
    for index in waits.indices where waits[index].restsOn.meets(touched) { classify(index) }
  }

  private mutating func classify(_ index: Int) {
    let (terminal, stated) = walk(from: index)
    let evidence = besideGap(stated)
    noteChain(index, terminal, evidence)
    noteFoundations(index, terminal)
    let (kind, culprit) = currentClass(index, terminal)
    if kind != waits[index].current || culprit != waits[index].inversion?.culprit {
      book(index)
      waits[index].current = kind
      noteInversion(index, terminal, culprit, evidence)
    }
  }

  /// Everything that the walk has passed, and the CPU that the terminal owner runs on or waits for.
  private mutating func noteFoundations(_ index: Int, _ terminal: ChainTerminal) {
    var foundations = Touched()
    for link in walkedTasks.indices { foundations.insert(walkedTasks[link]) }
    for link in walkedLocks.indices { foundations.insert(walkedLocks[link]) }
    // A walk that ends at a task whose lock is free has passed that lock too.
    if case .task(let owner) = terminal {
      if self[owner].wait >= 0 { foundations.insert(waits[self[owner].wait].lock) }
      switch self[owner].place {
      case .running(let cpu), .queued(let cpu), .blocked(let cpu): foundations.insert(lane: Int(cpu))
      case .waking, .asleep, .unknown: break
      }
    }
    waits[index].restsOn = foundations
  }

  /// The class of this instant, and for an inversion who runs instead. ``walkedTasks`` is the wait's chain.
  private mutating func currentClass(_ index: Int, _ terminal: ChainTerminal) -> (WaitClass, TaskIndex?) {
    let waiter = waits[index].waiter
    if case .running = self[waiter].place { return (.own, nil) }
    guard waits[index].isMutex else { return (.unknown, nil) }
    switch terminal {
    case .released: return (.handoff, nil)
    case .unknown: return (.unknown, nil)
    // Nobody in a cycle is terminal.
    case .cycle: return (.unknown, nil)
    case .task(let owner): return ownerClass(owner, waiter: waiter)
    }
  }

  private mutating func ownerClass(_ owner: TaskIndex, waiter: TaskIndex) -> (WaitClass, TaskIndex?) {
    switch self[owner].place {
    case .unknown: return (.unknown, nil)
    // A terminal owner that is blocked has its lock for the taking, and waits to be woken.
    case .asleep, .waking, .blocked: return (.sleeping, nil)
    case .running(let cpu): return (runningClass(on: Int(cpu)), nil)
    case .queued(let cpu):
      guard cpu >= 0, Int(cpu) < lanes.count, let curr = lanes[Int(cpu)].curr else { return (.unknown, nil) }
      if self[curr].pid == 0 { return (.delayed, nil) }
      guard let urgency = urgency(of: Int(cpu)), let waiting = self[waiter].priority else { return (.unknown, nil) }
      if walkedTasks.contains(curr) || !waiting.isMoreUrgent(than: urgency) { return (.preempted, nil) }
      return (.inverted, curr)
    }
  }

  /// The terminal owner runs: on the account of the wait's chain, or on its own or another's.
  private mutating func runningClass(on lane: Int) -> WaitClass {
    switch lanes[lane].donor {
    case .task(let donor, _, _): walkedTasks.contains(donor) ? .proxied : .running
    case .own: .running
    case .unknown: .unknown
    }
  }

  /// The priority that a CPU's curr runs with: its own, or its donor's if that is more urgent.
  private mutating func urgency(of lane: Int) -> Priority? {
    guard let curr = lanes[lane].curr, let own = self[curr].priority else { return nil }
    if case .task(let donor, _, _) = lanes[lane].donor, let lent = self[donor].priority, lent.isMoreUrgent(than: own) {
      return lent
    }
    return own
  }

  /// Books the time since the last change to the class that held until now.
  private mutating func book(_ index: Int) {
    let length = max(0, now - waits[index].since)
    waits[index].times[waits[index].current] &+= length
    if length > 0 {
      rows.classes?.append(
        ClassRow(wait: waits[index].row, begin: waits[index].since, end: now, kind: waits[index].current))
    }
    waits[index].since = max(now, waits[index].since)
  }

  /// Books the rest of a wait and its open rows.
  mutating func closeWait(_ index: Int) {
    book(index)
    endChain(index)
    endInversion(index)
    let row = waits[index].row
    while rows.outcomes.count <= row { rows.outcomes.append(OutcomeRecord(waiter: .none)) }
    rows.outcomes[row] = OutcomeRecord(
      times: waits[index].times, waiter: labelled(waits[index].waiter), owner: waits[index].firstOwner,
      ownerEvidence: waits[index].firstEvidence, depth: UInt32(waits[index].depth))
  }
}

// MARK: - Rows

extension Replay {
  private mutating func noteChain(_ index: Int, _ terminal: ChainTerminal, _ evidence: Evidence) {
    guard waits[index].isMutex else { return }
    if isWalked(waits[index].chain), !hidesChain(index, evidence) { return }
    endChain(index)
    waits[index].depth = max(waits[index].depth, walkedTasks.count > 1 ? walkedLocks.count : 0)
    waits[index].chain = rows.chains.count
    rows.chains.append(
      ChainRecord(
        begin: now, end: now, links: rows.links.count, wait: UInt32(waits[index].row),
        taskCount: UInt32(walkedTasks.count), lockCount: UInt32(walkedLocks.count), terminalState: chainEnd(terminal),
        evidence: evidence))
    for link in walkedTasks.indices {
      let label = labelled(walkedTasks[link])
      rows.links.append(label.rawValue)
    }
    for link in walkedLocks.indices { rows.links.append(walkedLocks[link].rawValue) }
  }

  /// Whether a row is of the chain that was walked last: of the same tasks, whatever their names, and as many locks.
  private mutating func isWalked(_ chain: Int) -> Bool {
    guard chain >= 0 else { return false }
    let row = rows.chains[chain]
    guard Int(row.taskCount) == walkedTasks.count, Int(row.lockCount) == walkedLocks.count else { return false }
    for link in walkedTasks.indices
    where rows.labels[LabelID(rawValue: rows.links[row.links + link])].index != walkedTasks[link] { return false }
    return true
  }

  private mutating func chainEnd(_ terminal: ChainTerminal) -> ChainEnd {
    switch terminal {
    case .released: .released
    case .unknown: .unknown
    case .cycle: .deadlock
    case .task(let task):
      switch self[task].place {
      case .running: .running
      case .queued: .runnable
      case .waking: .waking
      case .blocked, .asleep: .sleeping
      case .unknown: .unknown
      }
    }
  }

  private mutating func endChain(_ index: Int) {
    let chain = waits[index].chain
    guard chain >= 0 else { return }
    waits[index].chain = -1
    rows.chains[chain].end = now
    // One that lasted for no time is none.
    guard chain == rows.chains.count - 1, rows.chains[chain].begin >= now else { return }
    rows.links.truncate(to: rows.chains[chain].links)
    rows.chains.truncate(to: chain)
  }

  private mutating func noteInversion(
    _ index: Int, _ terminal: ChainTerminal, _ culprit: TaskIndex?, _ evidence: Evidence
  ) {
    guard let culprit, case .task(let owner) = terminal, case .running(let cpu) = self[culprit].place else {
      endInversion(index)
      return
    }
    if waits[index].inversion?.ownerIndex == owner, waits[index].inversion?.cpu == cpu {
      changeCulprit(index, to: culprit)
      return
    }
    endInversion(index)
    // On whose account the culprit runs, and so how urgent it is, only a probe tells where a gap has hidden waiters.
    let evidence = hidesDonors ? evidence.combined(with: .inferred(.besideGap)) : evidence
    waits[index].inversion = OpenInversion(
      begin: now, owner: labelled(owner), ownerIndex: owner, cpu: cpu, evidence: evidence, culprit: culprit,
      culpritSince: now)
  }

  private mutating func changeCulprit(_ index: Int, to culprit: TaskIndex?) {
    guard var open = waits[index].inversion else { return }
    let ran = now - open.culpritSince
    if ran > 0 {
      if let known = open.culprits.firstIndex(where: { $0.index == open.culprit }) {
        open.culprits[known].ran &+= ran
      } else {
        open.culprits.append((open.culprit, labelled(open.culprit), ran))
      }
    }
    open.culprit = culprit ?? open.culprit
    open.culpritSince = now
    waits[index].inversion = open
  }

  private mutating func endInversion(_ index: Int) {
    changeCulprit(index, to: nil)
    guard let open = waits[index].inversion else { return }
    waits[index].inversion = nil
    guard now > open.begin else { return }
    let culprits = open.culprits.sorted { ($1.ran, self[$0.index].pid) < ($0.ran, self[$1.index].pid) }
    rows.inversions.append(
      InversionRecord(
        begin: open.begin, end: now, lock: self[waits[index].lock].address, culprits: rows.culprits.count,
        culpritCount: UInt32(culprits.count), wait: UInt32(waits[index].row), waiter: labelled(waits[index].waiter),
        owner: open.owner, cpu: open.cpu, evidence: open.evidence))
    for culprit in culprits { rows.culprits.append(CulpritRecord(ran: culprit.ran, task: culprit.label)) }
  }
}
