import TraceCore

/// What reconstruction finds under any hypothesis, and the names that all rows refer to.
struct SharedRows: ~Copyable, Sendable {
  /// What is asked for.
  let kinds: RowKinds
  var labels: LabelPool
  var holds: PackedLog<HoldRecord>
  /// Where there are no ``holds``.
  var heldTimes: PackedLog<HeldTimeRecord>
  /// Their sums by owner.
  var heldTotals = NumberedTotals()
  /// In order of their beginning.
  var delays: PackedLog<DelayRecord>
  var delayCulprits: PackedLog<CulpritRecord>

  init(_ kinds: RowKinds, in file: RowFile) {
    self.kinds = kinds
    labels = LabelPool(in: file)
    holds = PackedLog(in: file)
    heldTimes = PackedLog(in: file)
    delays = PackedLog(in: file)
    delayCulprits = PackedLog(in: file)
  }

  mutating func arrange(placed place: (Int) -> Int) {
    holds.sort { ($0.begin, $0.lock, $0.end) < ($1.begin, $1.lock, $1.end) }
    delays.keep { row in
      if row.wait != .max { row.wait = UInt32(place(Int(row.wait))) }
      return !row.isVoid
    }
  }
}

/// What reconstruction finds under a hypothesis.
struct ReconstructedRows: ~Copyable, Sendable {
  /// What is asked for.
  let kinds: RowKinds
  var outcomes: WaitOutcomes
  /// By the row number of the wait: its times when a gap began that may hide its end.
  var timesAtDoubt: [Int: ClassTimes] = [:]
  /// In order of their beginning; one without length is none. Where chains are not asked for, those that lead back to themselves.
  var chains: PackedLog<ChainRecord>
  /// Of chains: labels of tasks and indices of locks.
  var links: PackedLog<UInt32>
  /// Of chains: those that lead back to themselves.
  var cycles: CycleLog
  /// In order of their beginning, as are runs; one without length is none.
  var segments: PackedLog<SegmentRecord>
  var runs: PackedLog<RunRecord>
  /// Which of the two somebody asks for.
  let wanted: OptionalRows
  var splits: PackedLog<SplitRecord>
  /// Of splits.
  var otherDonors: PackedLog<LabelID>
  var inversions: PackedLog<InversionRecord>
  var culprits: PackedLog<CulpritRecord>
  var stalls: PackedLog<StallRecord>
  /// Whether any are asked for.
  let makesStalls: Bool
  var handoffs: PackedLog<HandoffRecord>
  var migrations: PackedLog<MigrationRecord>
  /// In order of time.
  var enqueues: PackedLog<EnqueueRecord>
  /// By ``HoldRecord/number``: how long the owner ran on another's account.
  var proxiedOfHolds: PackedLog<Int64>

  init(_ kinds: RowKinds, making wanted: OptionalRows, in file: RowFile) {
    self.kinds = kinds
    self.wanted = wanted
    makesStalls = !kinds.isDisjoint(with: [.stalls, .problemStalls])
    segments = PackedLog(in: file)
    runs = PackedLog(in: file)
    outcomes = WaitOutcomes(in: file)
    chains = PackedLog(in: file)
    links = PackedLog(in: file)
    cycles = CycleLog(in: file)
    splits = PackedLog(in: file)
    otherDonors = PackedLog(in: file)
    inversions = PackedLog(in: file)
    culprits = PackedLog(in: file)
    stalls = PackedLog(in: file)
    handoffs = PackedLog(in: file)
    migrations = PackedLog(in: file)
    enqueues = PackedLog(in: file)
    proxiedOfHolds = PackedLog(in: file)
  }

  /// Gives rows but ``Stretches`` their final form: waits by their place in order of their beginning, nothing beyond what is certain of a wait,
  /// and in order.
  /// - Parameter isFinal: All waits have their rows' numbers as places, and are certain to their ends. Then most rows are as they
  ///   should be, and are not gone through: where they are many, they are in a file.
  mutating func arrange(_ waits: borrowing PackedLog<WaitRecord>, placed place: (Int) -> Int, isFinal: Bool) {
    // A row of a wait, with the wait's place, and no longer than the wait is certain; `false`: nothing is left of it.
    func settle<Number: FixedWidthInteger>(_ wait: inout Number, _ begin: Timestamp, _ end: inout Timestamp) -> Bool {
      let index = place(Int(wait))
      waits.passed(index)
      wait = Number(index)
      end = min(end, waits[index].certainEnd)
      return begin < end
    }
    cycles.forEachRefuted(by: waits, placed: place) { openCycle($0) }
    // These may be without length.
    chains.keepInOrder { settle(&$0.wait, $0.begin, &$0.end) }
    enqueues.keep { row in
      if row.wait != .max { row.wait = UInt32(place(Int(row.wait))) }
      return row.isCertain
    }
    if isFinal {
      assert(areCertain(waits), "a row goes on after its wait")
      inversions.bringInOrder()
      stalls.bringInOrder()
      handoffs.bringInOrder()
      splits.bringInOrder()
      migrations.bringInOrder()
      return
    }
    for index in inversions.indices {
      inversions.passed(index)
      let row = inversions[index]
      shortenCulprits(row, by: row.end - waits[place(Int(row.wait))].certainEnd)
    }
    inversions.keepInOrder { settle(&$0.wait, $0.begin, &$0.end) }
    stalls.keepInOrder { settle(&$0.wait, $0.begin, &$0.end) }
    handoffs.keepInOrder { row in
      row.wait = UInt32(place(Int(row.wait)))
      return true
    }
    splits.keepInOrder { row in
      if row.wait != .max { row.wait = UInt32(place(Int(row.wait))) }
      return true
    }
    migrations.keepInOrder { row in
      if row.wait != .max { row.wait = UInt32(place(Int(row.wait))) }
      return true
    }
  }

  /// Takes out what is as many as events.
  mutating func takeStretches() -> Stretches {
    Stretches(segments: segments.take(), runs: runs.take(), timesAtDoubt: timesAtDoubt)
  }

  mutating func giveBack(_ stretches: inout Stretches) {
    swap(&segments, &stretches.segments)
    swap(&runs, &stretches.runs)
  }

  /// Whether inversions and stalls have a length and end with their waits at the latest.
  private func areCertain(_ waits: borrowing PackedLog<WaitRecord>) -> Bool {
    for index in inversions.indices {
      let row = inversions[index]
      if row.begin >= row.end || row.end > waits[Int(row.wait)].certainEnd { return false }
    }
    for index in stalls.indices {
      let row = stalls[index]
      if row.begin >= row.end || row.end > waits[Int(row.wait)].certainEnd { return false }
    }
    return true
  }
}

extension ReconstructedRows {
  /// A window is cut off where its wait is not certain any more: so is the time of the task that ran last in it.
  private mutating func shortenCulprits(_ row: InversionRecord, by length: Int64) {
    var length = length
    let range = row.culprits..<row.culprits + Int(row.culpritCount)
    guard length > 0, !range.isEmpty else { return }
    let last = row.culprits + Int(row.lastCulprit)
    for place in [last] + range.filter({ $0 != last }) where length > 0 {
      let less = min(length, culprits[place].ran)
      culprits[place].ran -= less
      length -= less
    }
  }

  /// A chain that led back to itself, and cannot have: where it ends is not known.
  private func openCycle(_ chain: Int) {
    let row = chains[chain]
    // Its last task is one that it has passed before.
    let locks = row.links + Int(row.taskCount)
    for lock in locks..<locks + Int(row.lockCount) { links[lock - 1] = links[lock] }
    chains[chain].taskCount -= 1
    chains[chain].terminalState = .unknown
    chains[chain].evidence = .unknown
  }
}
