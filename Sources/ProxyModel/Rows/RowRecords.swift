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
  var times = ClassTimes()
  var waiter: LabelID
  var owner = LabelID.none
  var depth: UInt32 = 0
  var result: WaitResult
  var kind: WaitKind
  var ownerEvidence = Evidence.unknown
  var hasEnd = false
  var isCutAtBegin: Bool
  var touchesGap = false

  /// Until then the wait is certain.
  var certainEnd: Timestamp { begin + length }
}

/// What reconstruction adds to a wait.
struct OutcomeRecord: BitwiseCopyable, Sendable {
  var times = ClassTimes()
  /// The waiter by its last name: the one that it began with may be out of date, for a task can rename itself unseen.
  /// ``LabelID/none`` where reconstruction has not seen the wait.
  var waiter: LabelID
  var owner = LabelID.none
  var ownerEvidence = Evidence.unknown
  var depth: UInt32 = 0
}

struct ChainRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  /// Where its tasks begin in ``ReconstructedRows/links``; its locks follow them.
  var links: Int
  var wait: UInt32
  var taskCount: UInt32
  var lockCount: UInt32
  var terminalState: ChainEnd
  var evidence: Evidence
}

struct SplitRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var cpu: CPU
  var donor: LabelID
  var curr: LabelID
  /// −1 where the chain is not known.
  var depth: Int32
  var evidence: Evidence
}

struct InversionRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var lock: LockAddress
  /// Where its culprits begin in ``ReconstructedRows/culprits``.
  var culprits: Int
  var culpritCount: UInt32
  var wait: UInt32
  var waiter: LabelID
  var owner: LabelID
  var cpu: CPU
  var evidence: Evidence
}

struct CulpritRecord: BitwiseCopyable, Sendable {
  var ran: Int64
  var task: LabelID
}

struct HandoffRecord: BitwiseCopyable, Sendable {
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
  var migrated = false
  var evidence: Evidence
}

struct HoldRecord: BitwiseCopyable, Sendable {
  var begin: Timestamp
  var end: Timestamp
  var lock: LockAddress
  var owner: LabelID
  var waiters: UInt32
  var evidence: Evidence
}

struct MigrationRecord: BitwiseCopyable, Sendable {
  var time: Timestamp
  var task: LabelID
  var from: CPU
  var to: CPU
  var kind: MigrationRow.Kind
  var evidence: Evidence
}
