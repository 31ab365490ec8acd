import TraceCore

// What may have changed unseen while a CPU's records are missing.
//
// As long as records of a CPU are missing, whoever is not seen to run may run there: take a lock, release one, begin or end a
// wait. So nothing that is stated meanwhile is known for longer than the instant of its record; and when the records go on,
// all that the gap may have changed is hidden until an event shows it.

extension Replay {
  /// A CPU's records are missing from here on: what its tasks do, and where tasks are that are not seen to run elsewhere.
  mutating func beginGap(on lane: Int) {
    touched = .everything
    bookLane(lane)
    if let curr = lanes[lane].curr { self[curr].place = .unknown }
    lanes[lane].curr = nil
    if !lanes[lane].isInGap { lanesInGap += 1 }
    lanes[lane].isInGap = true
    hasGaps = true
    lanes[lane].donor = .own
    // A gap may hide any release.
    for i in waits.indices where waits[i].isMutex { setOwner(waits[i].lock, .unknown) }
    for i in waits.indices {
      guard let release = waits[i].release else { continue }
      waits[i].release?.evidence = release.evidence.combined(with: .inferred(.besideGap))
    }
    hideTasks()
  }

  /// Whether a task may wait of which a gap hides that it does, and lend its CPU time without a word.
  var hidesDonors: Bool { hasGaps && proxies && !hasProbes }

  /// A CPU's records go on.
  mutating func endGap(on lane: Int) {
    touched = .everything
    lanesInGap -= 1
    lanes[lane].isInGap = false
    hideTasks()
  }

  /// A gap may hide any move of a task that is not seen to run, and any wait.
  private mutating func hideTasks() {
    for lane in lanes.indices {
      lanes[lane].firstQueued = -1
      lanes[lane].idledBesides.removeAll(keepingCapacity: true)
    }
    idledLanes = 0
    for i in tasks.indices {
      (tasks[i].previousQueued, tasks[i].nextQueued) = (-1, -1)
      if case .running = tasks[i].place { continue }
      tasks[i].place = .unknown
      tasks[i].hidesWait = true
    }
  }

  /// A task is woken of which a gap hides whether it waits: where releases leave no event, it may be that the waker's lock was
  /// given to it, so that nothing is known any more of what the waker owns.
  mutating func noteHiddenHandover(to task: TaskIndex, by lane: Int) {
    guard self[task].hidesWait, !hasReleases, let waker = lanes[lane].curr else { return }
    for i in waits.indices where waits[i].isMutex {
      if case .task(waker, let evidence) = self[waits[i].lock].owner {
        setOwner(waits[i].lock, .task(waker, evidence.combined(with: .inferred(.besideGap))))
      }
    }
  }

  /// What is known of an owner that is stated now, from now on.
  mutating func besideGap(_ fact: OwnerFact) -> OwnerFact {
    if lanesInGap == 0 { return fact }
    return switch fact {
    case .task(let task, let evidence): .task(task, evidence.combined(with: .inferred(.besideGap)))
    case .free(let evidence): .free(evidence.combined(with: .inferred(.besideGap)))
    case .pending, .unknown: fact
    }
  }

  /// How well a chain is known that ``walk(from:)`` has just passed.
  ///
  /// It is not known of a task whose place a gap has hidden where its chain ends, nor of one that does not run whether it
  /// waits for something else since then.
  mutating func besideGap(_ evidence: Evidence) -> Evidence {
    let doubted = evidence.combined(with: .inferred(.besideGap))
    if lanesInGap > 0 { return doubted }
    for link in walkedTasks.indices.dropFirst() {
      let task = walkedTasks[link]
      switch self[task].place {
      case .running, .queued: continue
      case .unknown: return doubted
      case .blocked, .waking, .asleep: if self[task].hidesWait { return doubted }
      }
    }
    return evidence
  }

  /// Whether a wait's chain, the same as before, is not known as well any more: its row must end.
  mutating func hidesChain(_ index: Int, _ evidence: Evidence) -> Bool {
    guard evidence == .unknown || evidence == .inferred(.besideGap), waits[index].chain >= 0 else { return false }
    return rows.chains[waits[index].chain].evidence != evidence
  }
}
