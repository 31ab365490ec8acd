import TraceCore

/// Picks of blocked tasks by CPUs that go on idling, as probes show them.
///
/// `__schedule()` picks a blocked task and follows its chain; where no owner can run on this CPU now, `proxy_resched_idle()` runs the
/// idle task with `need_resched` set, so that the CPU picks again at once (kernel/sched/core.c, `find_proxy_task()`). That is meant to
/// last for an instant: until the donor has left, or the owner has come. A CPU that goes on with it spins.
struct IdlePicks {
  /// Spins of one CPU with one task, without a switch in between.
  struct Series {
    var cpu: Int
    var task: TaskIndex
    /// The row of the wait in which it is blocked.
    var wait: Int
    /// The first pick of a burst, and the last pick since.
    var begin: Timestamp
    var end: Timestamp
    /// Those from `begin` to `end`; 0 as long as there is no burst.
    var picks: UInt64 = 0
    /// Whether a pause of more than a tick lies between two of them.
    var hasPause = false
    /// Since when picks have followed each other, and how many.
    fileprivate var burstBegin: Timestamp
    fileprivate var last: Timestamp
    fileprivate var burst: UInt64 = 1
  }

  private var open: [Series] = []
  private var closed: [Series] = []

  /// Whether some CPU may be spinning.
  var hasOpen: Bool { !open.isEmpty }

  /// An idle CPU picks a task that is blocked.
  /// - Parameter wait: the row of the wait in which it is blocked.
  mutating func pick(_ task: TaskIndex, wait: Int, on cpu: Int, at time: Timestamp) {
    if let place = open.firstIndex(where: { $0.cpu == cpu }) {
      if open[place].task == task, open[place].wait == wait { return goOn(place, at: time) }
      close(cpu)
    }
    open.append(Series(cpu: cpu, task: task, wait: wait, begin: time, end: time, burstBegin: time, last: time))
  }

  private mutating func goOn(_ place: Int, at time: Timestamp) {
    defer { open[place].last = time }
    if open[place].picks > 0 {
      // It has not switched since: whatever the pause, the task is still there and nothing else.
      if time - open[place].last > IdlePickRow.longestPause { open[place].hasPause = true }
      open[place].picks += 1
      open[place].end = time
      return
    }
    guard time - open[place].last <= IdlePickRow.longestPause else {
      open[place].burstBegin = time
      open[place].burst = 1
      return
    }
    open[place].burst += 1
    guard open[place].burst >= IdlePickRow.fewest else { return }
    (open[place].begin, open[place].end) = (open[place].burstBegin, time)
    open[place].picks = IdlePickRow.fewest
  }

  /// A CPU switches, picks another task, or its records are missing.
  mutating func close(_ cpu: Int) {
    guard let place = open.firstIndex(where: { $0.cpu == cpu }) else { return }
    let series = open.remove(at: place)
    if series.picks > 0 { closed.append(series) }
  }

  /// Removes all series and returns them in order of their beginning.
  mutating func take() -> [Series] {
    for series in open { close(series.cpu) }
    defer { closed = [] }
    return closed.sorted { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
  }
}
