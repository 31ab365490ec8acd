import TraceCore

/// A task at the instant that is being reconstructed, besides its place.
struct TaskNow {
  var comm = Comm.empty
  var pid: Pid = -1
  var priority: Priority?
  /// A gap may hide that it began a wait or ended one; until it is seen to do so.
  var mayHideWait = false
  /// Its innermost open wait: index into ``World/waits``, −1 without one.
  var wait = -1
  /// Its label, as long as that is up to date.
  var label = LabelID.none
  /// Locks that it owns and somebody waits for.
  var owned: Int32 = 0
  /// What it has done since it owned the first of them.
  var clock = OwnerClock()
}

/// A lock at the instant that is being reconstructed. Nothing is known of one for which nobody waits.
struct LockNow {
  let address: LockAddress
  var owner = OwnerFact.unknown
  /// Since when it has this owner.
  var since = Timestamp(0)
  var waiters = 0
  /// A gap may have hidden a change of hands since then.
  var touchesGap = false
  /// The weakest of how the owner was known since it owns the lock.
  var holdEvidence = Evidence.unknown
  /// Most waiters at once under this owner.
  var mostWaiters = 0
  /// Counts its owners: what is known of an earlier one does not hold for a later one. Wraps around.
  var tenure: UInt32 = 0
  /// The owner's clock at the instant ``since``.
  var clock = OwnerClock()

  init(_ address: LockAddress) { self.address = address }
}

/// An open wait at the instant that is being reconstructed: what does not depend on whether the kernel proxies.
struct WaitNow {
  /// The wait's row.
  var row: Int
  var waiter: TaskIndex
  var lock: LockIndex
  var isMutex: Bool
  /// The waiter's wait around this one, −1 without one.
  var outer: Int
  /// The lock's owner when the wait began.
  var firstOwner = LabelID.none
  var firstEvidence = Evidence.unknown

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

  /// The handoff begins anew.
  mutating func forgetSteps() {
    (wakingAt, wakeupAt, switchedInAt) = (nil, nil, nil)
    (wasMovedSilently, migratedBack) = (false, false)
  }
}
