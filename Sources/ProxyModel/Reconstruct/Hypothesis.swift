import TraceCore

/// What depends on whether the kernel proxies, as an overlay over one ``World``: where blocked tasks are queued, on whose account
/// each CPU runs, the class of every open wait, and the rows that follow from these.
///
/// Without proxy execution (``proxies`` is `false`) every CPU runs on curr's own account, and blocked tasks are where they
/// blocked.
struct Hypothesis: ~Copyable {
  let proxies: Bool
  /// Without proxy execution every account is curr's own, and of interest for rows of runs alone.
  let keepsAccounts: Bool
  var residence = Residence()
  /// By CPU.
  var accounts = FlatArray<Account>()
  /// CPUs whose curr does not run on its own account, or of which that is not known.
  var notOwn = CPUSet()
  /// By task: what it ran on others' accounts, and they on its own. Tasks without any may be left out at the end.
  private(set) var lent = FlatArray<Lent>()
  private(set) var handovers = Handovers()
  /// By lock: the same of its owner when the hold began.
  var proxiedAtHold = FlatArray<Int64>()
  /// Parallel to ``World/waits``.
  var waits = FlatArray<WaitState>()
  var dependencies = ClassDependencies()
  /// Parallel to ``waits``, or longer: the inversion window of each, where ``WaitState/culprit`` says that one is open.
  var windows = FlatArray<OpenInversion>()
  /// The same of stalls.
  var stalls = FlatArray<OpenStall>()
  /// The chain that was walked last.
  private(set) var chain = ChainWalk()
  /// Of the round of classification that goes on.
  var tails = ChainTails()
  var rows: ReconstructedRows
  var signs = HypothesisSigns()
  var effects = StepEffects()
  var choice = DonorChoice()

  init(proxies: Bool, rows: consuming ReconstructedRows) {
    self.proxies = proxies
    keepsAccounts = proxies || rows.wanted.contains(.runs)
    self.rows = rows
  }

  /// Walks the chain that begins with a wait, into ``chain``.
  mutating func walk(from index: Int, _ world: inout World) -> (ChainTerminal, Evidence) {
    chain.walk(from: index, &world, handovers)
  }

  /// The CPU on whose runqueue a blocked task is, dequeued or not; `nil` for any other.
  @inline(__always)
  func residence(of task: TaskIndex, _ world: inout World) -> CPU? {
    guard world.scheduling.isBlocked(task) else { return nil }
    return proxies ? residence.cpu(of: task) : world.scheduling.cpu(of: task)
  }

  /// Whether the kernel has taken a blocked task off the runqueue since it was woken last.
  @inline(__always)
  func isDequeued(_ task: TaskIndex, _ world: inout World) -> Bool {
    residence.isDequeued(task, wakings: world.scheduling.wakings(of: task))
  }

  mutating func dequeue(_ task: TaskIndex, _ world: inout World) {
    residence.dequeue(task, wakings: world.scheduling.wakings(of: task))
  }
}

/// What the class of each wait follows from.
struct ClassDependencies: ~Copyable {
  /// Parallel to ``Hypothesis/waits``.
  var ofWaits = FlatArray<ChangeMask>()
  /// All that some class may follow from.
  var ofAny = ChangeMask()
}

/// What the current step has changed, and what follows from it.
struct StepEffects: ~Copyable {
  /// Besides ``World/changed``.
  var changed = ChangeMask()
  /// Tasks of which the waiters whose chains end in them are others than before the step, or have other priorities.
  var rivals = ChangeMask()
  /// Waits on whose class the step bears.
  var stale = FlatArray<Int>()
  /// The waiters of the owner that was asked for last.
  var waitersOfLast: OwnersWaiters?
  /// Some step has changed what waits depend on, since it was last looked which terminal owners sleep.
  var bearsOnSleepers = true
  /// Who was asked for last as a culprit, and whether somebody's chain may end in it.
  var lastCulprit: (task: TaskIndex, mayBeOwner: Bool)?

  /// The next step begins.
  @inline(__always)
  mutating func begin() {
    changed = ChangeMask()
    rivals = ChangeMask()
  }
}

/// The choice of a donor that goes on, or was made last.
struct DonorChoice: ~Copyable {
  /// Tasks that are picked, in order.
  var picked = FlatArray<TaskIndex>()
  /// Those that may have been picked instead of the donor.
  var candidates = FlatArray<TaskIndex>()
  /// The same, as the account lists them.
  var others = OtherDonors()
  /// Donors that it has moved to other CPUs.
  var arrivals = FlatArray<TaskIndex>()
}

/// Time that a task ran for others and others for it, in nanoseconds.
struct Lent: BitwiseCopyable {
  var proxiedRun: Int64 = 0
  var donated: Int64 = 0
}

extension Hypothesis {
  /// A task has run on a donor's account.
  mutating func lend(_ donor: TaskIndex, to curr: TaskIndex, _ length: Int64) {
    while lent.count <= Int(max(donor.rawValue, curr.rawValue)) { lent.append(Lent()) }
    lent[Int(curr.rawValue)].proxiedRun &+= length
    lent[Int(donor.rawValue)].donated &+= length
  }
}

/// An open wait under a hypothesis.
struct WaitState {
  /// Since when ``current`` holds.
  var since: Timestamp
  var current = WaitClass.unknown
  var times = ClassTimes()
  /// A gap may hide its end; its times when that gap began are in ``ReconstructedRows/timesAtDoubt``.
  var isDoubted = false
  /// The deepest chain so far.
  var depth = 0
  /// The chain's row, −1 without one.
  var chain = -1
  /// What the last walk found: how the chain ends, how well it is known, its tasks.
  var terminal = ChainTerminal.unknown
  var evidence = Evidence.unknown
  var path = ShortPath()
  /// The last lock of that chain: the one that the terminal owner has.
  var ownedLock: LockIndex
  /// What the walk has passed; and of that, what the chain itself depends on, besides its terminal owner.
  var passed = ChangeMask()
  var links = ChangeMask.everything
  /// The waiter's priority when its class was looked at last.
  var priority: Priority?
  /// Who runs instead of the owner, while an inversion window is open.
  var culprit: TaskIndex?
  /// The open row of ``ReconstructedRows/segments``, −1 without one, and what it states.
  var segment = -1
  var stated = SegmentNow()
  /// An owner has run on the waiter's account since it blocked; and only after a tick or more.
  var hasDonated = false
  var hasDonatedLate = false
  /// What its sched_ext scheduler was asked about it since it blocked, and where the first call is among the rows that has not
  /// led to a donation yet; −1 for none.
  var admission = Admission()
  var firstCall = -1
}

// MARK: - Waits

extension Hypothesis {
  /// ``World/beginWait(_:_:_:isMutex:_:)`` has begun a wait.
  mutating func beginWait(_ world: inout World) {
    waits.append(WaitState(since: world.now, ownedLock: world.waits[world.waits.count - 1].lock))
    dependencies.ofWaits.append(.everything)
    dependencies.ofAny = .everything
    residence.expect(world.waits[world.waits.count - 1].waiter)
    if windows.count < waits.count {
      windows.append(OpenInversion())
      stalls.append(OpenStall())
    }
  }

  /// A wait ends: its rows, before the world forgets it.
  mutating func endWait(_ index: Int, acquired: Bool, _ world: inout World) {
    closeWait(index, &world)
    if acquired { noteRelease(index, &world) }
    noteRival(index)
    let last = waits.count - 1
    if last != index {
      waits[index] = waits[last]
      dependencies.ofWaits[index] = dependencies.ofWaits[last]
      windows.swapAt(index, last)
      stalls.swapAt(index, last)
    }
    waits.removeLast()
    dependencies.ofWaits.removeLast()
  }

  /// The wait is certain until that instant: what follows counts only if its end is seen after all.
  mutating func doubtWait(_ index: Int, row: Int, since: Timestamp) {
    // Of an earlier instant nothing is kept: then all of it is as good as not known.
    guard since >= waits[index].since else { return }
    var times = waits[index].times
    times[waits[index].current] &+= since - waits[index].since
    rows.timesAtDoubt[row] = times
    waits[index].isDoubted = true
  }

  /// Books the rest of a wait and its open rows.
  private mutating func closeWait(_ index: Int, _ world: inout World) {
    book(index, &world)
    endChain(index, world.now)
    endInversion(index, &world)
    endSegment(index, world.now)
    endStall(index, world.now)
    if stalls[index].hasUndecided { stalls[index].forgetUndecided() }
    let row = world.waits[index].row
    rows.outcomes.set(
      OutcomeRecord(
        waiter: world.labelID(world.waits[index].waiter), owner: world.waits[index].firstOwner,
        ownerEvidence: world.waits[index].firstEvidence, depth: UInt32(waits[index].depth)),
      waits[index].times, of: row)
  }

  /// Closes what is open, at the trace's end.
  mutating func finish(_ world: inout World) {
    for index in waits.indices { closeWait(index, &world) }
    for cpu in accounts.indices { book(cpu: cpu, &world) }
  }

  /// A wait has ended with the lock: where the lock was seen to be released, the steps since then.
  private mutating func noteRelease(_ index: Int, _ world: inout World) {
    let wait = world.waits[index]
    guard rows.kinds.contains(.handoffs), let release = wait.release else { return }
    let (wake, queue, run, now) = (wait.wakingAt, wait.wakeupAt, wait.switchedInAt, world.now)
    rows.handoffs.add(
      HandoffRecord(
        begin: release.time, end: now, lock: world[wait.lock].address, wake: MaybeTime(wake.map { $0 - release.time }),
        queue: MaybeTime(queue.flatMap { q in wake.map { q - $0 } }),
        run: MaybeTime(run.flatMap { r in queue.map { r - $0 } }), acquire: MaybeTime(run.map { now - $0 }),
        wait: UInt32(wait.row), from: world.labelID(release.by), to: world.labelID(wait.waiter), kind: .release,
        isMutex: wait.isMutex, migrated: proxies && wait.migratedBack, evidence: release.evidence))
  }
}

// MARK: - Steps

extension Hypothesis {
  @inline(__always)
  mutating func beginStep(on cpu: Int) {
    effects.begin()
    if keepsAccounts, accounts.count <= cpu { beginAccounts(upTo: cpu) }
  }

  @inline(never)
  mutating func beginAccounts(upTo cpu: Int) {
    while accounts.count <= cpu { accounts.append(Account()) }
  }

  /// The world has forgotten a wait.
  mutating func forgetWait(_ world: inout World) {
    residence.holdNothing()
    for index in 0..<world.waits.count { residence.expect(world.waits.base[index].waiter) }
  }

  /// A task goes on as another.
  mutating func become() { residence.holdEverything() }

  /// A task has left a CPU.
  mutating func left(_ task: TaskIndex, on cpu: Int, _ state: TaskState, _ world: inout World) {
    if proxies {
      guard world.scheduling.isBlocked(task) else { return }
      residence.set(task, CPU(cpu))
      // No mark has said of this block that the task was moved.
      waits[world[task].wait].admission.statedCPU = -1
    } else if !state.isRunnable, effects.bearsOnSleepers || dependencies.ofAny.intersects(world.changed) {
      effects.bearsOnSleepers = false
      dequeueWaitersOfSleepers(&world)
    }
  }

  /// A task is woken; the world has not taken it off its place yet.
  /// - Parameter movedFrom: as ``World/waking(_:target:by:)`` says.
  mutating func waking(_ task: TaskIndex, target: CPU, movedFrom: CPU?, _ world: inout World) {
    let wait = world[task].wait
    guard wait >= 0 else { return }
    let lock = world.waits[wait].lock
    if proxies, handovers.wake(task, lock, world[lock].tenure) { effects.changed.insert(lock) }
    guard world.scheduling.isBlocked(task), target >= 0 else { return }
    guard let movedFrom else {
      let isSeen = world.gaps.signs != .none && !world[task].mayHideWait
      if isSeen, world.waits[wait].ownerWasElsewhere, !isDequeued(task, &world) { signs.stayed += 1 }
      return
    }
    // A mark has dated it already.
    guard proxies, rows.kinds.contains(.migrations), waits[wait].admission.statedCPU != target else { return }
    rows.migrations.add(
      MigrationRecord(
        time: waits[wait].admission.moved ?? world.waits[wait].blockedSince ?? world.now,
        wait: UInt32(world.waits[wait].row), task: world.labelID(task), from: movedFrom, to: target,
        kind: .proxy, evidence: .inferred(.movedSilently)))
  }

  /// A task migrates; the world has not moved it yet.
  mutating func migrating(_ task: TaskIndex, to cpu: CPU, isReturn: Bool, _ world: inout World) {
    guard proxies else { return }
    let from = world.scheduling.cpu(of: task)
    if isReturn, from != cpu, rows.kinds.contains(.migrations) {
      let wait = world[task].wait
      rows.migrations.add(
        MigrationRecord(
          time: world.now, wait: wait < 0 ? .max : UInt32(world.waits[wait].row), task: world.labelID(task), from: from,
          to: cpu, kind: .return, evidence: .event))
    }
    dropReturningDonor(task, to: cpu, &world)
    guard world.scheduling.isBlocked(task) else { return }
    residence.set(task, cpu)
    let wait = world[task].wait
    guard !isReturn, from != cpu, wait >= 0, world.waits[wait].isMutex else { return }
    steered(task, to: cpu, &world)
    guard rows.kinds.contains(.migrations) else { return }
    rows.migrations.add(
      MigrationRecord(
        time: world.now, wait: UInt32(world.waits[wait].row), task: world.labelID(task), from: from, to: cpu,
        kind: .steered, evidence: .event))
  }

  /// A lock was released.
  mutating func released(_ lock: LockIndex, by task: TaskIndex, on cpu: Int, _ world: inout World) {
    guard proxies, world[lock].waiters > 0, case .task = account(cpu).donor, world.curr(on: cpu) == task else { return }
    handovers.begin(lock, world[lock].tenure)
  }
}
