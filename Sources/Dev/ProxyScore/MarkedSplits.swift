import ProxyTraceKit
import TraceCore

/// What a capture tells of the curr/donor split without any model.
struct SplitReference: Sendable {
  /// By CPU, in order of time and without overlaps.
  var pieces: [CPU: [ProbedSplits.Piece]] = [:]
  /// When it does not tell, likewise: nothing is compared there.
  var doubtful: [CPU: [Range<Timestamp>]] = [:]
}

/// The split by the marks of a sched_ext scheduler that reads `rq->donor` itself, at each switch and at the end of each pass of
/// `__schedule()`: `donor cpu=C curr=P donor=Q at=0|1`, written when curr or donor has changed. The model does not read them.
///
/// In that pass the scheduler is called (`running`, `stopping`, `enqueue`), and writes marks that the model reads. The donor changes somewhere
/// between the first of them and the end of the pass, which a hypervisor may stop for milliseconds: what is so in the
/// pass these marks do not tell. The record of the switch that a mark was made beside belongs to it.
struct MarkedSplits {
  private static let pattern = #"donor cpu=(?<cpu>\d+) curr=(?<owner>\d+) donor=(?<pid>\d+) (?<enqueue>at=)[01]"#

  private struct Known {
    var since: Timestamp
    var curr: Pid
    var donor: Pid
  }

  private var reference = SplitReference()
  /// By CPU: what its last mark tells.
  private var known: [CPU: Known] = [:]
  /// By CPU: since when nothing is known, if nothing is.
  private var doubted: [CPU: Timestamp] = [:]
  /// By CPU: the first of the callbacks that nothing else has followed.
  private var passBegan: [CPU: Timestamp] = [:]
  /// CPUs on which nothing has followed the last mark.
  private var fresh: Set<CPU> = []

  /// - Parameter events: the capture's.
  /// - Returns: `nil` where it has no such marks.
  static func reference(path: String, _ events: [SchedEvent]) throws -> SplitReference? {
    var options = CaptureSession.Options()
    options.marks = try MarkPattern(pattern)
    let marks = try CaptureSession(path: path, options).record().events.filter { event in
      if case .mark = event.body { true } else { false }
    }
    if marks.isEmpty { return nil }
    var splits = MarkedSplits()
    var next = 0
    for event in events {
      while next < marks.count, marks[next].timestamp <= event.timestamp {
        splits.take(marks[next])
        next += 1
      }
      splits.follow(event)
    }
    for mark in marks[next...] { splits.take(mark) }
    let end = max(events.last?.timestamp ?? Timestamp(0), marks[marks.count - 1].timestamp)
    for cpu in Array(splits.known.keys) { splits.doubt(cpu, since: end) }
    for (cpu, since) in splits.doubted { splits.reference.doubtful[cpu, default: []].append(since..<Timestamp(.max)) }
    return splits.reference
  }

  private mutating func follow(_ event: SchedEvent) {
    // The mark itself, which says nothing to the model.
    if known[event.cpu]?.since == event.timestamp { return }
    let isFresh = fresh.remove(event.cpu) != nil
    switch event.body {
    case .switched where isFresh:
      if let mark = known[event.cpu] {
        reference.doubtful[event.cpu, default: []].append(mark.since..<event.timestamp)
        known[event.cpu]?.since = event.timestamp
      }
      passBegan[event.cpu] = nil
    case .mark: if passBegan[event.cpu] == nil { passBegan[event.cpu] = event.timestamp }
    // A scheduler may wake a task in a callback.
    case .waking, .wakeup, .migrated: break
    // Marks may be missing.
    case .lost: doubt(event.cpu, since: event.timestamp)
    default: passBegan[event.cpu] = nil
    }
  }

  /// A mark that names a donor.
  private mutating func take(_ event: SchedEvent) {
    guard case .mark(let mark) = event.body, let cpu = mark.cpu, let curr = mark.owner else { return }
    let before = doubted[cpu] ?? (known[cpu] == nil ? Timestamp(0) : nil)
    let since = before ?? passBegan[cpu] ?? event.timestamp
    if before == nil { doubt(cpu, since: since) }
    reference.doubtful[cpu, default: []].append(since..<max(since, event.timestamp))
    (doubted[cpu], passBegan[cpu]) = (nil, nil)
    known[cpu] = Known(since: event.timestamp, curr: curr, donor: mark.pid)
    fresh.insert(cpu)
  }

  /// What the last mark has told of a CPU holds up to then.
  private mutating func doubt(_ cpu: CPU, since end: Timestamp) {
    guard let now = known.removeValue(forKey: cpu) else { return }
    doubted[cpu] = max(end, now.since)
    if now.donor != now.curr, now.since < end {
      reference.pieces[cpu, default: []].append(
        ProbedSplits.Piece(begin: now.since, end: end, curr: now.curr, donor: now.donor))
    }
  }
}
