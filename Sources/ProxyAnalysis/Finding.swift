public import ProxyModel
public import TraceCore

/// A problem of a capture: a cause with a place, and all that it cost.
///
/// One cause often hits many waits, again and again. A finding gathers all of it. Its windows are the stretches of time in which
/// the cause held; ``cost`` is the length of their union, so that no instant counts twice, however many tasks waited in it.
public struct Finding: Sendable, Hashable {
  /// What is wrong.
  public enum Kind: String, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// A less urgent task ran while a lock's owner was runnable.
    case inversion
    /// The same on a kernel that proxies: the blocked waiter was on another CPU, so that it could not lend the owner its place.
    case donorUnmoved = "donor-unmoved"
    /// The same: the blocked waiter was on the owner's CPU, and that CPU picked something less urgent.
    case donorNotPicked = "donor-not-picked"
    /// The same: the kernel had taken the blocked waiter off the runqueue, since no owner could run when it was picked.
    case donorGivenUp = "donor-given-up"
    /// A lock's owner was runnable and its CPU idle.
    case idleOwner = "idle-owner"
    /// An idle CPU picked one blocked task again and again.
    case idleRepick = "idle-repick"
    /// An owner ran on a blocked waiter's account only after 1 ms or more.
    case slowDonation = "slow-donation"
    /// A mutex was free for 1 ms or more although a task waited for it.
    case slowRelease = "slow-release"
    /// A task that others wait for, or that was to get a lock, was woken, and queued 1 ms later or more.
    case lateWakeup = "late-wakeup"
    /// Tasks wait for each other.
    case deadlock
    /// A wait that goes on when the capture ends, and is longer than all that ended.
    case unfinishedWait = "unfinished-wait"
    /// Waits for another lock than a mutex: they do not proxy, and no event says who owns it.
    case otherLock = "other-lock"
    /// A sched_ext task's `running` without `stopping`.
    case runningWithoutStopping = "running-without-stopping"
    /// A sched_ext task's `stopping` without `running`.
    case stoppingWithoutRunning = "stopping-without-running"
    /// `running` of a sched_ext task that is blocked and does not start.
    case donorRunning = "donor-running"
    /// A callback of a sched_ext task that runs on its donor's account alone.
    case undispatchedOwner = "undispatched-owner"
    /// A blocked donor that the kernel handed back to its BPF scheduler again and again, in vain.
    case enqueueStorm = "enqueue-storm"
    /// The kernel unloads a BPF scheduler for an error.
    case schedulerError = "scheduler-error"
    /// A task that a BPF scheduler did not run, says the kernel.
    case stall
    /// The kernel scheduled in a BPF scheduler's stead.
    case bypass

    /// Whether something is broken, whatever it cost. Such a finding always matters.
    public var isBroken: Bool {
      switch self {
      case .deadlock, .runningWithoutStopping, .stoppingWithoutRunning, .donorRunning, .undispatchedOwner,
        .schedulerError,
        .stall:
        true
      case .inversion, .donorUnmoved, .donorNotPicked, .donorGivenUp, .idleOwner, .idleRepick, .slowDonation,
        .slowRelease, .lateWakeup, .unfinishedWait, .otherLock, .enqueueStorm, .bypass:
        false
      }
    }

    /// Whether it is about waiters that are more urgent than what ran: how urgent they are is to be told.
    public var isAboutUrgency: Bool {
      switch self {
      case .inversion, .donorUnmoved, .donorNotPicked, .donorGivenUp, .idleOwner: true
      default: false
      }
    }

    /// Whether it is about locks that do not proxy. Such findings come after all others, whatever they cost.
    public var isApart: Bool { self == .otherLock }

    /// Whether a task runs instead of an owner that a more urgent one waits for.
    var isInversion: Bool {
      switch self {
      case .inversion, .donorUnmoved, .donorNotPicked, .donorGivenUp: true
      default: false
      }
    }

    /// Of an inversion on a kernel that proxies, by where the donor was.
    init?(donor: DonorPlace) {
      switch donor {
      case .unknown: return nil
      case .elsewhere: self = .donorUnmoved
      case .besideOwner: self = .donorNotPicked
      case .dequeued: self = .donorGivenUp
      }
    }

    init(_ kind: PairingRow.Kind) {
      switch kind {
      case .runningWithoutStopping: self = .runningWithoutStopping
      case .stoppingWithoutRunning: self = .stoppingWithoutRunning
      case .donorRunning: self = .donorRunning
      case .undispatchedOwner: self = .undispatchedOwner
      }
    }
  }

  /// A row of a table: what `proxytrace explain` shows of a finding.
  public enum Place: Sendable, Hashable {
    /// Ids, from 1.
    case wait(Int)
    case inversion(Int)
    case handoff(Int)
    case pairing(Int)
    /// Of none: it is about the capture as a whole.
    case capture

    /// The option of `explain` for it: `--wait 12`; empty for ``capture``.
    public var option: String {
      switch self {
      case .wait(let id): "--wait \(id)"
      case .inversion(let id): "--inversion \(id)"
      case .handoff(let id): "--handoff \(id)"
      case .pairing(let id): "--pairing \(id)"
      case .capture: ""
      }
    }
  }

  /// The longest window.
  public struct Instance: Sendable, Hashable {
    /// When it began.
    public var begin: Timestamp
    /// Its length, in steps of the trace clock.
    public var length: Int64
    /// The row that it is of.
    public var place: Place
  }

  /// What is wrong.
  public var kind: Kind
  /// Length of the union of its windows, in steps of the trace clock.
  public var cost: Int64
  /// How many waits it held up.
  public var waits: Int
  /// How many windows it has; a window of several waits counts for each.
  public var windows: Int
  /// The longest windows, the longest first; at least one and at most ten.
  public var instances: [Instance]
  /// When the first window began.
  public var begin: Timestamp
  /// When the last window ended.
  public var end: Timestamp
  /// The lock; `nil` where it is about none.
  public var lock: LockAddress?
  /// The kind of lock; `nil` where there is no lock or the kind is not known.
  public var lockKind: WaitKind?
  /// The CPU where it happened most; `nil` where it has none.
  public var cpu: CPU?
  /// The task that it is about: the owner that did not run, the task that was to get the lock.
  public var task: TaskLabel?
  /// The task that ran instead, most of the time; `nil` where there is none.
  public var culprit: TaskLabel?
  /// The tasks that were held up, those with most windows first.
  public var waiters: [TaskLabel]
  /// As its weakest window's.
  public var evidence: Evidence
  /// Whether it is worth a line: by its share of the waiting, by its length, or because something is broken.
  public var matters: Bool
  /// What is wrong, in a sentence without an end.
  public var headline: [TextFragment]
  /// What else there is to say of the worst instance; empty for nothing.
  public var detail: [TextFragment]
}

extension Finding {
  /// The worst instance.
  public var worst: Instance { instances[0] }

  /// All that there is to say, as one sentence: ``headline`` and ``detail``.
  public var text: [TextFragment] { detail.isEmpty ? headline : headline + ["; "] + detail }
}
