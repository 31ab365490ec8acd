public import ProxyModel
public import TraceCore

/// The story of a sched_ext callback without a partner: the callbacks and switches of its tasks and its CPUs around it.
public struct PairingStory: Sendable {
  /// One record.
  public struct Line: Sendable, Hashable {
    /// The record's instant.
    public var time: Timestamp
    /// The CPU that it was written on.
    public var cpu: CPU
    /// What it says.
    public var text: [TextFragment]
    /// Whether it is the callback, or the event that it clashes with.
    public var isMarked: Bool
  }

  /// Index into `Timeline.pairing`.
  public let place: Int
  /// The lines in order of time.
  public private(set) var lines: [Line] = []
  /// How many records were left out between the two events.
  public private(set) var leftOut = 0

  private let row: PairingRow
  private let first: Timestamp
  private let last: Timestamp
  /// Names of the tasks that it is about, as events tell them.
  private let tasks: [Pid: Comm]
  private let cpus: Set<CPU>

  /// How much before and after is shown, in steps of the trace clock: some switches at a busy CPU.
  private static let margin: Int64 = 500_000
  /// More lines tell nobody anything.
  private static let mostLines = 400

  /// A story without a line yet.
  public init(of place: Int, in timeline: Timeline) {
    self.place = place
    row = timeline.pairing[place]
    let other = row.clash?.time ?? row.time
    (first, last) = (min(row.time, other) + -Self.margin, max(row.time, other) + Self.margin)
    let labels = [row.task, row.clash?.task, row.donor, row.owner].compactMap { $0 }.filter { $0.pid != 0 }
    tasks = Dictionary(labels.map { ($0.pid, $0.comm) }) { first, _ in first }
    cpus = Set([row.cpu, row.clash?.cpu].compactMap { $0 })
  }

  /// Whether an event and all after it are past what is told.
  public func isPast(_ event: SchedEvent) -> Bool { event.timestamp > last }

  /// Takes the next event of the capture, in order of time.
  public mutating func apply(_ event: SchedEvent) {
    guard event.timestamp >= first, !isPast(event), let text = text(event) else { return }
    let isMarked = isTheMark(event) || isTheClash(event)
    guard lines.count < Self.mostLines || isMarked else {
      leftOut += 1
      return
    }
    lines.append(Line(time: event.timestamp, cpu: event.cpu, text: text, isMarked: isMarked))
  }

  private func isTheMark(_ event: SchedEvent) -> Bool {
    guard case .mark(let mark) = event.body else { return false }
    return event.timestamp == row.time && mark.pid == row.task.pid && mark.kind == row.callback
  }

  private func isTheClash(_ event: SchedEvent) -> Bool {
    guard let clash = row.clash, event.timestamp == clash.time else { return false }
    switch (event.body, clash.what) {
    case (.mark(let mark), .running): return mark.pid == clash.task.pid && mark.kind == .running
    case (.mark(let mark), .stopping): return mark.pid == clash.task.pid && mark.kind == .stopping
    case (.switched(let record), .switchedIn): return record.next.pid == clash.task.pid
    default: return false
    }
  }

  /// A task by name, where one is known.
  private func named(_ pid: Pid) -> [TextFragment] {
    guard let comm = tasks[pid] else { return ["pid ", .pid(pid)] }
    return [.comm(comm), ":", .pid(pid)]
  }

  /// What a record says; `nil` where it concerns neither the tasks nor the CPUs.
  private func text(_ event: SchedEvent) -> [TextFragment]? {
    switch event.body {
    case .mark(let mark):
      guard tasks[mark.pid] != nil || cpus.contains(event.cpu) else { return nil }
      return [.plain("sched_ext: \(mark.kind.name) of ")] + named(mark.pid) + [.plain(mark.note)]
    case .switched(let record):
      let (previous, next) = (record.previous, record.next)
      guard cpus.contains(event.cpu) || tasks[previous.pid] != nil || tasks[next.pid] != nil else { return nil }
      return [
        .comm(previous.comm), ":", .pid(previous.pid), .plain(" (\(record.previousState)) ==> "), .comm(next.comm), ":",
        .pid(next.pid),
      ]
    case .waking(let record) where tasks[record.task.pid] != nil: return named(record.task.pid) + [" is woken"]
    case .wakeup(let record) where tasks[record.task.pid] != nil:
      return named(record.task.pid) + [" is queued on ", .cpu(record.targetCPU)]
    case .migrated(let task, let from, let to) where tasks[task.pid] != nil:
      return named(task.pid) + [" is moved from ", .cpu(from), " to ", .cpu(to)]
    case .contentionBegan(let lock, let flags) where tasks[event.pid] != nil:
      return named(event.pid) + [flags.contains(.spin) ? " spins for " : " queues for ", .lock(lock)]
    case .contentionEnded(let lock, _) where tasks[event.pid] != nil:
      return named(event.pid) + [" waits no more for ", .lock(lock)]
    default: return nil
    }
  }
}
