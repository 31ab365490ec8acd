import TraceCore

/// Steps that wait until later records have decided what they lack: who owns a lock from there on, or what came of a switch or
/// a choice of the scheduler.
struct DeferredSteps: ~Copyable {
  var journal = Journal()
  var owners = PendingOwners()
  var followUps = PendingFollowUps()
  /// As many entries the journal holds at most; what is undecided then stays unknown.
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool {
    @inline(__always) get { journal.isEmpty }
  }

  /// Adds an entry that lacks nothing, after those that do.
  @inline(__always)
  mutating func append(_ entry: JournalEntry) { journal.append(entry) }

  /// Adds an entry of which later records tell more.
  /// - Returns: its position.
  @inline(__always)
  mutating func deferStep(_ entry: JournalEntry) -> Int {
    journal.append(entry)
    return journal.end - 1
  }

  /// Whether the first step can be taken, or is to be given up; there need not be one.
  var canGoOn: Bool {
    @inline(__always) get {
      min(owners.frontier ?? .max, followUps.frontier ?? .max) > journal.first || journal.count > limit
    }
  }

  /// The position up to which everything is decided; where the journal is full, what is in its way is given up.
  @inline(__always)
  mutating func decidedEnd() -> Int {
    while true {
      let frontier = min(owners.frontier ?? .max, followUps.frontier ?? .max)
      guard journal.count > limit, frontier <= journal.first else { return frontier }
      abandon(before: journal.end - limit / 2)
    }
  }

  /// The first entry, if it is before a position; as ``Journal/firstEntry``.
  @inline(__always)
  mutating func first(before end: Int) -> UnsafePointer<JournalEntry>? {
    journal.first < end ? journal.firstEntry : nil
  }

  @inline(__always)
  mutating func removeFirst() { journal.removeFirst() }

  /// No more records come.
  mutating func finish() {
    owners.abandon(before: .max, in: &journal)
    followUps.finish(in: &journal)
  }

  @inline(never)
  private mutating func abandon(before position: Int) {
    owners.abandon(before: position, in: &journal)
    followUps.abandon(before: position, in: &journal)
  }
}
