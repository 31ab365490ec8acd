import TraceCore

// Start reading here.
//
// The model works in two passes over one stream of events, the second some way behind the first.
//
// `ProxyMachine` (Observe/) is the first pass. It turns pids into tasks, keeps each CPU's curr and whether its records continue
// each other, and open waits. Out of each event come steps (`Step`, Defer/Journal.swift): a switch, a waking, a wait that begins.
//
// A step about a lock cannot be judged at once: who owns the lock from here on shows when it is released. Such steps wait in the
// journal, and all later ones behind them (Defer/). In most of most captures nobody waits, and steps pass at once.
//
// The second pass is this type. It takes steps in order, with all owners decided, and keeps
//
//   World          the machine as events tell it: where each task is, each CPU's curr, owners, open waits
//   Hypothesis     what depends on whether the kernel proxies, once for each answer until one is ruled out: where blocked tasks
//                  are queued, on whose account each CPU runs, what each waiter waits for
//   Verdict        signs for the one and the other answer
//   CallbackPairing   the callbacks of a sched_ext scheduler, held against what runs
//
// Time:            t0        t1           t2            t3          t4
//   waiter D       runs      blocks (D)   .             .           woken, takes the lock
//   owner O        queued    .            switched in   releases    .
//   CPU 0 curr     D         idle or O    O             O           D
//   rq->donor      D         D            D             D           D        in no event: `Hypothesis.inferDonor`, or a probe
//   D's class      -         delayed or   proxied       handoff     self     `Hypothesis.classify`
//                            inverted
//
// On each step: the world changes; each hypothesis follows it (donor, residence); and waits whose class may have changed are
// classified again: walk waiter → lock → owner → … to the owner that is not blocked (`ChainWalk`), and look whether it runs, on
// whose account, or who runs instead. Rows are written when something ends.

/// The second pass: takes steps whose owners are decided, and appends what it finds to rows.
struct Reconstruction: ~Copyable {
  var world: World
  /// A branch for each hypothesis, until it is decided whether the kernel proxies: then just one.
  private(set) var proxying: InPlaceOptional<Branch>
  private(set) var plain: InPlaceOptional<Branch>
  private var contests = Contests()
  private(set) var delays: DelayBook
  /// Bystanders may be followed by less than others: no rows are made that need every step of the scheduler.
  let takesShortWays: Bool
  /// How many switches were between bystanders.
  var switchesBeside = 0

  /// One hypothesis, and the callbacks of a sched_ext scheduler as it sees them.
  struct Branch: ~Copyable {
    var hypothesis: Hypothesis
    var pairing = CallbackPairing()

    init(proxies: Bool, _ kinds: RowKinds, making wanted: OptionalRows, in file: RowFile) {
      hypothesis = Hypothesis(proxies: proxies, rows: ReconstructedRows(kinds, making: wanted, in: file))
    }

    consuming func takeRows() -> ReconstructedRows { hypothesis.rows }
  }

  /// - Parameters:
  ///   - forced: whether the kernel proxies, as the user said.
  ///   - kinds: the rows to make.
  ///   - wanted: of those that can be as many as events.
  ///   - takesShortWays: as ``ProxyMachine/Options/takesShortWays``.
  init(
    forced: Bool?, _ kinds: RowKinds, making wanted: OptionalRows, in file: RowFile, takesShortWays: Bool
  ) {
    world = World(kinds, in: file)
    delays = DelayBook(isOn: wanted.contains(.delays))
    self.takesShortWays = takesShortWays && wanted.isDisjoint(with: .everyStep)
    proxying = InPlaceOptional(Branch(proxies: true, kinds, making: wanted, in: file))
    plain = InPlaceOptional(Branch(proxies: false, kinds, making: wanted, in: file))
    if forced == true { plain.drop() }
    if forced == false { proxying.drop() }
  }

  /// The trace begins, with its first record.
  mutating func begin(at time: Timestamp) { world.clock.begin(at: time) }

  /// Makes the next tasks and locks of the first pass known.
  mutating func introduce(_ label: TaskLabel) { world.describe(label.index, label.pid, label.comm, label.priority) }
  mutating func introduce(_ lock: LockAddress) { world.locks.append(LockNow(lock)) }

  /// Drops a hypothesis if the other is decided.
  mutating func settle(_ verdict: VerdictBuilder) {
    guard plain.hasValue, proxying.hasValue, let proxies = verdict.settled(signs) else { return }
    if proxies { plain.drop() } else { proxying.drop() }
  }

  /// What was seen of the kernel so far.
  var signs: ProxySigns {
    guard let branch = plain.pointer ?? proxying.pointer else {
      return ProxySigns(
        shared: world.signs, hypothesis: HypothesisSigns(), callbacks: CallbackSigns(), contests: contests)
    }
    return ProxySigns(
      shared: world.signs, hypothesis: branch.pointee.hypothesis.signs, callbacks: branch.pointee.pairing.signs,
      contests: contests)
  }

  /// Switches of which the exit probe and the switch probe name different donors: how many, and when the first was.
  var probeDisagreements: (count: UInt64, first: Timestamp)? { world.signs.probeDisagreements }

  /// Time on donors' accounts, if the kernel proxies: the hypothesis that it does is not followed any further.
  mutating func timeIfProxied(at end: Timestamp) -> Int64? {
    world.advance(to: end)
    guard let branch = proxying.pointer else { return nil }
    for cpu in branch.pointee.hypothesis.accounts.indices { branch.pointee.hypothesis.book(cpu: cpu, &world) }
    var sum: Int64 = 0
    for cpu in branch.pointee.hypothesis.accounts.indices { sum &+= branch.pointee.hypothesis.accounts[cpu].proxied }
    return sum
  }

  /// The branch whose hypothesis holds, closed at the last step's instant. The other one may be all that is left, where a probe
  /// came after the one had been dropped and says otherwise: all probes of the capture count in it.
  mutating func finish(proxies: Bool, at end: Timestamp) -> Branch? {
    world.advance(to: end)
    if delays.isOn { delays.finish(&world) }
    guard let branch = proxies ? proxying.pointer ?? plain.pointer : plain.pointer ?? proxying.pointer else {
      return nil
    }
    branch.pointee.hypothesis.finish(&world)
    branch.pointee.pairing.finish(&world)
    world.closeHolds()
    branch.pointee.hypothesis.followHolds(&world)
    return proxies && proxying.hasValue || !plain.hasValue ? proxying.take() : plain.take()
  }
}

// MARK: - Steps

extension Reconstruction {
  /// Takes the next step, whose owner and follow-up are decided.
  @inline(__always)
  mutating func apply(_ entry: UnsafePointer<JournalEntry>) {
    if let plain = plain.pointer, !world.waits.isEmpty, world.gaps.signs != .none {
      plain.pointee.hypothesis.weighContests(until: entry.pointee.time, &world, into: &contests)
    }
    let cpu = Int(entry.pointee.cpu)
    world.beginStep(at: entry.pointee.time, on: cpu)
    forEachBranch { branch, _ in branch.hypothesis.beginStep(on: cpu) }
    take(entry, cpu)
    if !world.holdSteps.isEmpty { followHolds() }
    if world.waits.isEmpty { return }
    forEachBranch { branch, world in branch.hypothesis.classifyChanged(&world) }
  }

  /// Locks have changed hands.
  private mutating func followHolds() {
    forEachBranch { branch, world in branch.hypothesis.followHolds(&world) }
    world.holdSteps.removeAll()
  }

  @inline(__always)
  private mutating func forEachBranch(_ body: (inout Branch, inout World) -> Void) {
    if let branch = proxying.pointer { body(&branch.pointee, &world) }
    if let branch = plain.pointer { body(&branch.pointee, &world) }
  }

  @inline(__always)
  private mutating func take(_ entry: UnsafePointer<JournalEntry>, _ cpu: Int) {
    switch entry.pointee.step {
    case .switched(let from, let state, let to):
      if !switchedBeside(cpu, from, state, to, entry.pointee.followUp) {
        switched(cpu, from, state, to, entry.pointee.followUp)
      }
    case .waking(let task, let target):
      if !wakingBeside(task, target: target) { waking(task, target: target, by: cpu) }
    case .wakeup(let task, let target, let isNew):
      if delays.isOn { delays.queue(task, on: target, isNew ? .new : .woken, &world) }
      world.wakeup(task, target: target)
    case .migrated(let task, let to): migrated(task, to: to)
    case .described(let task, let pid, let comm, let priority): world.describe(task, pid, comm, priority)
    case .current(let task): currShows(task, on: cpu)
    case .lost(let since, let isTold): currHides(on: cpu, since: since, isTold: isTold)
    case .dead(let task):
      if delays.isOn { delays.forget(task, &world) }
      world.die(task)
      forEachBranch { branch, _ in branch.pairing.end(task) }
    case .becomes(let old, let new): becomes(old, new)
    case .probedChoice(let task):
      forEachBranch { branch, world in branch.hypothesis.chosen(cpu, task, entry.pointee.followUp, &world) }
    case .exitDonor(let donor, let isSwitch):
      world.signs.hasProbes = true
      forEachBranch { branch, world in branch.hypothesis.exited(cpu, donor, isSwitch: isSwitch, &world) }
    case .namedDonor(let donor, let owner): named(donor, owner, on: cpu)
    case .queued(let task, let to):
      forEachBranch { branch, world in branch.hypothesis.queued(task, on: to, &world) }
    case .unqueued(let task): forEachBranch { branch, world in branch.hypothesis.unqueued(task, &world) }
    case .marked(let task, let mark, let owner, let isBlocking):
      world.signs.hasMarks = true
      forEachBranch { branch, world in
        branch.pairing.marked(
          task, mark, owner: owner, isBlocking: isBlocking, on: entry.pointee.cpu, &branch.hypothesis, &world)
      }
    default: takeLockStep(entry, cpu)
    }
  }

  @inline(never)
  private mutating func takeLockStep(_ entry: UnsafePointer<JournalEntry>, _ cpu: Int) {
    switch entry.pointee.step {
    case .waitBegan(let wait, let task, let lock, let isMutex):
      let owner = world.plausible(entry.pointee.owner, since: entry.pointee.ownerSince)
      world.beginWait(wait, task, lock, isMutex: isMutex, owner, read: entry.pointee.read)
      forEachBranch { branch, world in branch.hypothesis.beginWait(&world) }
    case .waitEnded(let wait, let task, let lock, let acquired):
      waitEnded(wait, task, lock, acquired ? entry.pointee.owner : nil)
    case .waitLost(let wait, let task, let lock):
      waitEnded(wait, task, lock, nil)
      world.hideWaits(of: task)
    case .waitDoubted(let wait, let since):
      guard let index = world.waits.indices.first(where: { world.waits[$0].row == wait }) else { return }
      forEachBranch { branch, _ in branch.hypothesis.doubtWait(index, row: wait, since: since) }
    case .released(let lock, let task, let evidence):
      if entry.pointee.owner == .noRelease { return }
      world.release(lock, by: task, evidence, entry.pointee.owner)
      forEachBranch { branch, world in branch.hypothesis.released(lock, by: task, on: cpu, &world) }
    case .ownerRead(let lock): world.setOwner(lock, entry.pointee.owner)
    case .acquired(let lock):
      world.setOwner(lock, entry.pointee.owner)
      world.forgetReleases(of: lock)
    default: break
    }
  }

  /// - Parameter owner: who has the lock from now on; `nil` where the wait did not end with it.
  private mutating func waitEnded(_ row: Int, _ task: TaskIndex, _ lock: LockIndex, _ owner: OwnerFact?) {
    guard let index = world.waitIndex(of: row, task) else { return }
    let isMutex = world.waits[index].isMutex
    forEachBranch { branch, world in branch.hypothesis.endWait(index, acquired: owner != nil, &world) }
    world.removeWait(index)
    forEachBranch { branch, world in branch.hypothesis.forgetWait(&world) }
    guard isMutex else { return }
    if owner != nil { world.forgetReleases(of: lock) }
    world.leaveLock(lock, owner: owner)
  }

  private mutating func currShows(_ task: TaskIndex, on cpu: Int) {
    let (isIdle, wasMissing) = (world[task].pid == 0, world.gaps.isMissing(cpu))
    forEachBranch { branch, world in
      branch.hypothesis.currShows(on: cpu, isIdle: isIdle, wasMissing: wasMissing, &world)
    }
    if delays.isOn { delays.currShows(task, on: cpu, &world) }
    world.setCurr(task, on: cpu)
    forEachBranch { branch, world in branch.hypothesis.beginRun(cpu, &world) }
  }

  private mutating func currHides(on cpu: Int, since: Timestamp, isTold: Bool) {
    forEachBranch { branch, world in
      branch.hypothesis.currHides(on: cpu, since: since, &world)
      branch.pairing.forget()
    }
    // Where nothing says that records are missing, nobody has run unseen who was queued.
    if delays.isOn { if isTold { delays.forget(&world) } else { delays.currHides(on: cpu, &world) } }
    world.beginGap(on: cpu, isTold: isTold)
    world.forgetAnnounced()
  }

  private mutating func switched(
    _ cpu: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex, _ followUp: FollowUp
  ) {
    forEachBranch { branch, world in branch.hypothesis.book(cpu: cpu, &world) }
    world.leave(from, on: cpu, state)
    forEachBranch { branch, world in branch.hypothesis.left(from, on: cpu, state, &world) }
    world.enter(to, on: cpu, from: from)
    if delays.isOn { delays.switched(cpu, from: from, state, to: to, &world) }
    let named = world.takeAnnounced(on: cpu)
    switch followUp {
    case .donor, .exitDonor: world.signs.hasProbes = true
    case .none, .pending, .stayed, .replaced, .switched: break
    }
    forEachBranch { branch, world in branch.switched(cpu, from, state, to, followUp, named, &world) }
  }

  private mutating func waking(_ task: TaskIndex, target: CPU, by cpu: Int) {
    let movedFrom = world.waking(task, target: target, by: cpu)
    forEachBranch { branch, world in
      branch.hypothesis.waking(task, target: target, movedFrom: movedFrom, &world)
    }
    if delays.isOn { delays.waking(task, at: world.now) }
    world.wake(task, target: target)
  }

  private mutating func migrated(_ task: TaskIndex, to cpu: CPU) {
    let isReturn = world.isReturnMigration(task)
    forEachBranch { branch, world in
      branch.hypothesis.migrating(task, to: cpu, isReturn: isReturn, &world)
    }
    if delays.isOn { delays.migrated(task, to: cpu, &world) }
    world.migrate(task, to: cpu)
  }

  private mutating func becomes(_ old: TaskIndex, _ new: TaskIndex) {
    forEachBranch { branch, world in
      for cpu in 0..<world.scheduling.cpuCount where world.curr(on: cpu) == old {
        branch.hypothesis.book(cpu: cpu, &world)
      }
      branch.hypothesis.become()
      branch.pairing.become(old, new)
    }
    if delays.isOn { for task in [old, new] { delays.forget(task, &world) } }
    world.become(old, new)
    forEachBranch { branch, world in
      for cpu in 0..<world.scheduling.cpuCount where world.curr(on: cpu) == new {
        branch.hypothesis.beginRun(cpu, &world)
      }
    }
  }

  /// An event names a donor: of curr, or of the task that the CPU's next switch brings.
  private mutating func named(_ donor: TaskIndex, _ owner: TaskIndex, on cpu: Int) {
    if donor != owner { world.signs.namedDonors += 1 }
    if world.curr(on: cpu) != owner {
      return world.announce(World.NamedDonor(donor: donor, owner: owner), on: cpu)
    }
    world.announce(nil, on: cpu)
    forEachBranch { branch, world in
      let account = branch.hypothesis.account(of: donor, for: owner, .event, &world)
      branch.hypothesis.setDonor(cpu, account, own: .event, &world)
    }
  }
}

extension Reconstruction.Branch {
  /// A CPU has switched: on whose account its curr runs.
  mutating func switched(
    _ cpu: Int, _ from: TaskIndex, _ state: TaskState, _ to: TaskIndex, _ followUp: FollowUp,
    _ named: World.NamedDonor?, _ world: inout World
  ) {
    let marked = pairing.switched(cpu, from, state, to, &hypothesis, &world)
    let donor = hypothesis.donor(cpu, left: from, state, next: to, followUp, named: named, marked: marked, &world)
    let evidence = hypothesis.ownEvidence(followUp, named: named, marked: marked, &world)
    hypothesis.switchAccount(cpu, to: donor, evidence, &world)
  }
}

// MARK: - Rows

extension Reconstruction {
  /// Takes the rows out that are the same under any hypothesis, and the names that rows refer to.
  mutating func takeSharedRows(in file: RowFile) -> SharedRows {
    var taken = SharedRows([], in: file)
    swap(&world.rows, &taken)
    return taken
  }
}

// MARK: - Calm periods

extension Reconstruction {
  /// Nothing is open that a step of the scheduler could bear on.
  var isCalm: Bool {
    guard world.isCalm else { return false }
    if let branch = proxying.pointer, !branch.pointee.pairing.isEmpty { return false }
    if let branch = plain.pointer, !branch.pointee.pairing.isEmpty { return false }
    return true
  }

  /// Whether a CPU's curr is this task and runs on its own account.
  @inline(__always)
  func runsOwn(_ task: TaskIndex, on cpu: Int) -> Bool {
    guard world.curr(on: cpu) == task else { return false }
    guard let branch = proxying.pointer else { return true }
    // As the next switch would leave it while nobody waits.
    let account = branch.pointee.hypothesis.account(cpu)
    return account.donor == .own && account.ownEvidence == .event
  }

  mutating func beginCalmPeriod() { world.scheduling.beginCalmPeriod() }
  mutating func endCalmPeriod() { world.scheduling.endCalmPeriod() }

  /// The calm loop follows a task from here on.
  @inline(__always)
  mutating func unlist(_ task: TaskIndex) { world.scheduling.unlist(task) }

  @inline(__always)
  func knows(_ task: TaskIndex) -> Bool { Int(task.rawValue) < world.tasks.count }

  /// For the calm loop: valid until a task or a CPU is added.
  var placementBase: UnsafeMutablePointer<Placement> { world.scheduling.placementBase }
  var currBase: UnsafeMutablePointer<Scheduling.CPUNow> { world.scheduling.cpuBase }

  /// What the calm loop has followed, up to that instant.
  mutating func advance(to time: Timestamp) { world.advance(to: time) }
}
