import TraceCore

/// A wait that has begun and not ended.
struct OpenWait {
  /// Its place in ``WaitBook/rows``.
  var row: Int
  var lock: LockAddress
  /// The CPU it runs on; `nil` while it is off.
  var cpu: CPU?
  /// The waiter left its CPU at this instant and has not come back.
  var offCPUSince: Timestamp?
  /// From here on a gap may hide the wait's end.
  var doubtfulSince: Timestamp?
}

/// Waits from their first `contention_begin` to their `contention_end`.
///
/// A mutex emits several begins within one wait (optimistic spinning, then sleeping; kernel/locking/mutex.c), so a begin on
/// a lock that the task already waits for is a phase of that wait. A begin on *another* lock nests inside (percpu-rwsem
/// takes a mutex while it waits); when the outer wait ends first, the inner one's end was lost.
struct WaitBook {
  /// Deeper nesting than this is a damaged or hostile stream.
  private static let nestingLimit = 8

  private(set) var rows: [WaitRow] = []
  /// Open waits by task, innermost last; a task without one is not in it.
  private var open: [TaskIndex: [OpenWait]] = [:]
  /// Kinds by lock, for ends whose begin is not in the trace.
  private var kinds: [LockAddress: WaitKind] = [:]
  /// Waits whose end a gap may hide, since the last call of ``takeDoubted()``.
  private var doubted: [OpenWait] = []
  /// Waits that gaps made us lose sight of, since the last call of ``takeLost()``.
  private var lost: [OpenWait] = []
  /// A gap on some CPU lasts until here.
  private var gapUntil = Timestamp(0)
  private var diagnostics = DiagnosticLog()

  /// A `contention_begin` that is not a spinlock's.
  /// - Returns: the row of the wait that it begins; `nil` where it is a phase of one.
  mutating func begin(
    _ lock: LockAddress, kind: WaitKind, waiter: TaskLabel, cpu: CPU, at time: Timestamp
  ) -> Int? {
    kinds[lock] = kind
    var stack = open.removeValue(forKey: waiter.index) ?? []
    cutDoubtful(&stack)
    defer { open[waiter.index] = stack }
    if stack.contains(where: { $0.lock == lock }) { return nil }
    if stack.count == Self.nestingLimit { lose(stack.removeFirst()) }
    stack.append(OpenWait(row: rows.count, lock: lock, cpu: cpu))
    rows.append(
      WaitRow(
        kind: kind, waiter: waiter, lock: lock, begin: time, isCutAtBegin: false, end: nil, length: 0, result: .open,
        asleep: 0, touchesGap: false))
    return rows.count - 1
  }

  /// What the lock is, as far as a wait for it has shown.
  func kind(of lock: LockAddress) -> WaitKind? { kinds[lock] }

  /// The lock that a task waits for, the innermost one, with the wait's row.
  func waiting(_ task: TaskIndex) -> OpenWait? { open[task]?.last }

  /// Waits of which it has become doubtful whether they last, each once.
  mutating func takeDoubted() -> [OpenWait] {
    defer { doubted.removeAll() }
    return doubted
  }

  /// Waits whose end is now known not to be seen, each once.
  mutating func takeLost() -> [OpenWait] {
    defer { lost.removeAll() }
    return lost
  }

  /// A `contention_end`.
  /// - Parameter certainSince: the end of the last gap, or the trace's beginning: from there on a wait is certain whose
  ///   begin is not in the trace.
  /// - Returns: the row of the wait that ends, where its begin is in the trace.
  mutating func end(
    _ lock: LockAddress, result: Int32, waiter: TaskLabel, at time: Timestamp, certainSince: Timestamp
  ) -> Int? {
    var stack = open.removeValue(forKey: waiter.index) ?? []
    guard let place = stack.lastIndex(where: { $0.lock == lock }) else {
      open[waiter.index] = stack.isEmpty ? nil : stack
      endWithoutBegin(lock, result: result, waiter: waiter, at: time, certainSince: certainSince)
      return nil
    }
    while stack.count > place + 1 { lose(stack.removeLast()) }
    let wait = stack.removeLast()
    rows[wait.row].end = time
    rows[wait.row].length = time - rows[wait.row].begin
    rows[wait.row].result = result == 0 ? .acquired : .failed(errno: result)
    if let since = wait.offCPUSince { addSleep(wait.row, from: since, to: time) }
    if wait.doubtfulSince != nil { rows[wait.row].asleep = nil }
    open[waiter.index] = stack.isEmpty ? nil : stack
    return wait.row
  }

  /// The waiter was switched out.
  mutating func leaveCPU(_ task: TaskIndex, at time: Timestamp) {
    guard !open.isEmpty, let place = open.index(forKey: task) else { return }
    for i in open.values[place].indices {
      open.values[place][i].offCPUSince = time
      open.values[place][i].cpu = nil
      if time < gapUntil { doubt(place, i, since: time) }
    }
  }

  /// The waiter was switched in.
  mutating func enterCPU(_ task: TaskIndex, cpu: CPU, at time: Timestamp) {
    guard !open.isEmpty, let place = open.index(forKey: task) else { return }
    for i in open.values[place].indices {
      open.values[place][i].cpu = cpu
      if let since = open.values[place][i].offCPUSince {
        addSleep(open.values[place][i].row, from: since, to: time)
        open.values[place][i].offCPUSince = nil
      }
    }
  }

  /// A task is gone: what it waited for it no longer waits for.
  mutating func forget(_ task: TaskIndex) {
    for wait in open.removeValue(forKey: task) ?? [] { lose(wait) }
  }

  /// A gap on a CPU may swallow the end of every open wait whose waiter is not seen to run elsewhere all the while.
  mutating func doubt(on cpu: CPU, since: Timestamp, until: Timestamp) {
    gapUntil = max(gapUntil, until)
    for place in open.values.indices {
      for i in open.values[place].indices where open.values[place][i].cpu == nil || open.values[place][i].cpu == cpu {
        doubt(place, i, since: since)
      }
    }
  }

  private mutating func doubt(_ place: Dictionary<TaskIndex, [OpenWait]>.Index, _ i: Int, since: Timestamp) {
    if open.values[place][i].doubtfulSince == nil {
      open.values[place][i].doubtfulSince = max(since, rows[open.values[place][i].row].begin)
      doubted.append(open.values[place][i])
    }
  }

  /// Closes what is open at the trace's end, and gives the rows in order of their beginning.
  /// Row numbers that ``begin(_:kind:waiter:cpu:at:)`` gave may not be places in the result: `order` tells which is where.
  mutating func finish(at end: Timestamp) -> (rows: [WaitRow], order: [Int], diagnostics: DiagnosticLog) {
    for wait in open.values.joined() {
      if wait.doubtfulSince != nil {
        lose(wait)
      } else {
        rows[wait.row].length = end - rows[wait.row].begin
        if let since = wait.offCPUSince { addSleep(wait.row, from: since, to: end) }
      }
    }
    // Rows are made in order of time, but for those that are certain only backwards from their end.
    let order = rows.indices.sorted { (rows[$0].begin, $0) < (rows[$1].begin, $1) }
    return (order.map { rows[$0] }, order, diagnostics)
  }

  /// A new wait of the task, while gaps leave it open whether older ones still last: they are not claimed beyond the gap.
  private mutating func cutDoubtful(_ stack: inout [OpenWait]) {
    for wait in stack where wait.doubtfulSince != nil { lose(wait) }
    stack.removeAll { $0.doubtfulSince != nil }
  }

  private mutating func lose(_ wait: OpenWait) {
    rows[wait.row].result = .lost
    rows[wait.row].length = (wait.doubtfulSince ?? rows[wait.row].begin) - rows[wait.row].begin
    rows[wait.row].asleep = nil
    lost.append(wait)
  }

  private mutating func endWithoutBegin(
    _ lock: LockAddress, result: Int32, waiter: TaskLabel, at time: Timestamp, certainSince: Timestamp
  ) {
    // Without its begin an end does not tell a spinlock from a mutex; another wait on the same lock may.
    guard let kind = kinds[lock] else {
      diagnostics.record(.contentionEndWithoutBegin, time: time, "\(lock) of pid \(waiter.pid)")
      return
    }
    rows.append(
      WaitRow(
        kind: kind, waiter: waiter, lock: lock, begin: certainSince, isCutAtBegin: true, end: time,
        length: time - certainSince, result: result == 0 ? .acquired : .failed(errno: result), asleep: nil,
        touchesGap: false))
  }

  private mutating func addSleep(_ row: Int, from: Timestamp, to: Timestamp) {
    if let sum = rows[row].asleep { rows[row].asleep = sum &+ max(0, to - from) }
  }
}
