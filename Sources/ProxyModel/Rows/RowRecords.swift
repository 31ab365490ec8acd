import TraceCore

// Rows as they are kept: tasks by the number of their label, lists as stretches of a log.

/// A difference of two instants, or none, in eight bytes.
struct MaybeTime: BitwiseCopyable, Sendable {
  private var raw: Int64 = .min

  init(_ value: Int64?) { raw = value ?? .min }

  /// The one value that cannot be told from none is no difference of two possible instants.
  var value: Int64? { raw == .min ? nil : raw }
}

struct WaitRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  /// To the wait's end, where `hasEnd`.
  var length: Int64 = 0
  var asleep: MaybeTime
  var lock: LockAddress
  /// As it was when the wait began.
  var waiter: LabelID
  var result: WaitResult
  var kind: WaitKind
  var hasEnd = false
  var isCutAtBegin: Bool
  var touchesGap = false
  var isPinned: Bool

  /// Until then the wait is certain.
  var certainEnd: Timestamp { begin + length }
}

struct ChainRecord: RowInOrder {
  var begin: Timestamp
  var end: Timestamp
  /// Where its tasks begin in ``ReconstructedRows/links``; its locks follow them.
  var links: Int
  var wait: UInt32
  var taskCount: UInt32
  var lockCount: UInt32
  var terminalState: ChainEnd
  var evidence: Evidence

  func comes(before other: Self) -> Bool { (begin, wait) < (other.begin, other.wait) }
}

struct SplitRecord: RowInOrder {
  var begin: Timestamp
  var end: Timestamp
  /// The donor's; `max` for none.
  var wait: UInt32
  var cpu: CPU
  var donor: LabelID
  var curr: LabelID
  /// −1 where the chain is not known.
  var depth: Int32
  var others: OtherDonors
  var evidence: Evidence

  func comes(before other: Self) -> Bool { (begin, cpu) < (other.begin, other.cpu) }
}

struct InversionRecord: RowInOrder {
  var begin: Timestamp
  var end: Timestamp
  var lock: LockAddress
  var ownedLock: LockAddress
  /// Where its culprits begin in ``ReconstructedRows/culprits``.
  var culprits: Int
  var culpritCount: UInt32
  /// Which of them ran at the window's end.
  var lastCulprit: UInt32
  var wait: UInt32
  var waiter: LabelID
  var owner: LabelID
  var cpu: CPU
  var evidence: Evidence

  func comes(before other: Self) -> Bool { (begin, wait) < (other.begin, other.wait) }
}

struct CulpritRecord: BitwiseCopyable, Sendable {
  var ran: Int64
  var task: LabelID
}

struct HandoffRecord: RowInOrder {
  var begin: Timestamp
  var end: Timestamp
  var lock: LockAddress
  var wake = MaybeTime(nil)
  var queue = MaybeTime(nil)
  var run = MaybeTime(nil)
  var acquire = MaybeTime(nil)
  var wait: UInt32
  var from: LabelID
  var to: LabelID
  var kind: HandoffRow.Kind
  var isMutex = true
  var migrated = false
  var steered = false
  var evidence: Evidence

  func comes(before other: Self) -> Bool { (begin, wait) < (other.begin, other.wait) }
}

struct HoldRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var lock: LockAddress
  var owner: LabelID
  var waiters: UInt32
  /// Which hold was closed when, from 0: ``ReconstructedRows/proxiedOfHolds`` goes by it.
  var number: UInt32
  var evidence: Evidence
  /// What the owner did.
  var clock: OwnerClock
}

/// What ``HoldRecord`` says where nobody asks what the owner did.
struct HeldTimeRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var owner: LabelID
}

struct EnqueueRecord: BitwiseCopyable, Sendable {
  var time: Timestamp
  var queue: UInt64 = 0
  var donatedAfter = MaybeTime(nil)
  /// The wait's row; all bits set where none is known.
  var wait = UInt32.max
  var task: LabelID
  var owner = LabelID.none
  var cpu: CPU
  /// −1 where it is not known; likewise ``placed``.
  var ownerCPU: CPU = -1
  var placed: CPU = -1
  var hasQueue = false
  var ownerState = EnqueueRow.OwnerState.unknown
  var reason: EnqueueRow.Reason
  /// The task was blocked. Otherwise that has yet to show, and the row is dropped if it does not.
  var isCertain = true
  var evidence: Evidence
}

struct SegmentRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var wait: UInt32
  /// −1 for none.
  var cpu: CPU
  var owner: LabelID
  var curr: LabelID
  var donor: LabelID
  var kind: WaitClass
  var evidence: Evidence
}

struct StallRecord: RowInOrder {
  var begin = Timestamp(0)
  var end = Timestamp(0)
  var lock = LockAddress(0)
  var wait = UInt32.max
  /// −1 for none.
  var cpu: CPU = -1
  var owner = LabelID.none
  var kind = WaitClass.unknown
  var donor = DonorPlace.unknown
  var evidence = Evidence.unknown

  func comes(before other: Self) -> Bool { (begin, wait) < (other.begin, other.wait) }
}

struct RunRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var cpu: CPU
  var task: LabelID
  var donor: LabelID
  var evidence: Evidence
}

struct DelayRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var waking: MaybeTime
  /// Where its culprits begin in ``SharedRows/delayCulprits``.
  var culprits: Int
  var culpritCount: UInt32
  /// `max` for none.
  var wait: UInt32
  var task: LabelID
  var cpu: CPU
  var cause: DelayRow.Cause
  var hasEnd: Bool
  /// It turned out to be none.
  var isVoid: Bool
  var evidence: Evidence
}

struct MigrationRecord: RowInOrder {
  var time: Timestamp
  /// `max` for none.
  var wait: UInt32
  var task: LabelID
  var from: CPU
  var to: CPU
  var kind: MigrationRow.Kind
  var evidence: Evidence

  func comes(before other: Self) -> Bool { time < other.time }
}
