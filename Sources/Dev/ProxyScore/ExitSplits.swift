import TraceCore

/// The curr/donor split as the exit probe alone tells it, without any model: `rq->donor` at the end of each pass of
/// `__schedule()`. Of a switch it is the donor since that switch; of a pass in which curr stays, from then on.
///
/// `proxy_reset_donor()` (kernel/sched/core.c) changes `rq->donor` outside `__schedule()`: a donor that is moved back to its CPU
/// donates no more from its `sched_migrate_task` on.
struct ExitSplits {
  private struct Running {
    var since: Timestamp
    var curr: Pid
    /// `nil` until the switch's probe has told.
    var donor: Pid?
  }

  private(set) var hasProbe = false
  private var running: [CPU: Running] = [:]
  private var pieces: [CPU: [ProbedSplits.Piece]] = [:]
  private var last = Timestamp(0)

  mutating func apply(_ event: SchedEvent) {
    last = max(last, event.timestamp)
    switch event.body {
    case .switched(let record):
      begin(Running(since: event.timestamp, curr: record.next.pid), on: event.cpu)
    case .probedExit(_, let donor, _, let curr):
      hasProbe = true
      if let now = running[event.cpu], now.curr == curr, now.donor == nil {
        running[event.cpu]?.donor = donor
      } else if running[event.cpu]?.donor != donor || running[event.cpu]?.curr != curr {
        begin(Running(since: event.timestamp, curr: curr, donor: donor), on: event.cpu)
      }
    case .migrated(let task, _, let cpu):
      for (other, now) in running where other != cpu && now.donor == task.pid && now.curr != task.pid {
        begin(Running(since: event.timestamp, curr: now.curr, donor: now.curr), on: other)
      }
    default: break
    }
  }

  /// By CPU, in order of time.
  consuming func finished() -> [CPU: [ProbedSplits.Piece]] {
    for (cpu, now) in running { begin(Running(since: last, curr: now.curr), on: cpu) }
    return pieces
  }

  private mutating func begin(_ next: Running, on cpu: CPU) {
    if let now = running[cpu], let donor = now.donor, donor != now.curr, now.curr != 0, next.since > now.since {
      pieces[cpu, default: []].append(
        ProbedSplits.Piece(begin: now.since, end: next.since, curr: now.curr, donor: donor))
    }
    running[cpu] = next
  }
}
