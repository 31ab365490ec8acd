import TraceCore

/// What reconstruction finds under any hypothesis, and the names that all rows refer to.
struct SharedRows: ~Copyable, Sendable {
  var labels: LabelPool
  var holds: PackedLog<HoldRecord>

  init(in file: RowFile) {
    labels = LabelPool(in: file)
    holds = PackedLog(in: file)
  }

  mutating func arrange() { holds.sort { ($0.begin, $0.lock, $0.end) < ($1.begin, $1.lock, $1.end) } }
}

/// What reconstruction finds under a hypothesis.
struct ReconstructedRows: ~Copyable, Sendable {
  /// By the row number of the wait.
  var outcomes: PackedLog<OutcomeRecord>
  /// By the row number of the wait: its times when a gap began that may hide its end.
  var timesAtDoubt: [Int: ClassTimes] = [:]
  /// In order of their beginning; one without length is none.
  var chains: PackedLog<ChainRecord>
  /// Of chains: labels of tasks and indices of locks.
  var links: PackedLog<UInt32>
  /// `nil` where nobody asks for them.
  var classes: [ClassRow]?
  var splits: PackedLog<SplitRecord>
  var inversions: PackedLog<InversionRecord>
  var culprits: PackedLog<CulpritRecord>
  var handoffs: PackedLog<HandoffRecord>
  var migrations: PackedLog<MigrationRecord>

  init(in file: RowFile) {
    outcomes = PackedLog(in: file)
    chains = PackedLog(in: file)
    links = PackedLog(in: file)
    splits = PackedLog(in: file)
    inversions = PackedLog(in: file)
    culprits = PackedLog(in: file)
    handoffs = PackedLog(in: file)
    migrations = PackedLog(in: file)
  }

  /// Gives rows their final form: waits by their place in order of their beginning, nothing beyond what is certain of a wait,
  /// and in order.
  mutating func arrange(_ waits: borrowing PackedLog<WaitRecord>, placed place: (Int) -> Int) {
    // A row of a wait, with the wait's place, and no longer than the wait is certain; `false`: nothing is left of it.
    func settle<Number: FixedWidthInteger>(_ wait: inout Number, _ begin: Timestamp, _ end: inout Timestamp) -> Bool {
      let index = place(Int(wait))
      waits.passed(index)
      wait = Number(index)
      end = min(end, waits[index].certainEnd)
      return begin < end
    }
    chains.keep { settle(&$0.wait, $0.begin, &$0.end) }
    inversions.keep { settle(&$0.wait, $0.begin, &$0.end) }
    classes = classes?.compactMap { row in
      var row = row
      return settle(&row.wait, row.begin, &row.end) ? row : nil
    }
    handoffs.keep { row in
      row.wait = UInt32(place(Int(row.wait)))
      return true
    }
    chains.sort { ($0.begin, $0.wait) < ($1.begin, $1.wait) }
    splits.sort { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
    inversions.sort { ($0.begin, $0.wait) < ($1.begin, $1.wait) }
    handoffs.sort { ($0.begin, $0.wait) < ($1.begin, $1.wait) }
    migrations.sort { $0.time < $1.time }
  }
}
