public import ProxyModel
public import TraceCore

/// Builds the story of one wait from a second reading of the capture. It takes every event in order, keeps those that concern
/// the wait, and inserts the model's facts between them.
///
///     var builder = StoryBuilder(of: 11, in: timeline)
///     while let event = reader.next(), !builder.isPast(event) { builder.apply(event) }
///     let story = builder.finish()
public struct StoryBuilder: Sendable {
  /// Where a task of the wait is, by its events alone.
  enum Place: Sendable, Hashable {
    case running(CPU)
    case queued(CPU)
    case off
  }

  let scope: StoryScope
  private let window: Int?
  private let highlight: ClosedRange<Timestamp>?
  private var lines: [WaitStory.Line] = []
  private var facts: [WaitStory.Line]
  private var nextFact = 0
  private var isOver = false
  /// Where the wait's tasks are; `nil` for a task without an event so far.
  private(set) var places: [Pid: Place] = [:]
  /// Other tasks that wait for the waiter's lock: a release may wake one of them instead.
  private(set) var otherWaiters: Set<Pid> = []
  /// Names by the events since the wait began: a task may be renamed while it waits.
  private(set) var names: [Pid: Comm] = [:]
  /// The last switch of each of the wait's tasks before the wait.
  private var before: [Pid: SchedEvent] = [:]
  /// The last priority of each task that a line has shown.
  private var shownPriorities: [Pid: Priority] = [:]
  /// By CPU the line of the waiter's `contention_begin`, as long as it is the CPU's last record.
  private var queued: [CPU: Int] = [:]
  /// The stack that was shown last.
  private var lastStack: KernelStack?
  /// The last release of the wait's lock.
  private(set) var releasedAt: Timestamp?

  /// A builder that has seen no event yet.
  /// - Parameters:
  ///   - wait: Index into `Timeline.waits`.
  ///   - timeline: The capture's.
  ///   - window: Index into `Timeline.inversions` of a window to highlight; it must be one of this wait.
  ///   - highlight: Another stretch of time to highlight.
  public init(
    of wait: Int, in timeline: Timeline, highlighting window: Int? = nil, _ highlight: ClosedRange<Timestamp>? = nil
  ) {
    let scope = StoryScope(wait, timeline)
    self.scope = scope
    self.window = window
    let inversion = window.flatMap { window in scope.windows.first { $0.index == window }?.row }
    self.highlight = inversion.map { $0.begin...max($0.begin, $0.end) } ?? highlight
    facts = scope.facts()
    shownPriorities[scope.row.waiter.pid] = scope.row.waiter.priority
  }

  /// Whether the wait is over before this event. On a clock that all CPUs share no later event is needed.
  public func isPast(_ event: SchedEvent) -> Bool { event.timestamp > scope.end }

  /// Takes the next event of the capture.
  /// - Parameters:
  ///   - event: The event, in order of time.
  ///   - stack: The kernel's stack that was recorded with it.
  public mutating func apply(_ event: SchedEvent, _ stack: KernelStack? = nil) {
    guard !isOver, !isPast(event) else { return }
    defer { attach(stack, event) }
    if event.timestamp >= scope.row.begin {
      addEarlierSwitches()
      addFacts(before: event.timestamp)
      add(event)
      if endsWait(event) { isOver = true }
    } else if case .switched(let record) = event.body {
      for pid in [record.previous.pid, record.next.pid] where scope.participants.contains(pid) { before[pid] = event }
    }
    follow(event)
  }

  /// Adds the remaining facts and returns the story.
  public mutating func finish() -> WaitStory {
    addEarlierSwitches()
    addFacts(before: nil)
    if let highlight {
      for i in lines.indices where highlight.contains(lines[i].time) { lines[i].isHighlighted = true }
    }
    return WaitStory(wait: scope.wait, window: window, highlight: highlight, lines: lines)
  }

  /// A stack is the one of the CPU's record before it, or of the record that it came with. Only the wait's own are shown, each once.
  private mutating func attach(_ stack: KernelStack?, _ event: SchedEvent) {
    var place = queued[event.cpu]
    queued[event.cpu] = nil
    if case .contentionBegan(scope.row.lock, _) = event.body, event.pid == scope.row.waiter.pid,
      event.timestamp >= scope.row.begin, let last = lines.indices.last
    {
      place = last
      if stack == nil { queued[event.cpu] = last }
    } else if case .other = event.body {
    } else {
      return
    }
    guard let stack, let place, stack != lastStack else { return }
    lastStack = stack
    lines[place].stack = stack
    lines[place].isNeverFolded = true
  }

  private func endsWait(_ event: SchedEvent) -> Bool {
    guard case .contentionEnded(let lock, _) = event.body else { return false }
    return lock == scope.row.lock && event.pid == scope.row.waiter.pid && event.timestamp == scope.end
  }

  private mutating func add(_ event: SchedEvent) {
    learnNames(event)
    // Other locks than mutexes have readers: a reader's release need not be the one that wakes the waiter.
    if scope.row.kind == .mutex, case .contendedRelease(scope.row.lock) = event.body { releasedAt = event.timestamp }
    guard var line = line(for: event) else { return }
    line.text = line.text.map { introduced($0) }
    lines.append(line)
    noteReleaseByWaking(event)
  }

  /// On kernels without `contended_release` the model may take the waking of the waiter for the release.
  private mutating func noteReleaseByWaking(_ event: SchedEvent) {
    guard case .waking(let record) = event.body, record.task.pid == scope.row.waiter.pid else { return }
    if scope.handoffs.contains(where: { $0.kind == .release && $0.begin == event.timestamp }) {
      releasedAt = event.timestamp
    }
  }

  /// Adds the facts that began before an instant; all of them for `nil`.
  private mutating func addFacts(before time: Timestamp?) {
    while nextFact < facts.count, time.map({ facts[nextFact].time < $0 }) ?? true {
      facts[nextFact].text = facts[nextFact].text.map { introduced($0) }
      lines.append(facts[nextFact])
      nextFact += 1
    }
  }

  /// Adds a line for each of the first chain's tasks: where it was when the wait began.
  private mutating func addEarlierSwitches() {
    guard !before.isEmpty else { return }
    let first = scope.chains.first?.path.map(\.pid) ?? [scope.row.waiter.pid]
    let events = first.compactMap { pid in before[pid].map { (pid, $0) } }
    for (pid, event) in events.sorted(by: { $0.1.timestamp < $1.1.timestamp }) {
      var line = beforeLine(pid, event)
      line.text = line.text.map { introduced($0) }
      lines.append(line)
    }
    before.removeAll()
  }

  /// A task's priority is shown in its first line, and again when it has changed.
  private mutating func introduced(_ fragment: TextFragment) -> TextFragment {
    guard case .task(var task) = fragment else { return fragment }
    let known = task.priority ?? scope.names[task.pid]?.priority
    // A fragment without a priority does not change the one that was shown.
    if shownPriorities[task.pid] == nil || (task.priority != nil && shownPriorities[task.pid] != known) {
      shownPriorities[task.pid] = known
      task.priority = known
    } else {
      task.priority = nil
    }
    return .task(task)
  }

  private mutating func learnNames(_ event: SchedEvent) {
    switch event.body {
    case .switched(let record):
      names[record.previous.pid] = record.previous.comm
      names[record.next.pid] = record.next.comm
    case .waking(let record), .wakeup(let record), .wakeupNew(let record): names[record.task.pid] = record.task.comm
    case .migrated(let task, _, _): names[task.pid] = task.comm
    default: break
    }
  }

  private mutating func follow(_ event: SchedEvent) {
    switch event.body {
    case .contentionBegan(scope.row.lock, _):
      if event.pid != scope.row.waiter.pid { otherWaiters.insert(event.pid) }
    case .contentionEnded(scope.row.lock, _): otherWaiters.remove(event.pid)
    case .switched(let record):
      if scope.participants.contains(record.previous.pid) {
        places[record.previous.pid] = record.previousState.isRunnable ? .queued(event.cpu) : .off
      }
      if scope.participants.contains(record.next.pid) { places[record.next.pid] = .running(event.cpu) }
    case .wakeup(let record), .wakeupNew(let record):
      guard scope.participants.contains(record.task.pid) else { return }
      if case .running = places[record.task.pid] { return }
      places[record.task.pid] = .queued(record.targetCPU)
    case .migrated(let task, _, let cpu):
      if case .queued = places[task.pid] { places[task.pid] = .queued(cpu) }
    default: break
    }
  }
}
