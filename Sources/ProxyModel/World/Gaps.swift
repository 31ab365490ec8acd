import TraceCore

// What may have changed unseen while a CPU's records are missing.
//
// As long as records of a CPU are missing, whoever is not seen to run may run there: take a lock, release one, begin or end a
// wait. So nothing that is stated meanwhile is known for longer than the instant of its record; and when the records go on,
// all that the gap may have changed is hidden until an event shows it.

/// CPUs whose records are missing now, and whether any ever were.
struct GapState {
  private var missing: [Int] = []
  private(set) var hadAny = false

  var isInGap: Bool {
    @inline(__always) get { !missing.isEmpty }
  }

  func isMissing(_ cpu: Int) -> Bool { missing.contains(cpu) }

  fileprivate mutating func begin(_ cpu: Int) {
    hadAny = true
    if !missing.contains(cpu) { missing.append(cpu) }
  }

  fileprivate mutating func end(_ cpu: Int) { missing.removeAll { $0 == cpu } }
}

extension World {
  /// A CPU's records are missing from here on: what its tasks do, and where tasks are that are not seen to run elsewhere.
  mutating func beginGap(on cpu: Int) {
    changed = .everything
    scheduling.loseCurr(on: cpu)
    gaps.begin(cpu)
    // A gap may hide any release.
    for i in waits.indices where waits[i].isMutex { setOwner(waits[i].lock, .unknown) }
    for i in waits.indices {
      guard let release = waits[i].release else { continue }
      waits[i].release?.evidence = release.evidence.combined(with: .inferred(.besideGap))
    }
    hideTasks()
  }

  /// A CPU's records go on.
  mutating func endGap(on cpu: Int) {
    changed = .everything
    gaps.end(cpu)
    hideTasks()
  }

  /// A gap may hide any move of a task that is not seen to run, and any wait.
  private mutating func hideTasks() {
    scheduling.hideAllButRunning()
    for i in tasks.indices {
      if case .running = place(of: TaskIndex(rawValue: UInt32(i))) { continue }
      tasks[i].mayHideWait = true
    }
  }

  /// A wait's end was lost from sight.
  mutating func hideWaits(of task: TaskIndex) { self[task].mayHideWait = true }

  /// A task is woken of which a gap hides whether it waits: where releases leave no event, it may be that the waker's lock was
  /// given to it, so that nothing is known any more of what the waker owns.
  mutating func noteHiddenHandover(to task: TaskIndex, by cpu: Int) {
    guard self[task].mayHideWait, !signs.hasReleases, let waker = curr(on: cpu) else { return }
    for i in waits.indices where waits[i].isMutex {
      if case .task(waker, let evidence) = self[waits[i].lock].owner {
        setOwner(waits[i].lock, .task(waker, evidence.combined(with: .inferred(.besideGap))))
      }
    }
  }

  /// What is known of an owner that is stated now, from now on.
  func besideGap(_ fact: OwnerFact) -> OwnerFact {
    if !gaps.isInGap { return fact }
    return switch fact {
    case .task(let task, let evidence): .task(task, evidence.combined(with: .inferred(.besideGap)))
    case .free(let evidence): .free(evidence.combined(with: .inferred(.besideGap)))
    case .pending, .unknown: fact
    }
  }

  /// How well a chain is known that was walked just now.
  ///
  /// It is not known of a task whose place a gap has hidden where its chain ends, nor of one that does not run whether it
  /// waits for something else since then.
  mutating func besideGap(_ evidence: Evidence, _ chain: borrowing ChainWalk) -> Evidence {
    let doubted = evidence.combined(with: .inferred(.besideGap))
    if gaps.isInGap { return doubted }
    for link in chain.tasks.indices.dropFirst() {
      let task = chain.tasks[link]
      switch place(of: task) {
      case .running, .queued: continue
      case .unknown: return doubted
      case .blocked, .waking, .asleep: if self[task].mayHideWait { return doubted }
      }
    }
    return evidence
  }
}
