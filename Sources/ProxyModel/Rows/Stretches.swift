import TraceCore

/// Segments of waits, and runs: rows that are as many as events, and that no other row refers to. So they get their final form on a
/// thread of their own.
struct Stretches: ~Copyable {
  var segments: PackedLog<SegmentRecord>
  var runs: PackedLog<RunRecord>
  /// As ``ReconstructedRows/timesAtDoubt``.
  let timesAtDoubt: [Int: ClassTimes]

  /// - Parameters:
  ///   - hasSegments: whether they are asked for.
  ///   - place: a wait's place in order of the waits' beginning, by its number.
  mutating func arrange(_ waits: borrowing PackedLog<WaitRecord>, hasSegments: Bool, placed place: (Int) -> Int) {
    if hasSegments { arrangeSegments(waits, placed: place) }
    runs.keep {
      $0.begin < $0.end
    } sortedBy: {
      ($0.begin, $0.cpu) < ($1.begin, $1.cpu)
    }
  }

  /// Where a wait's segments begin and how much of it they are.
  private struct Cover: BitwiseCopyable {
    var begin = Timestamp(.max)
    var length: Int64 = 0

    mutating func add(_ row: SegmentRecord) {
      begin = min(begin, row.begin)
      length &+= row.end - row.begin
    }
  }

  /// Gives segments their final form: those of a wait fill it, from its beginning as far as it is certain.
  private mutating func arrangeSegments(_ waits: borrowing PackedLog<WaitRecord>, placed place: (Int) -> Int) {
    var covers = segments.another(of: Cover.self)
    for _ in waits.indices { covers.append(Cover()) }
    let timesAtDoubt = timesAtDoubt
    segments.keep { row in
      let index = place(Int(row.wait))
      // Nothing is known of a wait whose end is lost since an instant of which nothing was kept.
      if waits[index].result == .lost, timesAtDoubt[Int(row.wait)] == nil { return false }
      row.wait = UInt32(index)
      row.end = min(row.end, waits[index].certainEnd)
      guard row.begin < row.end else { return false }
      covers[index].add(row)
      return true
    }
    // The class of what reconstruction did not see or could not follow is unknown.
    for index in waits.indices {
      waits.passed(index)
      covers.passed(index)
      guard covers[index].length < waits[index].length else { continue }
      let begin = waits[index].begin
      let end = min(covers[index].begin, waits[index].certainEnd)
      if begin >= end { continue }
      segments.append(
        SegmentRecord(
          begin: begin, end: end, wait: UInt32(index), cpu: -1, owner: .none, curr: .none,
          donor: .none, kind: .unknown, evidence: .unknown))
    }
    segments.sort { ($0.begin, $0.wait) < ($1.begin, $1.wait) }
  }
}
