public import TraceCore

/// Events in, in the order of the merged stream; a ``Timeline`` out.
///
/// This is the first of two passes: curr per CPU, tasks, waits, and the steps that the second pass needs. The second,
/// `Reconstruction`, follows as soon as the owners of contended locks are known, which is when they release them. Kept are
/// tasks, CPUs, open waits and the steps since the earliest undecided owner; nothing per event.
///
/// The first pass is in `Observe/`, one file for each concern; `Reconstruct/Reconstruction.swift` explains the whole model.
public struct ProxyMachine: ~Copyable {
  /// What the caller knows or wants beforehand.
  public struct Options: Sendable {
    /// Names of tasks that no event names (trace-cmd's `saved_cmdlines`).
    public var savedComms: [Pid: Comm] = [:]
    /// Leave the `proxytrace` probes out, as if they had not been recorded.
    public var ignoresProbes = false
    /// Whether the traced kernel proxies; `nil` = find out.
    public var proxyExecution: Bool?
    /// What the capture states of the kernel besides events, where that rules proxy execution out.
    public var kernelWithout: KernelWithoutProxy?
    /// The capture shows that proxy execution is built into the kernel.
    public var isProxyBuiltIn = false
    /// CPUs that the traced machine has; 0 where that is not known, which is then taken to be those with records.
    public var cpuCount = 0
    /// CPUs that have records; `nil` where only the end shows it. Of another one on which a task is put all records are missing.
    public var recordedCPUs: Set<CPU>?
    /// Rows to make that every timeline has unless somebody can do without.
    public var kinds = RowKinds.all
    /// Which of the rows to make that can be as many as events; each costs time and space.
    public var rows: OptionalRows = []
    /// As many steps wait for later records at most; what is undecided then stays unknown. One more would make their ring twice as
    /// large.
    package var journalLimit = (1 << 19) - 1
    /// Follow calm stretches in a loop of their own (``CalmLoop``), and bystanders by less than others (Bystanders.swift). It must change
    /// nothing but time.
    package var takesShortWays = true
    /// Threads that it may take; with 2 or more the second pass is on one of its own where most events need it. It must change
    /// nothing but time.
    package var jobs = 1
    /// After so many events, or a few more, it is decided anew whether it is.
    package var eventsToChoose = 4096

    public init() {}
  }

  /// No kernel numbers CPUs higher (CONFIG_NR_CPUS is at most 8192), so larger numbers are damage.
  static var cpuLimit: CPU {
    @inline(__always) get { CPU(truncatingIfNeeded: KernelLimits.cpuCount) }
  }
  static func isPossible(_ cpu: CPU) -> Bool { cpu >= 0 && cpu < cpuLimit }
  /// 146 years of nanoseconds: later stamps are damage. Differences of earlier ones fit into 64 bits with a sign.
  static let timeLimit = Timestamp(1 << 62)

  let options: Options
  /// Of all rows.
  let rowFile = RowFile()
  var tasks: TaskTable
  /// By CPU number; one without a record is not open.
  var cpus = FlatArray<CPUState>()
  var waits: OpenWaits
  /// Every lock that an event of a wait or a release has named.
  var locks = LockTable()
  var facts = CaptureFacts()
  var diagnostics = DiagnosticLog()
  var deferred: DeferredSteps
  var verdict: VerdictBuilder
  /// `Reconstruction`.
  var second: SecondPass
  var longWay = LongWay()
  var calm = CalmPeriod()
  var knownTasks = KnownTasks()
  var idlePicks = IdlePicks()

  public init(_ options: Options = Options()) {
    self.options = options
    tasks = TaskTable(savedComms: options.savedComms)
    deferred = DeferredSteps(limit: options.journalLimit)
    verdict = VerdictBuilder(
      forced: options.proxyExecution, kernelWithout: options.kernelWithout, isBuiltIn: options.isProxyBuiltIn)
    second = SecondPass(
      Reconstruction(
        forced: options.proxyExecution, options.kinds, making: options.rows, in: rowFile,
        takesShortWays: options.takesShortWays))
    waits = OpenWaits(in: rowFile)
  }

  /// A name for a task that no event has named, as ``Options/savedComms``; to be given before the task's first event.
  public mutating func learn(_ pid: Pid, _ comm: Comm) { tasks.learn(pid, comm) }

  /// Takes the next event of the merged stream.
  public mutating func apply(_ event: SchedEvent) { applySlowly(event) }

  /// Takes the next events, which costs far less than one by one.
  public mutating func apply(_ batch: EventBatch) { apply(batch, batch.indices) }

  /// Takes some of the next events.
  /// - Parameters:
  ///   - batch: Events of the stream.
  ///   - range: Places in the batch; those before have been taken.
  public mutating func apply(_ batch: EventBatch, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= batch.count, "no such events")
    calm.lookups.begin(batch)
    knownTasks.begin(batch)
    var place = range.lowerBound
    while place < range.upperBound {
      if calm.isOn {
        let begin = place
        place = followCalm(batch, place..<range.upperBound)
        longWay.spare(events: place - begin)
        if place == range.upperBound { break }
      }
      if !applyQuickly(batch.events[place], batch) { applySlowly(batch[place]) }
      place += 1
    }
    chooseThread(events: range.count)
  }

  @inline(never)
  private mutating func applySlowly(_ event: SchedEvent) {
    guard event.timestamp < Self.timeLimit else {
      diagnostics.record(.timestampOutOfRange, cpu: event.cpu, "\(event.timestamp.rawValue)")
      return
    }
    if facts.begin == nil {
      if case .lost = event.body { return facts.holdBack(event) }
      second.upToDate.pointee.begin(at: event.timestamp)
      for loss in facts.start(at: event.timestamp) { take(loss) }
    }
    if event.timestamp < facts.end { return takeEarly(event) }
    take(event)
  }

  mutating func take(_ event: SchedEvent) {
    facts.extend(to: event.timestamp)
    guard Self.isPossible(event.cpu) else {
      diagnostics.record(.cpuOutOfRange, time: event.timestamp, "CPU \(event.cpu)")
      return
    }
    let cpu = Int(event.cpu)
    if cpu >= cpus.count || !cpus[cpu].isOpen { openCPU(cpu) }
    if deferred.owners.isInGap { deferred.owners.passGap(at: event.timestamp, in: &deferred.journal) }
    if case .lost(let lost) = event.body {
      lose(lost, cpu: cpu, at: event.timestamp)
    } else {
      facts.count(events: 1)
      if let current = see(event, cpu: cpu) { applyBody(event, cpu: cpu, current: current) }
    }
    goOn()
  }

  /// Closes everything at the last record's instant.
  public consuming func finish() -> Timeline {
    var machine = self
    return machine.close()
  }

  private mutating func close() -> Timeline {
    var timeline = Timeline()
    timeline.begin = facts.begin ?? Timestamp(0)
    timeline.end = max(facts.end, timeline.begin)
    timeline.eventCount = facts.eventCount
    timeline.seen = facts.seen
    timeline.made = options.rows
    timeline.rowKinds = options.kinds
    let last = timeline.end
    for cpu in cpus.indices where cpus[cpu].isOpen { bookRun(cpu) { $0.finish(at: last) } }
    for cpu in cpus.indices where cpus[cpu].isOpen { timeline.cpus.append(cpus[cpu].row) }
    closeGaps(&timeline)
    diagnostics.merge(waits.finish(at: timeline.end))
    if calm.isOn { endCalmPeriod() }
    deferred.finish()
    reconstructDecided()
    second.catchUp()
    if let (count, first) = second.upToDate.pointee.probeDisagreements {
      diagnostics.record(.probesDisagree, count: count, time: first)
    }
    assemble(into: &timeline)
    if let step = facts.stepBack {
      diagnostics.record(
        .outOfOrder, cpu: step.cpu, count: step.count, time: step.first, "by \(step.largest) steps of the clock at most"
      )
    }
    timeline.diagnostics = diagnostics
    return timeline
  }
}

// MARK: - Steps for the second pass

extension ProxyMachine {
  /// An event has been taken.
  @inline(__always)
  mutating func goOn() {
    if deferred.isEmpty {
      beginCalmPeriod()
    } else if deferred.canGoOn {
      reconstructDecided()
    }
  }

  /// Lets reconstruction take the deferred steps as far as they are decided.
  mutating func reconstructDecided() {
    let end = deferred.decidedEnd()
    // A follow-up or an owner can name a task that no step has brought: a probe may be the first to name a donor.
    introduceNew()
    while let entry = deferred.first(before: end) {
      second.apply(entry)
      deferred.removeFirst()
    }
    second.settle(verdict)
  }

  /// Makes tasks and locks known to reconstruction that are new since the last time.
  @inline(__always)
  mutating func introduceNew() {
    if !second.knowsAll(tasks: tasks.count, locks: locks.count) { introduce() }
  }

  @inline(never)
  private mutating func introduce() {
    while Int(second.nextTask.rawValue) < tasks.count { second.introduce(tasks.label(second.nextTask)) }
    while Int(second.nextLock.rawValue) < locks.count { second.introduce(locks[second.nextLock]) }
  }

  /// Passes on a step that needs nothing of later records: at once, if none before it does.
  @inline(__always)
  mutating func emit(_ step: Step, _ followUp: FollowUp = .none, at time: Timestamp, cpu: CPU) {
    if calm.isOn, !step.keepsCalm { endCalmPeriod() }
    introduceNew()
    if deferred.isEmpty { return pass(step, followUp, at: time, cpu: cpu) }
    // Made where it stays: copied as a whole just after its parts have been written, it would have to wait for them.
    deferred.append(JournalEntry(time: time, cpu: cpu, step: step, followUp: followUp))
  }

  @inline(never)
  private mutating func pass(_ step: Step, _ followUp: FollowUp, at time: Timestamp, cpu: CPU) {
    var entry = JournalEntry(time: time, cpu: cpu, step: step, followUp: followUp)
    second.apply(&entry)
  }

  /// Defers a step of which later records tell more; returns its position.
  mutating func deferStep(_ step: Step, at time: Timestamp, cpu: CPU) -> Int {
    if calm.isOn { endCalmPeriod() }
    introduceNew()
    return deferred.deferStep(JournalEntry(time: time, cpu: cpu, step: step))
  }
}
