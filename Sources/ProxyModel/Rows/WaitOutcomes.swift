import TraceCore

/// ``ClassTimes`` in half the room, where they fit: hardly a wait has a part of four seconds.
struct ShortTimes: BitwiseCopyable, Sendable {
  private var parts: InlineArray<10, UInt32> = .init(repeating: 0)
  /// Otherwise where they are among ``WaitOutcomes``; −1 where they fit.
  fileprivate(set) var place: Int32 = -1

  init() {}

  /// - Parameter place: where they may go if they do not fit.
  init(_ times: ClassTimes, place: Int) {
    guard times.fitInHalf else {
      self.place = Int32(truncatingIfNeeded: place)
      return
    }
    for part in parts.indices { parts[part] = UInt32(truncatingIfNeeded: times[part]) }
  }

  /// Where they fit.
  var times: ClassTimes {
    var times = ClassTimes()
    for part in parts.indices { times.add(Int64(parts[part]), to: part) }
    return times
  }
}

/// What reconstruction adds to a wait.
struct OutcomeRecord: BitwiseCopyable, Sendable {
  var times = ShortTimes()
  /// The waiter by its last name: the one that it began with may be out of date, for a task can rename itself unseen.
  /// ``LabelID/none`` where reconstruction has not seen the wait.
  var waiter: LabelID
  var owner = LabelID.none
  var ownerEvidence = Evidence.unknown
  var depth: UInt32 = 0
}

/// What reconstruction adds to waits, by the row number of each; at last by its place.
struct WaitOutcomes: ~Copyable, Sendable {
  private var outcomes: PackedLog<OutcomeRecord>
  private var longTimes: PackedLog<ClassTimes>

  init(in file: RowFile) {
    outcomes = PackedLog(in: file)
    longTimes = PackedLog(in: file)
  }

  subscript(row: Int) -> OutcomeRecord {
    @inline(__always) get { outcomes[row] }
  }

  @inline(__always)
  func times(of row: Int) -> ClassTimes {
    let short = outcomes[row].times
    return short.place < 0 ? short.times : longTimes[Int(short.place)]
  }

  /// The same of a wait with that length. Of waits that reconstruction did not see begin, and of what it could not follow, the class is
  /// not known, but accounted for.
  @inline(__always)
  func times(of row: Int, lasting length: Int64) -> ClassTimes {
    var times = times(of: row)
    times[.unknown] &+= length &- times.total
    return times
  }

  /// As ``PackedLog/passed(_:)``.
  @inline(__always)
  func passed(_ row: Int) { outcomes.passed(row) }

  mutating func set(_ outcome: OutcomeRecord, _ times: ClassTimes, of row: Int) {
    var outcome = outcome
    outcome.times = short(times)
    if row == outcomes.count { return outcomes.append(outcome) }
    make(upTo: row)
    outcomes[row] = outcome
  }

  /// Makes an outcome for every wait up to a row: reconstruction need not have seen all of them.
  mutating func make(upTo row: Int) {
    while outcomes.count <= row { outcomes.append(OutcomeRecord(waiter: .none)) }
  }

  mutating func setTimes(_ times: ClassTimes, of row: Int) { outcomes[row].times = short(times) }

  private mutating func short(_ times: ClassTimes) -> ShortTimes {
    let short = ShortTimes(times, place: longTimes.count)
    if short.place >= 0 { longTimes.append(times) }
    return short
  }

  /// The wait's waiter is called so.
  mutating func setWaiter(_ label: LabelID, of row: Int) { outcomes[row].waiter = label }

  /// Gives outcomes the places of their waits.
  mutating func arrange(_ places: [Int]) {
    var rows = Array(repeating: 0, count: places.count)
    for row in places.indices { rows[places[row]] = row }
    let former = outcomes.take()
    for row in rows { outcomes.append(former[row]) }
  }

  /// Takes all out.
  mutating func take(in file: RowFile) -> WaitOutcomes {
    var taken = WaitOutcomes(in: file)
    swap(&self, &taken)
    return taken
  }
}
