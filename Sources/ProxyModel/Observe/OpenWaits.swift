import TraceCore

/// A wait that has begun and not ended.
struct OpenWait {
  var waiter: TaskIndex
  /// Its place in ``OpenWaits/rows``.
  var row: Int
  var lock: LockAddress
  /// The CPU it runs on; `nil` while it is off.
  var cpu: CPU?
  /// The waiter left its CPU at this instant and has not come back.
  var offCPUSince: Timestamp?
  /// From here on a gap may hide the wait's end.
  var doubtfulSince: Timestamp?
  /// Of such a gap the capture says that records are missing. Otherwise the wait counts as open at the trace's end.
  fileprivate var isDoubtTold = false
  /// The waiter's wait around this one: a slot, −1 without one.
  fileprivate var outer: Int32 = -1
  fileprivate var isOpen = true
}

/// Waits from their first `contention_begin` to their `contention_end`.
///
/// A mutex emits several begins within one wait (optimistic spinning, then sleeping; kernel/locking/mutex.c), so a begin on
/// a lock that the task already waits for is a phase of that wait. A begin on *another* lock nests inside (percpu-rwsem
/// takes a mutex while it waits); when the outer wait ends first, the inner one's end was lost.
struct OpenWaits: ~Copyable {
  /// Deeper nesting than this is a damaged or hostile stream.
  private static let nestingLimit = 8

  private(set) var rows: PackedLog<WaitRecord>
  /// Whether rows are in order of their beginning, and whether one ends before its wait is known to end.
  private var isInOrder = true
  private(set) var hasCut = false
  /// How long the longest of them is.
  private(set) var longest: Int64 = 0
  /// Tasks as they were when their waits began.
  private var labels: LabelPool
  /// Open waits, and slots of old ones that can be used again.
  private var slots = FlatArray<OpenWait>()
  private var freeSlots: [Int32] = []
  /// By task: the slot of its innermost open wait, −1 without one.
  private var innermost = FlatArray<Int32>()
  /// Kinds by lock, for ends whose begin is not in the trace.
  private var kinds = LockMap<WaitKind>()
  /// Waits whose end a gap may hide, since the last call of ``takeDoubted()``.
  private var doubted: [OpenWait] = []
  /// Waits that gaps made us lose sight of, since the last call of ``takeLost()``.
  private var lost: [OpenWait] = []
  /// A gap on some CPU lasts until here.
  private var gapUntil = Timestamp(0)
  /// The same for gaps of which the capture tells.
  private var toldGapUntil = Timestamp(0)
  private var diagnostics = DiagnosticLog()
  /// Tasks that have said that they go to sleep for a mutex, and have not been switched in since.
  var aboutToBlock = TaskSet()

  init(in file: RowFile) {
    rows = PackedLog(in: file)
    labels = LabelPool(in: file)
  }

  /// A `contention_begin` that is not a spinlock's.
  /// - Returns: the row of the wait that it begins; `nil` where it is a phase of one.
  mutating func begin(
    _ lock: LockAddress, kind: WaitKind, waiter: TaskLabel, cpu: CPU, at time: Timestamp, isPinned: Bool
  ) -> Int? {
    kinds[lock] = kind
    cutDoubtful(waiter.index)
    if slot(of: waiter.index, on: lock) >= 0 { return nil }
    loseTooDeep(waiter.index)
    push(OpenWait(waiter: waiter.index, row: rows.count, lock: lock, cpu: cpu))
    add(
      WaitRecord(
        begin: time, asleep: MaybeTime(0), lock: lock, waiter: labels.id(waiter), result: .open, kind: kind,
        isCutAtBegin: false, isPinned: isPinned))
    return rows.count - 1
  }

  /// What the lock is, as far as a wait for it has shown.
  mutating func kind(of lock: LockAddress) -> WaitKind? { kinds[lock] }

  /// Every lock that somebody has waited for.
  var locks: [LockAddress] { kinds.locks }

  /// The lock that a task waits for, the innermost one, with the wait's row.
  @inline(__always)
  func waiting(_ task: TaskIndex) -> OpenWait? {
    let slot = head(task)
    return slot < 0 ? nil : slots[slot]
  }

  /// Whether anybody waits.
  var hasOpen: Bool { slots.count > freeSlots.count }
  var hasDoubted: Bool { !doubted.isEmpty }
  var hasLost: Bool { !lost.isEmpty }

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
    let slot = slot(of: waiter.index, on: lock)
    guard slot >= 0 else {
      endWithoutBegin(lock, result: result, waiter: waiter, at: time, certainSince: certainSince)
      return nil
    }
    while head(waiter.index) != slot { lose(pop(waiter.index)) }
    let wait = pop(waiter.index)
    rows[wait.row].hasEnd = true
    setLength(time - rows[wait.row].begin, of: wait.row)
    rows[wait.row].result = result == 0 ? .acquired : .failed(errno: result)
    if let since = wait.offCPUSince { addSleep(wait.row, from: since, to: time) }
    if wait.doubtfulSince != nil { rows[wait.row].asleep = MaybeTime(nil) }
    return wait.row
  }

  /// The waiter was switched out.
  @inline(__always)
  mutating func leaveCPU(_ task: TaskIndex, at time: Timestamp) {
    var slot = head(task)
    while slot >= 0 {
      slots[slot].offCPUSince = time
      slots[slot].cpu = nil
      if time < gapUntil { doubt(slot, since: time, isTold: time < toldGapUntil) }
      slot = Int(slots[slot].outer)
    }
  }

  /// The waiter was switched in.
  @inline(__always)
  mutating func enterCPU(_ task: TaskIndex, cpu: CPU, at time: Timestamp) {
    var slot = head(task)
    while slot >= 0 {
      slots[slot].cpu = cpu
      if let since = slots[slot].offCPUSince {
        addSleep(slots[slot].row, from: since, to: time)
        slots[slot].offCPUSince = nil
      }
      slot = Int(slots[slot].outer)
    }
  }

  /// A task is gone: what it waited for it no longer waits for.
  mutating func forget(_ task: TaskIndex) {
    while head(task) >= 0 { lose(pop(task)) }
  }

  /// A gap on a CPU may swallow the end of every open wait whose waiter is not seen to run elsewhere all the while.
  /// - Parameter isTold: whether the capture says that records are missing.
  mutating func doubt(on cpu: CPU, since: Timestamp, until: Timestamp, isTold: Bool) {
    gapUntil = max(gapUntil, until)
    if isTold { toldGapUntil = max(toldGapUntil, until) }
    for slot in slots.indices where slots[slot].isOpen && (slots[slot].cpu == nil || slots[slot].cpu == cpu) {
      doubt(slot, since: since, isTold: isTold)
    }
  }

  private mutating func doubt(_ slot: Int, since: Timestamp, isTold: Bool) {
    if isTold { slots[slot].isDoubtTold = true }
    if slots[slot].doubtfulSince == nil {
      slots[slot].doubtfulSince = max(since, rows[slots[slot].row].begin)
      doubted.append(slots[slot])
    }
  }

  /// A waiter as it was when its wait began.
  func waiter(_ wait: WaitRecord) -> TaskLabel { labels[wait.waiter] }

  /// Closes what is open at the trace's end.
  mutating func finish(at end: Timestamp) -> DiagnosticLog {
    for slot in slots.indices where slots[slot].isOpen {
      let wait = slots[slot]
      if wait.isDoubtTold {
        lose(wait)
      } else {
        setLength(end - rows[wait.row].begin, of: wait.row)
        if let since = wait.offCPUSince { addSleep(wait.row, from: since, to: end) }
        if wait.doubtfulSince != nil { rows[wait.row].asleep = MaybeTime(nil) }
      }
    }
    return diagnostics
  }

  /// Takes the rows out, in order of their beginning.
  /// - Returns: the place there of each row number that ``begin(_:kind:waiter:cpu:at:)`` gave; `nil` where all stay.
  mutating func takeRows(into sorted: inout PackedLog<WaitRecord>) -> [Int]? {
    if isInOrder {
      sorted = rows.take()
      return nil
    }
    let begins = rows.indices.map { rows[$0].begin }
    let order = rows.indices.sorted { (begins[$0], $0) < (begins[$1], $1) }
    var places = order
    for (place, row) in order.enumerated() {
      places[row] = place
      sorted.append(rows[row])
    }
    return places
  }

  private mutating func endWithoutBegin(
    _ lock: LockAddress, result: Int32, waiter: TaskLabel, at time: Timestamp, certainSince: Timestamp
  ) {
    // Without its begin an end does not tell a spinlock from a mutex; another wait on the same lock may.
    guard let kind = kinds[lock] else {
      diagnostics.record(.contentionEndWithoutBegin, time: time, "\(lock) of pid \(waiter.pid)")
      return
    }
    add(
      WaitRecord(
        begin: certainSince, length: time - certainSince, asleep: MaybeTime(nil), lock: lock, waiter: labels.id(waiter),
        result: result == 0 ? .acquired : .failed(errno: result), kind: kind, hasEnd: true, isCutAtBegin: true,
        isPinned: false))
  }

  /// Rows are made in order of time, but for those that are certain only backwards from their end.
  private mutating func add(_ row: WaitRecord) {
    if !rows.isEmpty, row.begin < rows[rows.count - 1].begin { isInOrder = false }
    longest = max(longest, row.length)
    rows.append(row)
  }

  @inline(__always)
  private mutating func setLength(_ length: Int64, of row: Int) {
    rows[row].length = length
    longest = max(longest, length)
  }

  private mutating func addSleep(_ row: Int, from: Timestamp, to: Timestamp) {
    if let sum = rows[row].asleep.value { rows[row].asleep = MaybeTime(sum &+ max(0, to - from)) }
  }
}

// MARK: - Slots

extension OpenWaits {
  /// The slot of a task's innermost wait, −1 without one.
  @inline(__always)
  private func head(_ task: TaskIndex) -> Int {
    let index = Int(task.rawValue)
    return index < innermost.count ? Int(innermost[index]) : -1
  }

  /// The slot of a task's wait for a lock, −1 without one.
  @inline(__always)
  private func slot(of task: TaskIndex, on lock: LockAddress) -> Int {
    var slot = head(task)
    while slot >= 0, slots[slot].lock != lock { slot = Int(slots[slot].outer) }
    return slot
  }

  private mutating func push(_ wait: OpenWait) {
    let task = Int(wait.waiter.rawValue)
    while innermost.count <= task { innermost.append(-1) }
    var wait = wait
    wait.outer = innermost[task]
    if let free = freeSlots.popLast() {
      slots[Int(free)] = wait
      innermost[task] = free
    } else {
      slots.append(wait)
      innermost[task] = Int32(slots.count - 1)
    }
  }

  /// Closes a task's innermost wait.
  private mutating func pop(_ task: TaskIndex) -> OpenWait {
    let slot = head(task)
    let wait = slots[slot]
    slots[slot].isOpen = false
    freeSlots.append(Int32(slot))
    innermost[Int(task.rawValue)] = wait.outer
    return wait
  }

  /// The waits of a task, the innermost first.
  private mutating func stack(of task: TaskIndex) -> [OpenWait] {
    var stack: [OpenWait] = []
    var slot = head(task)
    while slot >= 0 {
      stack.append(slots[slot])
      slot = Int(slots[slot].outer)
    }
    return stack
  }

  /// A new wait of the task, while gaps leave it open whether older ones still last: they are not claimed beyond the gap. Where
  /// nothing says that records are missing, they last until their end is seen.
  private mutating func cutDoubtful(_ task: TaskIndex) {
    var slot = head(task)
    while slot >= 0, !slots[slot].isDoubtTold { slot = Int(slots[slot].outer) }
    if slot < 0 { return }
    let stack = stack(of: task)
    for wait in stack.reversed() where wait.isDoubtTold { lose(wait) }
    rebuild(task, stack.reversed().filter { !$0.isDoubtTold })
  }

  /// More waits inside each other than there can be: the outermost goes.
  private mutating func loseTooDeep(_ task: TaskIndex) {
    var (slot, depth) = (head(task), 0)
    while slot >= 0 { (slot, depth) = (Int(slots[slot].outer), depth + 1) }
    if depth < Self.nestingLimit { return }
    let stack = stack(of: task)
    guard let outermost = stack.last else { return }
    lose(outermost)
    rebuild(task, stack.dropLast().reversed())
  }

  /// Gives a task these waits instead of what it has, outermost first.
  private mutating func rebuild(_ task: TaskIndex, _ waits: [OpenWait]) {
    while head(task) >= 0 { _ = pop(task) }
    for wait in waits { push(wait) }
  }

  private mutating func lose(_ wait: OpenWait) {
    hasCut = true
    rows[wait.row].result = .lost
    setLength((wait.doubtfulSince ?? rows[wait.row].begin) - rows[wait.row].begin, of: wait.row)
    rows[wait.row].asleep = MaybeTime(nil)
    lost.append(wait)
  }
}
