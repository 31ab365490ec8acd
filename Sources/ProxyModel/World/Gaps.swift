import TraceCore

// What may have changed unseen while a CPU's records are missing.
//
// As long as records of a CPU are missing, whoever is not seen to run may run there: take a lock, release one, begin or end a
// wait. So nothing that is stated meanwhile is known for longer than the instant of its record; and when the records go on,
// all that the gap may have changed is hidden until an event shows it.

/// CPUs whose records are missing now, and whether any ever were.
struct GapState {
  /// By CPU.
  private var isMissing: [Bool] = []
  private var missing = 0
  /// Those of which the capture says that records are missing.
  private var told: Set<Int> = []
  private(set) var hadAny = false
  /// Whether there was one of which the capture tells.
  private(set) var hadTold = false
  /// When the last one of these ended.
  private var toldUntil = Timestamp(0)

  var isInGap: Bool {
    @inline(__always) get { missing > 0 }
  }

  /// Whether the capture says that records are missing now, or were since an instant.
  func isTold(since: Timestamp) -> Bool { hadTold && (!told.isEmpty || toldUntil > since) }

  func isMissing(_ cpu: Int) -> Bool { missing > 0 && cpu < isMissing.count && isMissing[cpu] }

  /// What a sign of the kernel is worth that rests on records that are not there.
  enum SignWorth {
    /// No record is missing.
    case full
    /// A CPU shows no record, and nothing says that any is missing: good for as long as nothing contradicts it.
    case weak
    /// Those records may be among those that are missing.
    case none
  }

  /// What a sign is worth now.
  var signs: SignWorth {
    @inline(__always) get { missing == 0 ? .full : told.isEmpty ? .weak : .none }
  }

  fileprivate mutating func begin(_ cpu: Int, isTold: Bool) {
    if isTold {
      told.insert(cpu)
      hadTold = true
    }
    hadAny = true
    while isMissing.count <= cpu { isMissing.append(false) }
    if !isMissing[cpu] { missing += 1 }
    isMissing[cpu] = true
  }

  fileprivate mutating func end(_ cpu: Int, at time: Timestamp) {
    guard isMissing(cpu) else { return }
    isMissing[cpu] = false
    missing -= 1
    if told.remove(cpu) != nil { toldUntil = time }
  }
}

extension World {
  /// A CPU's records are missing from here on: what its tasks do, and where tasks are that are not seen to run elsewhere.
  mutating func beginGap(on cpu: Int, isTold: Bool) {
    changed = .everything
    if let curr = curr(on: cpu) { bookOwner(curr) }
    scheduling.loseCurr(on: cpu)
    gaps.begin(cpu, isTold: isTold)
    // A gap may hide any release. Where nothing says that records are missing, what was known is not forgotten, only doubted.
    for i in waits.indices where waits[i].isMutex {
      let lock = waits[i].lock
      if isTold {
        setOwner(lock, .unknown)
      } else if case .task = self[lock].owner {
        setOwner(lock, self[lock].owner)
      }
    }
    for i in waits.indices {
      guard let release = waits[i].release else { continue }
      waits[i].release?.evidence = release.evidence.combined(with: .inferred(.besideGap))
    }
    if isTold { hideTasks() }
  }

  /// A CPU's records go on.
  mutating func endGap(on cpu: Int) {
    changed = .everything
    gaps.end(cpu, at: now)
    hideTasks()
  }

  /// A gap may hide any move of a task that is not seen to run, and any wait.
  private mutating func hideTasks() {
    for i in waits.indices { if case .task(let owner, _) = self[waits[i].lock].owner { bookOwner(owner) } }
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
    gaps.isInGap ? fact.combined(with: .inferred(.besideGap)) : fact
  }

  /// How well a chain is known that was walked just now.
  ///
  /// It is not known of a task whose place a gap has hidden where its chain ends, nor of one that does not run whether it
  /// waits for something else since then.
  mutating func besideGap(_ evidence: Evidence, _ chain: borrowing ChainWalk) -> Evidence {
    for link in chain.tasks.indices.dropFirst() where mayHideWait(chain.tasks[link]) {
      return besideGap(evidence, hides: true)
    }
    return besideGap(evidence, hides: false)
  }

  /// The same, where it is known whether a gap may hide a wait of some task behind the first.
  func besideGap(_ evidence: Evidence, hides: Bool) -> Evidence {
    hides || gaps.isInGap ? evidence.combined(with: .inferred(.besideGap)) : evidence
  }

  /// Whether a gap may hide where a task is, or that it waits for something.
  @inline(__always)
  func mayHideWait(_ task: TaskIndex) -> Bool {
    switch place(of: task) {
    case .running, .queued: false
    case .unknown: true
    case .blocked, .waking, .asleep: self[task].mayHideWait
    }
  }
}
