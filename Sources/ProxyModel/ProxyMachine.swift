public import TraceCore

/// The state machine: events in, in the order of the merged stream; a ``Timeline`` out.
///
/// It works in two steps. The first follows the stream: curr per CPU, tasks, waits, and a journal of what reconstruction
/// needs. The second, ``Replay``, follows the journal as soon as the owners of contended locks are known, which is when they
/// release them. Kept are tasks, CPUs, open waits and the journal since the earliest undecided owner; nothing per event.
public struct ProxyMachine: ~Copyable {
  /// What the caller knows or wants beforehand.
  public struct Options: Sendable {
    /// Names of tasks that no event names (trace-cmd's `saved_cmdlines`).
    public var savedComms: [Pid: Comm] = [:]
    /// Leave the `proxytrace` probes out, as if they had not been recorded.
    public var ignoresProbes = false
    /// Whether the traced kernel proxies; `nil` = find out.
    public var proxyExecution: Bool?
    /// CPUs that the traced machine has; 0 where that is not known, which is then taken to be those with records.
    public var cpuCount = 0
    /// As many entries the journal holds at most; what is undecided then stays unknown.
    package var journalLimit = 1 << 19
    /// Leave the replays alone while nobody waits for a lock (``Lull``). It must change nothing but time.
    package var usesLulls = true
    /// Fill ``Timeline/classes``.
    package var recordsClasses = false

    public init() {}
  }

  /// No kernel numbers CPUs higher (CONFIG_NR_CPUS is at most 8192), so larger numbers are damage and get no lane.
  static let cpuLimit: CPU = 8192
  static func isPossible(_ cpu: CPU) -> Bool { cpu >= 0 && cpu < cpuLimit }
  /// 146 years of nanoseconds: later stamps are damage. Differences of earlier ones fit into 64 bits with a sign.
  static let timeLimit = Timestamp(1 << 62)

  let options: Options
  var tasks: TaskTable
  /// Lanes by CPU number; a CPU without a record has none.
  var lanes = FlatArray<CPULane>()
  /// Of all rows.
  let rowFile = RowFile()
  var waits: WaitBook
  /// Every lock that an event of a wait or a release has named.
  var locks = LockTable()
  var gaps: [GapRow] = []
  /// Stretches in which records are missing without the ring buffer saying so.
  var holes: [ClosedRange<Timestamp>] = []
  var schedExt = SchedExtSummary()
  /// Tasks that have told that they go to sleep for a mutex, and have not been switched in since.
  var fallingAsleep = TaskSet()
  var diagnostics = DiagnosticLog()
  /// A bit per role that has occurred.
  private var roles: UInt32 = 0

  var journal = Journal()
  /// How many tasks and locks the replays know.
  private var introducedTasks = 0
  private var introducedLocks = 0
  var ledger = OwnershipLedger()
  var sequels = SequelBook()
  /// Which task a `task_struct` address is, from the switch probe.
  var tasksByPointer: [UInt64: TaskIndex] = [:]
  var verdict: VerdictBuilder
  var lull = Lull()
  var lookups = LullLookups()
  /// A replay for each hypothesis, until it is decided whether the kernel proxies: then just one.
  private var proxying: ReplaySeat
  private var plain: ReplaySeat

  var begin: Timestamp?
  /// Losses that came before the first record.
  private var earlyLosses: [SchedEvent] = []
  var end = Timestamp(0)
  var eventCount: UInt64 = 0
  /// The end of the last gap, or the trace's beginning: what is known without a gap since.
  var gaplessSince = Timestamp(0)

  public init(_ options: Options = Options()) {
    self.options = options
    tasks = TaskTable(savedComms: options.savedComms)
    waits = WaitBook(in: rowFile)
    proxying = ReplaySeat(Replay(proxies: true, in: rowFile))
    plain = ReplaySeat(Replay(proxies: false, in: rowFile))
    verdict = VerdictBuilder(forced: options.proxyExecution)
    if options.recordsClasses {
      proxying.replay?.pointee.rows.classes = []
      plain.replay?.pointee.rows.classes = []
    }
    if options.proxyExecution == true { plain.drop() }
    if options.proxyExecution == false { proxying.drop() }
  }

  /// A name for a task that no event has named, as ``Options/savedComms``; to be told before the task's first event.
  public mutating func learn(_ pid: Pid, _ comm: Comm) { tasks.learn(pid, comm) }

  /// Takes the next event of the merged stream.
  public mutating func apply(_ event: SchedEvent) { applySlowly(event) }

  /// Takes the next events, which costs far less than one by one.
  public mutating func apply(_ batch: EventBatch) { apply(batch, batch.indices) }

  /// Takes some of the next events.
  /// - Parameter range: Places in the batch; those before have been taken.
  public mutating func apply(_ batch: EventBatch, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= batch.count, "no such events")
    lookups.begin(batch)
    var place = range.lowerBound
    while true {
      place = followLull(batch, place..<range.upperBound)
      if place == range.upperBound { return }
      applySlowly(batch[place])
      place += 1
    }
  }

  @inline(never)
  private mutating func applySlowly(_ event: SchedEvent) {
    guard event.timestamp < Self.timeLimit else {
      diagnostics.record(.timestampOutOfRange, cpu: event.cpu, "\(event.timestamp.rawValue)")
      return
    }
    if begin == nil {
      // Records make a trace: the loss of all that a CPU had wrote down no time.
      if case .lost = event.body {
        earlyLosses.append(event)
        return
      }
      start(at: event.timestamp)
    }
    take(event)
  }

  private mutating func start(at time: Timestamp) {
    begin = time
    gaplessSince = time
    for var loss in earlyLosses {
      loss.timestamp = time
      take(loss)
    }
    earlyLosses = []
  }

  private mutating func take(_ event: SchedEvent) {
    end = max(end, event.timestamp)
    guard Self.isPossible(event.cpu) else {
      diagnostics.record(.cpuOutOfRange, time: event.timestamp, "CPU \(event.cpu)")
      return
    }
    let lane = Int(event.cpu)
    if lane >= lanes.count || !lanes[lane].isOpen { openLane(lane) }
    if ledger.isInGap { ledger.passGap(at: event.timestamp, in: &journal) }
    if case .lost(let lost) = event.body {
      lose(lost, lane: lane, at: event.timestamp)
    } else {
      eventCount += 1
      if let current = see(event, lane: lane) { applyBody(event, lane: lane, current: current) }
    }
    if !journal.isEmpty { replayDecided() } else { beginLullIfCalm() }
  }

  /// Closes everything at the last record's instant.
  public consuming func finish() -> Timeline {
    var machine = self
    return machine.close()
  }

  private mutating func close() -> Timeline {
    var timeline = Timeline()
    timeline.begin = begin ?? Timestamp(0)
    timeline.end = max(end, timeline.begin)
    timeline.eventCount = eventCount
    timeline.seen = Set(EventRole.allCases.filter { roles & 1 << $0.rawValue != 0 })
    let last = timeline.end
    for lane in lanes.indices where lanes[lane].isOpen { bookRun(lane) { $0.finish(at: last) } }
    for lane in lanes.indices where lanes[lane].isOpen { timeline.cpus.append(lanes[lane].row) }
    timeline.gaps = gaps.sorted { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
    for i in timeline.gaps.indices { timeline.gaps[i].end = min(timeline.gaps[i].end, last) }
    diagnostics.merge(waits.finish(at: timeline.end))
    if lull.isOn { endLull() }
    ledger.giveUp(before: .max, in: &journal)
    sequels.finish(in: &journal)
    replayDecided()
    adopt(into: &timeline)
    timeline.diagnostics = diagnostics
    return timeline
  }

  /// Lets the replays follow the journal as far as the owners in it are decided.
  private mutating func replayDecided() {
    let frontier = min(ledger.frontier ?? .max, sequels.frontier ?? .max)
    if journal.count > options.journalLimit, frontier <= journal.first {
      ledger.giveUp(before: journal.end - options.journalLimit / 2, in: &journal)
      sequels.giveUp(before: journal.end - options.journalLimit / 2, in: &journal)
      return replayDecided()
    }
    // A sequel or an owner can name a task that no entry has brought: a probe may be the first to tell of a donor.
    introduceNew()
    while journal.first < frontier, let entry = journal.popFirst() { replay(entry) }
    if plain.isTaken, proxying.isTaken, let proxies = verdict.settled(currentSigns()) {
      if proxies { plain.drop() } else { proxying.drop() }
    }
  }

  @inline(__always)
  private mutating func replay(_ entry: JournalEntry) {
    proxying.replay?.pointee.apply(entry)
    plain.replay?.pointee.apply(entry)
  }

  /// What the replays have seen of the kernel; both see the same, and only the one without donors weighs the contests.
  mutating func currentSigns() -> ProxySigns {
    if let signs = plain.replay?.pointee.signs { return signs }
    if let signs = proxying.replay?.pointee.signs { return signs }
    return ProxySigns()
  }

  /// The replay whose hypothesis holds. The other one may be all that is left, where a probe came after the one had been
  /// dropped and says otherwise: all probes of the capture count in it.
  mutating func takeReplay(proxies: Bool) -> Replay? {
    if proxies, let replay = proxying.take() { return replay }
    if let replay = plain.take() { return replay }
    return proxying.take()
  }

  mutating func see(_ role: EventRole) { roles |= 1 << role.rawValue }

  /// Makes tasks known to the replays that are new since the last time: an owner can be named for a time before its first
  /// event.
  @inline(__always)
  mutating func introduceNew() {
    if introducedTasks < tasks.count || introducedLocks < locks.count { introduce() }
  }

  @inline(never)
  private mutating func introduce() {
    while introducedTasks < tasks.count {
      let task = TaskIndex(rawValue: UInt32(introducedTasks))
      let (pid, comm, priority) = (tasks[task].id.pid, tasks[task].comm, tasks[task].priority)
      proxying.replay?.pointee.described(task, pid, comm, priority)
      plain.replay?.pointee.described(task, pid, comm, priority)
      introducedTasks += 1
    }
    while introducedLocks < locks.count {
      let address = locks[LockIndex(rawValue: UInt32(introducedLocks))]
      proxying.replay?.pointee.locks.append(LockNow(address))
      plain.replay?.pointee.locks.append(LockNow(address))
      introducedLocks += 1
    }
  }

  /// Writes an entry of which later records tell more; returns its position.
  @discardableResult
  mutating func note(_ action: JournalAction, at time: Timestamp, cpu: CPU) -> Int {
    if lull.isOn { endLull() }
    introduceNew()
    journal.append(JournalEntry(time: time, cpu: cpu, action: action))
    return journal.end - 1
  }

  /// Passes on a step that needs nothing of later records: at once, if none before it does.
  ///
  /// - Parameter body: The same step, for the most frequent ones: without an entry that is made and taken apart again.
  @inline(__always)
  mutating func tell(
    _ action: JournalAction, _ sequel: Sequel = .none, at time: Timestamp, cpu: CPU,
    _ body: (inout Replay, _ lane: Int) -> Void
  ) {
    if lull.isOn { endLull() }
    introduceNew()
    guard journal.isEmpty else {
      return journal.append(JournalEntry(time: time, cpu: cpu, action: action, sequel: sequel))
    }
    proxying.replay?.pointee.step(time, cpu, body)
    plain.replay?.pointee.step(time, cpu, body)
  }

  /// Passes on an entry that needs nothing of later ones: at once, if none before it does.
  @inline(__always)
  mutating func tell(_ action: JournalAction, _ sequel: Sequel = .none, at time: Timestamp, cpu: CPU) {
    if lull.isOn, !action.isAside { endLull() }
    introduceNew()
    let entry = JournalEntry(time: time, cpu: cpu, action: action, sequel: sequel)
    if journal.isEmpty { replay(entry) } else { journal.append(entry) }
  }
}

// MARK: - What a lull asks of the replays, and tells them

extension ProxyMachine {
  /// Whether nothing is open in any replay.
  mutating func areReplaysCalm() -> Bool {
    if let isCalm = proxying.replay?.pointee.isCalm, !isCalm { return false }
    if let isCalm = plain.replay?.pointee.isCalm, !isCalm { return false }
    return true
  }

  /// Where a task is; `nil` where the replays do not agree.
  mutating func placeInReplays(_ task: TaskIndex) -> (TaskNow.Place, CPU)? {
    guard let spot = proxying.replay?.pointee.spot(of: task) else { return plain.replay?.pointee.spot(of: task) }
    if let other = plain.replay?.pointee.spot(of: task), other != spot { return nil }
    return spot
  }

  /// Whether a CPU's curr is this task and runs on its own account, in all replays.
  mutating func isOwnInReplays(_ lane: Int, _ current: TaskIndex) -> Bool {
    if let isOwn = proxying.replay?.pointee.isOwn(lane, current), !isOwn { return false }
    if let isOwn = plain.replay?.pointee.isOwn(lane, current), !isOwn { return false }
    return true
  }

  mutating func setCurrentInReplays(_ lane: Int, _ current: TaskIndex) {
    proxying.replay?.pointee.lanes[lane].curr = current
    plain.replay?.pointee.lanes[lane].curr = current
  }

  mutating func settleInReplays(
    _ task: TaskIndex, _ place: TaskNow.Place, _ cpu: CPU, wasWoken: Bool, at time: Timestamp
  ) {
    proxying.replay?.pointee.settle(task, place, cpu, wasWoken: wasWoken, at: time)
    plain.replay?.pointee.settle(task, place, cpu, wasWoken: wasWoken, at: time)
  }
}
