public import TraceCore

/// A sched_ext callback that has no partner, or that should not have been called: `ops.running()` and `ops.stopping()` are
/// to alternate for every task, for those tasks alone that the scheduler chose.
public struct PairingRow: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A task's `running` was not followed by its `stopping` before it, or another task on its CPU, got the next `running`.
    case runningWithoutStopping = "running-without-stopping"
    /// A task's `stopping` was not preceded by its `running`.
    case stoppingWithoutRunning = "stopping-without-running"
    /// `running` for a task that is blocked on a mutex, and neither it nor an owner on its account started.
    case donorRunning = "donor-running"
    /// `running` or `stopping` for a task that runs on a donor's account alone.
    case undispatchedOwner = "undispatched-owner"
  }

  /// The event that a mark clashes with.
  public struct Clash: Sendable, Hashable {
    public enum What: String, Sendable, Hashable {
      case running, stopping
      /// A `sched_switch` to the task.
      case switchedIn = "switch"
    }

    public var what: What
    public var task: TaskLabel
    public var time: Timestamp
    /// Where that task runs.
    public var cpu: CPU

    /// An event by all of its parts.
    public init(what: What, task: TaskLabel, time: Timestamp, cpu: CPU) {
      self.what = what
      self.task = task
      self.time = time
      self.cpu = cpu
    }
  }

  public var kind: Kind
  /// Which callback has no partner.
  public var callback: MarkRecord.Kind
  /// The task that it was called for.
  public var task: TaskLabel
  public var time: Timestamp
  /// Where the task runs, which need not be where the callback was called.
  public var cpu: CPU
  /// `nil` where nothing of the task was seen that its mark could clash with.
  public var clash: Clash?
  /// The donor on whose account the owner runs, or that did not start; `nil` where the kind has none.
  public var donor: TaskLabel?
  /// The owner that the donor's chain ends in; `nil` where it is not known, or the kind has none.
  public var owner: TaskLabel?
  /// From this instant to the later of the two events no record may be missing, or the row means nothing.
  var since: Timestamp

  /// The later of the two events.
  var until: Timestamp { max(time, clash?.time ?? time) }
}

extension PairingRow {
  /// A row by all of its columns.
  public init(
    kind: Kind, callback: MarkRecord.Kind, task: TaskLabel, time: Timestamp, cpu: CPU, clash: Clash?,
    donor: TaskLabel? = nil, owner: TaskLabel? = nil
  ) {
    self.init(
      kind: kind, callback: callback, task: task, time: time, cpu: cpu, clash: clash, donor: donor, owner: owner,
      since: time)
  }
}

/// How often sched_ext callbacks were called for a task.
public struct MarkCounts: Sendable, Hashable {
  public var running: UInt64 = 0
  public var stopping: UInt64 = 0
  public var enqueue: UInt64 = 0
  /// Part of `enqueue` that came while the task was blocked on a mutex: the scheduler was handed a donor.
  public var blockedEnqueue: UInt64 = 0

  public init() {}
}

/// All marks of a capture.
public struct MarkSummary: Sendable, Hashable {
  /// Tasks with marks, in order of their index.
  public var tasks: [(task: TaskIndex, counts: MarkCounts)] { counts.map { ($0.task, $0.counts) } }
  /// All tasks together.
  public private(set) var total = MarkCounts()
  private var counts: [Entry] = []

  private struct Entry: Sendable, Hashable {
    var task: TaskIndex
    var counts: MarkCounts
  }

  public init() {}

  mutating func add(_ task: TaskIndex, _ more: MarkCounts) {
    guard more != MarkCounts() else { return }
    counts.append(Entry(task: task, counts: more))
    total.running &+= more.running
    total.stopping &+= more.stopping
    total.enqueue &+= more.enqueue
    total.blockedEnqueue &+= more.blockedEnqueue
  }

  public var isEmpty: Bool { counts.isEmpty }
}
