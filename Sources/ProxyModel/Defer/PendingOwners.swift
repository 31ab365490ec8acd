import TraceCore

/// Who owned each contended lock, built forwards from acquisitions and backwards from releases.
///
/// Each journal entry about a lock lacks one thing: who owns the lock from there on. A release names the owner of everything since the
/// last known change; an acquisition names the owner of what follows. This keeps the positions of the entries that
/// nothing has decided yet; the earliest of them is as far as reconstruction may go.
///
/// What the kernel shows (kernel/locking/mutex.c): while a task sleeps on a mutex's wait list, the fast paths fail for
/// everybody, so each acquisition has a `contention_end` and each release a `contended_release` (7.2 and later). While
/// waiters only spin, others lock and unlock without an event; but a spinner stops as soon as the owner leaves its CPU.
struct PendingOwners: ~Copyable {
  var spins = Spins()
  /// A spinner notices within microseconds that the owner does not run (`mutex_spin_on_owner()` looks at it in every turn).
  /// A spin that went on for this long, in nanoseconds, did so on an owner that ran.
  private static let spinIsReal: Int64 = 1_000_000
  /// A wait that ends this soon, in nanoseconds, found the lock free: only the fast path failed, on the flag that tells of
  /// sleeping waiters.
  private static let tookAtOnce: Int64 = 5_000

  /// An entry whose owner is open.
  struct PendingOwner {
    enum Kind {
      /// A task began to wait; by spinning, where the spin is given. Whether somebody slept on the wait list then.
      case began(TaskIndex, SpinID?, isListed: Bool)
      /// A waiter is the first to sleep on the wait list: from here on the fast paths fail.
      case listed(TaskIndex)
      /// The owner was read at this instant, `nil` for none. Whether somebody slept on the wait list then.
      case read(TaskIndex?, isListed: Bool)
      case acquired(TaskIndex)
      /// Somebody woke a waiter and has given the lock up by that, unless the wait fails.
      case woke(TaskIndex, by: TaskIndex)
      /// The lock was given up: `contended_release`, or a waiter was woken that got it, or its holder waits for it itself.
      case given(Evidence)
    }
    var position: Int
    var kind: Kind
  }

  struct Lock {
    var waiters: [TaskIndex] = []
    /// Waiters that have gone to sleep on the wait list at least once.
    var sleepers: [TaskIndex] = []
    var pending: [PendingOwner] = []
    /// The last task that was seen to acquire the lock and not to release it.
    var holder: TaskIndex?
    /// When that was.
    var heldSince = Timestamp(0)
    /// The last of ``pending`` that is ``PendingOwner/Kind/woke(_:by:)``, and who had the lock before.
    var sign: (woken: TaskIndex, holder: TaskIndex?)?
    /// Somebody has slept on the wait list all the time since `holder` acquired: nobody else can have without an event.
    var isWatched = false
    /// A `contended_release` of this lock was seen, so wakings are not needed as signs.
    var hasReleases = false
    /// A waiter or a release of it was seen.
    var isKnown = false
    /// Entries up to this position stand before or beside a stretch in which a CPU shows no record, though nothing says that any
    /// are missing: what a later record tells of them is a conclusion.
    var doubtedUpTo = -1
    /// It is in ``live``.
    var isLive = false
    /// It is in ``undecided``.
    var isUndecided = false
  }

  /// By index.
  private var locks = FlatArray<Lock>()
  /// Locks of which something is known since the last gap.
  private var live: [LockIndex] = []
  /// The end of the gap that goes on, the latest of several: until then somebody may take a free lock unseen.
  private var gapEnd: Timestamp?
  /// Locks with entries that lack an owner.
  private var undecided: [LockIndex] = []
  /// The first position that is not decided; `nil` where all are.
  private(set) var frontier: Int?

  private subscript(lock: LockIndex) -> Lock {
    @inline(__always) _read { yield locks[Int(lock.rawValue)] }
    @inline(__always) _modify { yield &locks[Int(lock.rawValue)] }
  }

  /// Makes room for a lock.
  private mutating func know(_ lock: LockIndex) {
    while locks.count <= Int(lock.rawValue) { locks.append(Lock()) }
    self[lock].isKnown = true
    if self[lock].isLive { return }
    self[lock].isLive = true
    live.append(lock)
  }

  @inline(__always)
  private func isKnown(_ lock: LockIndex) -> Bool { Int(lock.rawValue) < locks.count && self[lock].isKnown }

  /// A task began to wait.
  /// - Parameter spin: what it saw, where it began by spinning.
  mutating func waitBegan(
    _ lock: LockIndex, _ waiter: TaskIndex, spin: SpinID?, at position: Int, in journal: inout Journal
  ) {
    // A task that waits does not own: it released the lock without an event.
    know(lock)
    if self[lock].holder == waiter {
      if self[lock].isWatched {
        close(lock, in: &journal)
        add(lock, PendingOwner(position: position, kind: .given(.inferred(.perhapsStillHeld))), in: &journal)
      }
      self[lock].holder = nil
    }
    self[lock].waiters.append(waiter)
    if let spin { spins[spin].wasWatched = self[lock].isWatched }
    let isListed = spin == nil || !self[lock].sleepers.isEmpty
    add(lock, PendingOwner(position: position, kind: .began(waiter, spin, isListed: isListed)), in: &journal)
  }

  /// A waiter stops spinning and sleeps on the wait list.
  mutating func waiterSleeps(_ lock: LockIndex, _ waiter: TaskIndex, at time: Timestamp) {
    guard isKnown(lock) else { return }
    know(lock)
    if !self[lock].sleepers.contains(waiter) { self[lock].sleepers.append(waiter) }
    settleSpin(lock, waiter, at: time, acquired: false)
  }

  /// Whether nobody is known to sleep on a lock's wait list.
  @inline(__always)
  func isListEmpty(_ lock: LockIndex) -> Bool { !isKnown(lock) || self[lock].sleepers.isEmpty }

  /// The first waiter is about to sleep on the wait list: whoever releases the lock later has it now.
  mutating func listed(_ lock: LockIndex, _ waiter: TaskIndex, at position: Int, in journal: inout Journal) {
    know(lock)
    add(lock, PendingOwner(position: position, kind: .listed(waiter)), in: &journal)
  }

  /// A probe read the owner in a waiter's `contention_begin`, or an event names it. What is so afterwards shows later.
  mutating func ownerRead(
    _ lock: LockIndex, _ owner: TaskIndex?, by waiter: TaskIndex, _ evidence: Evidence = .probe, at position: Int,
    time: Timestamp, in journal: inout Journal
  ) {
    guard isKnown(lock) else {
      journal.setOwner(Self.onceRead(owner), at: position)
      return
    }
    know(lock)
    let isListed = !self[lock].sleepers.isEmpty
    if let last = self[lock].pending.last, case .began(waiter, let spin, _) = last.kind {
      if let spin { spins.end(spin) }
      journal.setRead(owner.map { .task($0, evidence) } ?? .free(evidence), at: last.position)
      self[lock].pending[self[lock].pending.count - 1].kind = .read(owner, isListed: isListed)
    }
    self[lock].holder = owner
    self[lock].heldSince = time
    add(lock, PendingOwner(position: position, kind: .read(owner, isListed: isListed)), in: &journal)
  }

  private static func onceRead(_ owner: TaskIndex?) -> OwnerFact {
    owner.map { .task($0, .inferred(.readOnce)) } ?? .free(.inferred(.readOnce))
  }

  /// The task owned the lock up to here: so says `contended_release`, unless it comes late.
  ///
  /// The kernel releases a lock before it writes the record (`__mutex_unlock_slowpath()`, kernel/locking/mutex.c), and a CPU may be
  /// stopped in between: by an interrupt, a hypervisor. Another task may have acquired the lock by then.
  mutating func released(
    _ lock: LockIndex, by task: TaskIndex, at position: Int, time: Timestamp, in journal: inout Journal
  ) {
    know(lock)
    confirmSign(lock, in: &journal)
    self[lock].hasReleases = true
    // Nobody can have had it after its holder without an event: that one has it, or its own record comes late as well.
    if self[lock].isWatched, let holder = self[lock].holder, holder != task {
      return journal.setOwner(.noRelease, at: position)
    }
    for waiter in self[lock].waiters { settleSpin(lock, waiter, at: time, acquired: false) }
    decide(lock, releasedBy: task, evidence: .event, in: &journal)
    self[lock].holder = nil
    add(lock, PendingOwner(position: position, kind: .given(.event)), in: &journal)
    if self[lock].waiters.isEmpty { close(lock, in: &journal) }
  }

  /// A task has woken a waiter (``isSign(_:by:)``): it owned the lock up to here, unless that wait fails.
  mutating func woke(
    _ lock: LockIndex, _ waiter: TaskIndex, by task: TaskIndex, at position: Int, time: Timestamp,
    in journal: inout Journal
  ) {
    know(lock)
    confirmSign(lock, in: &journal)
    for waiter in self[lock].waiters { settleSpin(lock, waiter, at: time, acquired: false) }
    self[lock].sign = (waiter, self[lock].holder)
    self[lock].holder = nil
    add(lock, PendingOwner(position: position, kind: .woke(waiter, by: task)), in: &journal)
  }

  /// Whether a task that wakes a waiter of the lock thereby shows that it has released it: where releases leave no event,
  /// and unless the lock's own waiters wake each other. A release precedes its waking, so that a spinner may have taken the
  /// lock in between: that late waking says nothing of the new owner.
  @inline(__always)
  func isSign(_ lock: LockIndex, by task: TaskIndex) -> Bool {
    guard isKnown(lock), !self[lock].hasReleases, !self[lock].waiters.contains(task) else { return false }
    return !self[lock].isWatched || self[lock].holder == nil || self[lock].holder == task
  }

  /// A wait ended: acquired, given up, or lost from sight.
  mutating func waitEnded(
    _ lock: LockIndex, _ waiter: TaskIndex, acquired: Bool, isLost: Bool = false, at position: Int, time: Timestamp,
    in journal: inout Journal
  ) {
    guard isKnown(lock) else { return }
    know(lock)
    // A signal, a wound or a timer has woken it: who did that had nothing to give.
    if !acquired, !isLost, self[lock].sign?.woken == waiter { dropSign(lock, in: &journal) }
    if acquired { confirmSign(lock, in: &journal) }
    self[lock].waiters.drop(waiter)
    settleSpin(lock, waiter, at: time, acquired: acquired && !self[lock].sleepers.contains(waiter))
    // Until here the waiter itself may have been who slept.
    if acquired { close(lock, in: &journal) }
    self[lock].sleepers.drop(waiter)
    if acquired {
      self[lock].holder = waiter
      self[lock].heldSince = time
      self[lock].isWatched = !self[lock].sleepers.isEmpty
      add(lock, PendingOwner(position: position, kind: .acquired(waiter)), in: &journal)
    }
    if self[lock].waiters.isEmpty { close(lock, in: &journal) }
    if self[lock].sleepers.isEmpty { self[lock].isWatched = false }
  }

  /// How it is known that an acquirer still has the lock, up to its release. That it releases the lock in the end does not say so: as
  /// long as nobody sleeps on the wait list it may have released it before, and others may have had it, in the fast path. Nor
  /// does it show where no release was written: somebody else's acquisition may come much later.
  private mutating func stillOwned(_ lock: LockIndex) -> Evidence {
    self[lock].isWatched ? .event : .inferred(.perhapsStillHeld)
  }

  /// Records of some CPU may be missing.
  var isInGap: Bool { gapEnd != nil }

  /// Records of some CPU are missing until that instant.
  mutating func gapBegan(until end: Timestamp) { gapEnd = max(gapEnd ?? end, end) }

  /// Time goes on; where that ends a gap, what happened beside it cannot be decided by what comes after it either.
  mutating func passGap(at time: Timestamp, in journal: inout Journal) {
    guard let end = gapEnd, time >= end else { return }
    forget(in: &journal)
    gapEnd = nil
  }

  /// A gap: holders may have changed unseen, and what is undecided cannot be decided by what comes after.
  mutating func forget(in journal: inout Journal) {
    for lock in undecided { close(lock, byGap: true, in: &journal) }
    for lock in live {
      self[lock].holder = nil
      // Whoever slept may have ended its wait unseen, and then nothing keeps others from taking the lock without an event.
      self[lock].sleepers.removeAll()
      self[lock].isWatched = false
      self[lock].isLive = false
    }
    live.removeAll(keepingCapacity: true)
  }

  /// A CPU shows no record from here on, though nothing says that any are missing: what comes after still decides what is
  /// undecided, but does not prove it.
  mutating func doubt() {
    for lock in undecided { self[lock].doubtedUpTo = self[lock].pending.last?.position ?? -1 }
    // Whoever slept may have ended its wait unseen.
    for lock in live { self[lock].isWatched = false }
  }

  /// The journal must go on, whatever is undecided.
  mutating func abandon(before position: Int, in journal: inout Journal) {
    for lock in undecided where (self[lock].pending.first?.position ?? .max) < position {
      close(lock, in: &journal)
    }
  }
}

// MARK: - Deciding

extension PendingOwners {
  private mutating func setOwner(
    _ lock: LockIndex, _ fact: OwnerFact, since: Timestamp = Timestamp(0), at position: Int, in journal: inout Journal
  ) {
    let isCertain = position > self[lock].doubtedUpTo
    journal.setOwner(isCertain ? fact : fact.combined(with: .inferred(.besideGap)), since: since, at: position)
  }

  private mutating func add(_ lock: LockIndex, _ entry: PendingOwner, in journal: inout Journal) {
    journal.setOwner(.pending, at: entry.position)
    self[lock].pending.append(entry)
    if self[lock].isUndecided { return }
    self[lock].isUndecided = true
    undecided.append(lock)
    // Positions only grow: the new one is the first if it is the only one.
    if undecided.count == 1 { frontier = entry.position }
  }

  /// What was woken had been given the lock: so it is decided like a release.
  private mutating func confirmSign(_ lock: LockIndex, in journal: inout Journal) {
    guard let sign = self[lock].sign, let place = signPlace(lock) else { return }
    self[lock].sign = nil
    guard case .woke(_, let task) = self[lock].pending[place].kind else { return }
    decideEntries(
      lock, upTo: place, holder: sign.holder, releasedBy: task, evidence: .inferred(.wokeTheWaiter), in: &journal)
    for entry in 0..<place { endSpin(self[lock].pending[entry]) }
    self[lock].pending.removeSubrange(..<place)
    self[lock].pending[0].kind = .given(.inferred(.wokeTheWaiter))
    findFrontier()
  }

  private mutating func dropSign(_ lock: LockIndex, in journal: inout Journal) {
    guard let sign = self[lock].sign, let place = signPlace(lock) else { return }
    self[lock].sign = nil
    self[lock].holder = self[lock].holder ?? sign.holder
    let position = self[lock].pending.remove(at: place).position
    journal.setOwner(.noRelease, at: position)
    if self[lock].pending.isEmpty { decided(lock, from: position) } else { findFrontier() }
  }

  private func signPlace(_ lock: LockIndex) -> Int? {
    self[lock].pending.lastIndex { if case .woke = $0.kind { true } else { false } }
  }

  private mutating func findFrontier() {
    frontier = nil
    for lock in undecided {
      if let first = self[lock].pending.first?.position { frontier = min(frontier ?? first, first) }
    }
  }

  /// All entries of a lock have their owner; the first of them was at that position.
  private mutating func decided(_ lock: LockIndex, from position: Int) {
    self[lock].isUndecided = false
    undecided.drop(lock)
    if position == frontier { findFrontier() }
  }

  /// Notes of a waiter's spin whether it lasted.
  private mutating func settleSpin(_ lock: LockIndex, _ waiter: TaskIndex, at time: Timestamp, acquired: Bool) {
    for i in self[lock].pending.indices {
      guard case .began(waiter, let spin?, let isListed) = self[lock].pending[i].kind, !spins[spin].isReal else {
        continue
      }
      let length = time - spins[spin].since
      if acquired || length > Self.spinIsReal {
        spins[spin].isReal = true
        spins[spin].wasShort = acquired && length < Self.tookAtOnce
      } else if self[lock].sleepers.contains(waiter) {
        spins.end(spin)
        self[lock].pending[i].kind = .began(waiter, nil, isListed: isListed)
      }
    }
  }

  /// A release by `task` decides every open entry: back to the last known change it was the owner.
  private mutating func decide(
    _ lock: LockIndex, releasedBy task: TaskIndex, evidence: Evidence, in journal: inout Journal
  ) {
    guard self[lock].isUndecided, let first = self[lock].pending.first?.position else { return }
    decideEntries(
      lock, upTo: self[lock].pending.count, holder: self[lock].holder, releasedBy: task, evidence: evidence,
      in: &journal)
    removePending(lock)
    decided(lock, from: first)
  }

  private mutating func endSpin(_ entry: PendingOwner) {
    if case .began(_, let spin?, _) = entry.kind { spins.end(spin) }
  }

  private mutating func removePending(_ lock: LockIndex) {
    while let entry = self[lock].pending.popLast() { endSpin(entry) }
  }

  /// What a release proves (kernel/locking/mutex.c): from the instant on at which somebody sleeps on the wait list, nobody else
  /// can have taken the lock without a `contention_end`. Before that it is a conclusion, and none at all for a task that was on
  /// no CPU since another one acquired the lock.
  private mutating func decideEntries(
    _ lock: LockIndex, upTo count: Int, holder: TaskIndex?, releasedBy task: TaskIndex, evidence: Evidence,
    in journal: inout Journal
  ) {
    let since = holder != nil && holder != task ? self[lock].heldSince : Timestamp(0)
    var fact = OwnerFact.task(task, evidence)
    // Nothing but the release tells of the owner so far.
    var isFirst = true
    // Somebody has given it up: who has it then has taken it without an event (`mutex_trylock()`), and since when does not show.
    var wasGiven = false
    for i in 0..<count {
      let position = self[lock].pending[i].position
      switch self[lock].pending[i].kind {
      // Given up by one and later by another, and no wait ended in between: the second took it without waiting.
      case .given: (fact, isFirst, wasGiven) = (.task(task, .inferred(.tookOver)), false, true)
      case .woke: break
      case .acquired(let acquirer):
        let known = acquirer == task ? stillOwned(lock) : .inferred(.perhapsStillHeld)
        (fact, isFirst, wasGiven) = (.task(acquirer, known), false, false)
      case .read(let owner, let isListed):
        let fact = owner == task && isListed ? OwnerFact.task(task, evidence) : Self.onceRead(owner)
        setOwner(lock, fact, at: position, in: &journal)
        continue
      case .listed(let waiter):
        (fact, isFirst, wasGiven) = (waiter == task ? .unknown : .task(task, evidence), false, false)
      case .began(let waiter, let spin, let isListed):
        // An earlier acquirer's hold may have ended without an event; whoever releases had the lock by now.
        if case .task(let known, _) = fact, known != task { fact = .task(task, .inferred(.tookOver)) }
        // From here on it shows, whatever was known before.
        if isListed, !isFirst, !wasGiven, case .task(task, _) = fact { fact = .task(task, evidence) }
        if case .task(waiter, _) = fact { fact = .unknown }
        if let spin, spins[spin].isReal, holder != task, !spins[spin].others.isEmpty,
          !spins[spin].others.contains(task)
        {
          setOwner(lock, ownerOfSpin(spin, holder: holder), at: position, in: &journal)
          continue
        }
        if isFirst, case .task(let owner, let stated) = fact {
          let known = isListed ? stated : stated.combined(with: .inferred(.untilReleased))
          setOwner(lock, .task(owner, known), since: since, at: position, in: &journal)
          continue
        }
        setOwner(lock, fact, since: since, at: position, in: &journal)
        continue
      }
      setOwner(lock, fact, at: position, in: &journal)
    }
  }

  /// Decides the open entries without a release: after a sign the lock was free; else the last acquirer still had it.
  ///
  /// - Parameter byGap: a gap ends the stretch, and hides the release that would have shown who had the lock last: somebody
  ///   who took it without an event, or the acquirer after whom the record of an earlier release was written.
  private mutating func close(_ lock: LockIndex, byGap: Bool = false, in journal: inout Journal) {
    confirmSign(lock, in: &journal)
    guard self[lock].isUndecided, let first = self[lock].pending.first?.position else { return }
    let holder = self[lock].holder
    var fact: OwnerFact = holder.map { .task($0, .inferred(.perhapsStillHeld)) } ?? .unknown
    for i in self[lock].pending.indices {
      let position = self[lock].pending[i].position
      switch self[lock].pending[i].kind {
      case .given(let evidence): fact = .free(byGap ? evidence.combined(with: .inferred(.besideGap)) : evidence)
      case .woke: break
      case .acquired(let task): fact = .task(task, .inferred(.perhapsStillHeld))
      case .read(let owner, _):
        setOwner(lock, Self.onceRead(owner), at: position, in: &journal)
        continue
      case .listed(let waiter):
        if case .task(waiter, _) = fact { fact = .unknown }
        if byGap || gapEnd != nil, fact.isFree { fact = .unknown }
      case .began(let waiter, let spin, _):
        if case .task(waiter, _) = fact { fact = .unknown }
        if byGap || gapEnd != nil, fact.isFree { fact = .unknown }
        if !fact.isFree, let spin, spins[spin].isReal {
          setOwner(lock, ownerOfSpin(spin, holder: holder), at: position, in: &journal)
          continue
        }
      }
      setOwner(lock, fact, at: position, in: &journal)
    }
    removePending(lock)
    decided(lock, from: first)
  }

  /// Who owned a lock for which somebody spun, and no release tells: somebody who ran, or nobody.
  private mutating func ownerOfSpin(_ spin: SpinID, holder: TaskIndex?) -> OwnerFact {
    let wasWatched = spins[spin].wasWatched
    if wasWatched, spins[spin].wasShort { return .free(.inferred(.foundFree)) }
    if let holder, spins[spin].others.contains(holder) { return .task(holder, .inferred(.perhapsStillHeld)) }
    // Every owner would have been seen to acquire: if the one that was does not run, there is none.
    if wasWatched { return .free(.inferred(.foundFree)) }
    if spins[spin].sawAll, spins[spin].others.count == 1 {
      return .task(spins[spin].others[0], .inferred(.spunOnOwner))
    }
    return .unknown
  }
}

extension Array where Element: Equatable {
  /// Removes an element wherever it is; the others keep their order.
  fileprivate mutating func drop(_ element: Element) {
    if count <= 1 {
      if first == element { removeLast() }
      return
    }
    let kept = withUnsafeMutableBufferPointer { all in
      var kept = 0
      for place in all.indices where all[place] != element {
        all[kept] = all[place]
        kept += 1
      }
      return kept
    }
    // One by one: there is one, and removing several costs as much as all the rest.
    for _ in kept..<count { removeLast() }
  }
}
