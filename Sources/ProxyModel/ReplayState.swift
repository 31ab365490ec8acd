import TraceCore

/// A task at the instant that is being replayed.
struct TaskNow {
  enum Place: Equatable {
    case unknown
    case running(CPU)
    /// On a runqueue, not running.
    case queued(CPU)
    /// Blocked on a mutex; with proxy execution still on that CPU's runqueue, unless parked.
    case blocked(CPU)
    /// Between `sched_waking` and `sched_wakeup`: it is on no runqueue (`TASK_WAKING`), nor blocked on anything.
    case waking
    case asleep
  }

  var comm = Comm.empty
  var pid: Pid = -1
  var priority: Priority?
  var place = Place.unknown
  /// Where it last ran or was put.
  var cpu: CPU = -1
  /// A blocked donor whose owner could not run when it was picked: the kernel took it off the runqueue, and it donates no
  /// more until it is woken (`proxy_deactivate()`, kernel/sched/core.c).
  var isParked = false
  /// A gap may hide that it began a wait or ended one; until it does so in sight.
  var hidesWait = false
  /// Its innermost open wait: index into ``Replay/waits``, −1 without one.
  var wait = -1
  /// Its neighbours in the list of tasks that are queued on the same CPU, −1 without one.
  var previousQueued: Int32 = -1
  var nextQueued: Int32 = -1
  /// Its label, as long as that is up to date.
  var label = LabelID.none
}

/// A CPU at the instant that is being replayed.
struct LaneNow {
  /// `nil` where curr is not known.
  var curr: TaskIndex?
  /// Records of it are missing since its last one.
  var isInGap = false
  var donor = DonorNow.own
  /// Since when curr and donor are as they are.
  var since = Timestamp(0)
  /// The first of the tasks that want this CPU, which are a list through ``TaskNow/nextQueued``; −1 without one.
  var firstQueued: Int32 = -1
  /// Tasks that wanted it when a mutex waiter left it to the idle task, and have not been woken since.
  var idledBesides: [TaskIndex] = []
  var proxied: Int64 = 0
  var unknown: Int64 = 0
  var proxiedSwitches: UInt64 = 0
  var donations: UInt64 = 0
}

/// On whose account curr runs.
enum DonorNow: Equatable {
  case own
  case task(TaskIndex, depth: Int?, Evidence)
  case unknown
}

/// A lock at the instant that is being replayed. Nothing is known of one for which nobody waits.
struct LockNow {
  let address: LockAddress
  var owner = OwnerFact.unknown
  /// Since when it has this owner.
  var since = Timestamp(0)
  var waiters = 0
  /// A gap may have hidden a change of hands since then.
  var touchesGap = false
  /// Most waiters at once under this owner.
  var mostWaiters = 0
  /// Its releaser ran for a donor, so that the kernel hands the lock to the waiter that is woken; and who that is, until it
  /// acquires.
  var handsOver = false
  var heir: TaskIndex?

  init(_ address: LockAddress) { self.address = address }
}

/// An open wait at the instant that is being replayed.
struct WaitNow {
  /// The wait's row.
  var row: Int
  var waiter: TaskIndex
  var lock: LockIndex
  var isMutex: Bool
  /// The waiter's wait around this one, −1 without one.
  var outer: Int
  var begin: Timestamp

  var since: Timestamp
  var current = WaitClass.unknown
  /// What its class follows from.
  var restsOn = Touched.everything
  var times = ClassTimes()
  /// A gap may hide its end; its times when that gap began are in ``ReplayRows/timesAtDoubt``.
  var isDoubted = false
  /// The lock's owner when the wait began, and the deepest chain since.
  var firstOwner = LabelID.none
  var firstEvidence = Evidence.unknown
  var depth = 0

  /// The chain's row, −1 without one.
  var chain = -1
  var inversion: OpenInversion?
  /// The last release that can have led to the wait's end, and who made it.
  var release: (time: Timestamp, by: TaskIndex, evidence: Evidence)?
  /// Steps of the release handoff that may be under way.
  var wakingAt: Timestamp?
  var wakeupAt: Timestamp?
  var switchedInAt: Timestamp?
  /// It was woken on another CPU than it blocked on, where no event had moved it; and moved on from there.
  var wasMovedSilently = false
  var migratedBack = false
  var blockedSince: Timestamp?
  /// When it blocked its owner was on another CPU's runqueue.
  var ownerWasElsewhere = false
  /// An owner has run on its account since it blocked.
  var hasDonated = false

  /// The handoff begins anew.
  mutating func forgetSteps() {
    (wakingAt, wakeupAt, switchedInAt) = (nil, nil, nil)
    (wasMovedSilently, migratedBack) = (false, false)
  }
}

/// An inversion window that has begun and not ended.
struct OpenInversion {
  var begin: Timestamp
  var owner: LabelID
  var ownerIndex: TaskIndex
  var cpu: CPU
  var evidence: Evidence
  /// Who runs instead, and since when.
  var culprit: TaskIndex
  var culpritSince: Timestamp
  var culprits: [(index: TaskIndex, label: LabelID, ran: Int64)] = []
}
