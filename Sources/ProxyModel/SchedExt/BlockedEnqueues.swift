import TraceCore

// Calls of `ops.enqueue()` for tasks that are blocked on a mutex: the kernel asks the scheduler where to put a donor
// (`put_prev_task_scx()`, `enqueue_task_scx()`, kernel/sched/ext.c).

/// What was seen of a blocked task since it ran last, as its scheduler was asked about it.
struct AdmissionMarks {
  /// Times that its scheduler was asked since it ran last.
  var calls: UInt32 = 0
  /// It was the donor since the scheduler was asked last.
  var hasDonated = false
  /// On whose runqueue it is, as far as marks tell.
  var cpu: CPU = -1
  /// The row of a call that may be an arrival on the owner's CPU: whether it is, the next mark tells. −1 for none.
  var mayHaveMoved = -1
  /// Calls of which its switch-out will show whether it was blocked: where they begin among the rows, −1 for none.
  var leaving = -1
}

extension CallbackPairing {
  /// - Parameters:
  ///   - cpu: The CPU of the record.
  ///   - owner: Whom the mark names.
  mutating func markEnqueue(
    _ task: TaskIndex, _ mark: MarkRecord, owner: TaskIndex?, isBlocking: Bool, on cpu: CPU,
    _ hypothesis: inout Hypothesis, _ world: inout World
  ) {
    book[task].counts.enqueue += 1
    let isLeaving = isBlocking && world.scheduling.cpuRunning(task) != nil
    // A mark that says so knows best: the kernel hands over donors that have just been woken, too.
    guard mark.isBlocked ?? (isLeaving || isBlockedWaiter(task, &hypothesis, &world)) else { return }
    let isCertain = mark.isBlocked != nil || !isLeaving
    if isCertain { book[task].counts.blockedEnqueue += 1 }
    let place = hypothesis.rows.enqueues.count
    if !isCertain, book[task].admission.leaving < 0 { book[task].admission.leaving = place }
    let home = mark.cpu ?? settleMove(of: task, writtenOn: cpu, &hypothesis)
    let (reason, known) = reason(task, mark, home: home, writtenOn: cpu, &hypothesis, &world)
    if reason == .migrated, mark.cpu != nil {
      hypothesis.arrived(task, from: lastCPU(of: task, &hypothesis, &world), on: home, &world)
    }
    var record = EnqueueRecord(time: world.now, task: world.labelID(task), cpu: home, reason: reason, evidence: known)
    record.isCertain = isCertain
    // In a queue that is no CPU's it stays on the runqueue where it is, until somebody moves it.
    record.placed = mark.cpu ?? -1
    if let queue = mark.dispatchQueue {
      (record.queue, record.hasQueue) = (queue, true)
      if let cpu = MarkRecord.cpu(ofQueue: queue, home: home) { record.placed = cpu }
    }
    hypothesis.state(ownerOf: task, named: owner, in: &record, &world)
    if reason == .migrated, mark.cpu == nil { record.cpu = record.ownerCPU }
    hypothesis.append(record, of: task, &world)
    book[task].admission.calls += 1
    book[task].admission.hasDonated = false
    book[task].admission.cpu = home
  }

  /// Why the scheduler is asked, and how that is known.
  private mutating func reason(
    _ task: TaskIndex, _ mark: MarkRecord, home: CPU, writtenOn: CPU, _ hypothesis: inout Hypothesis,
    _ world: inout World
  ) -> (EnqueueRow.Reason, Evidence) {
    let state = book[task].admission
    if state.calls == 0 { return (.blocked, .event) }
    if mark.isMoved { return (.migrated, .event) }
    if mark.cpu != nil, home != lastCPU(of: task, &hypothesis, &world) { return (.migrated, .event) }
    if state.hasDonated { return (.sliceOver, .event) }
    if mark.cpu != nil { return (.handedBack, .event) }
    // The mark does not say where the task is. A donor whose owner is elsewhere is put back and then moved, in one pass of the
    // scheduler on the CPU that it leaves (`proxy_migrate_task()`): of calls in a row there, the last is the arrival.
    if state.mayHaveMoved >= 0 {
      hypothesis.rows.enqueues[state.mayHaveMoved].reason = .handedBack
      hypothesis.rows.enqueues[state.mayHaveMoved].cpu = home
    }
    guard let owner = hypothesis.lockOwner(of: task, &world), let cpu = hypothesis.cpu(of: owner, &world) else {
      return (.handedBack, .inferred(.movedSilently))
    }
    if cpu == home { return (.handedBack, .event) }
    book[task].admission.mayHaveMoved = hypothesis.rows.enqueues.count
    return (.migrated, .inferred(.movedSilently))
  }

  /// Where a blocked task was put last, as far as marks and events of its moves tell.
  private func lastCPU(of task: TaskIndex, _ hypothesis: inout Hypothesis, _ world: inout World) -> CPU {
    let wait = world[task].wait
    let stated = wait >= 0 ? hypothesis.waits[wait].admission.statedCPU : -1
    return stated >= 0 ? stated : book[task].admission.cpu
  }

  /// Where a blocked task is whose mark does not say so: where its scheduler was asked about it, or since its arrival where it is
  /// asked now.
  private mutating func settleMove(of task: TaskIndex, writtenOn: CPU, _ hypothesis: inout Hypothesis) -> CPU {
    let state = book[task].admission
    guard state.calls > 0, state.cpu >= 0, state.cpu == writtenOn else {
      book[task].admission.mayHaveMoved = -1
      return writtenOn
    }
    return state.cpu
  }

  /// A task is switched in: it is blocked no more.
  mutating func endAdmission(_ task: TaskIndex) {
    if book[task].admission.calls > 0 { book[task].admission = AdmissionMarks() }
  }

  /// A task has left its CPU: whether it was blocked when its scheduler was asked about it.
  mutating func settleCalls(of task: TaskIndex, isBlocked: Bool, _ hypothesis: inout Hypothesis, _ world: inout World) {
    let first = book[task].admission.leaving
    guard first >= 0 else { return }
    book[task].admission.leaving = -1
    if !isBlocked { book[task].admission.calls = 0 }
    for index in first..<hypothesis.rows.enqueues.count where !hypothesis.rows.enqueues[index].isCertain {
      guard world.rows.labels[hypothesis.rows.enqueues[index].task].index == task else { continue }
      if isBlocked {
        hypothesis.rows.enqueues[index].isCertain = true
        book[task].counts.blockedEnqueue += 1
      }
    }
  }
}

extension Hypothesis {
  /// The owner of the mutex that a task waits for, as far as it is known.
  mutating func lockOwner(of task: TaskIndex, _ world: inout World) -> TaskIndex? {
    let wait = world[task].wait
    guard wait >= 0, world.waits[wait].isMutex, case .task(let owner, _) = world[world.waits[wait].lock].owner else {
      return nil
    }
    return owner == task ? nil : owner
  }

  /// The CPU on whose runqueue a task is, or was last; `nil` where that is not known.
  mutating func cpu(of task: TaskIndex, _ world: inout World) -> CPU? {
    let cpu = residence(of: task, &world) ?? world.scheduling.cpu(of: task)
    return cpu >= 0 && world.place(of: task) != .unknown ? cpu : nil
  }

  /// Writes into a record who owned the mutex, and what that one was doing.
  fileprivate mutating func state(
    ownerOf task: TaskIndex, named: TaskIndex?, in record: inout EnqueueRecord, _ world: inout World
  ) {
    let wait = world[task].wait
    let fact = wait >= 0 && world.waits[wait].isMutex ? world[world.waits[wait].lock].owner : .unknown
    var owner = named
    switch fact {
    case .task(task, let known), .free(let known):
      record.ownerState = .released
      if named == nil { record.evidence = record.evidence.combined(with: known) }
    case .task(let other, let known):
      owner = named ?? other
      if named == nil { record.evidence = record.evidence.combined(with: known) }
    case .pending, .unknown, .noRelease:
      if named == nil { record.evidence = .unknown }
    }
    guard let owner else { return }
    record.owner = world.labelID(owner)
    record.ownerCPU = cpu(of: owner, &world) ?? -1
    switch world.place(of: owner) {
    case .running: record.ownerState = .running
    case .queued: record.ownerState = .runnable
    case .waking: record.ownerState = .waking
    case .blocked: record.ownerState = .blocked
    case .asleep: record.ownerState = .sleeping
    case .unknown: record.ownerState = .unknown
    }
  }

  fileprivate mutating func append(_ record: EnqueueRecord, of task: TaskIndex, _ world: inout World) {
    var record = record
    let wait = world[task].wait
    if wait >= 0 {
      record.wait = UInt32(world.waits[wait].row)
      if waits[wait].firstCall < 0 { waits[wait].firstCall = rows.enqueues.count }
      if record.reason == .blocked { waits[wait].admission = Admission(admitted: world.now) }
      if record.reason == .migrated { waits[wait].admission.move(.kernel, at: world.now) }
    }
    rows.enqueues.append(record)
  }

  /// A mark says that a blocked task has come to another CPU's runqueue.
  mutating func arrived(_ task: TaskIndex, from: CPU, on cpu: CPU, _ world: inout World) {
    let wait = world[task].wait
    guard proxies, wait >= 0, from >= 0, from != cpu else { return }
    waits[wait].admission.statedCPU = cpu
    if world.scheduling.isBlocked(task) { residence.set(task, cpu) }
    effects.changed.insert(task)
    guard rows.kinds.contains(.migrations) else { return }
    rows.migrations.add(
      MigrationRecord(
        time: world.now, wait: UInt32(world.waits[wait].row), task: world.labelID(task), from: from, to: cpu,
        kind: .proxy,
        evidence: .event))
  }

  /// An event says that a task comes to a runqueue: a blocked one has been moved there by the kernel, which no other event tells.
  mutating func queued(_ task: TaskIndex, on cpu: CPU, _ world: inout World) {
    guard proxies, world.scheduling.isBlocked(task) else { return }
    let wait = world[task].wait
    let stated = waits[wait].admission.statedCPU
    let from = stated >= 0 ? stated : world.scheduling.cpu(of: task)
    residence.enqueue(task)
    guard from != cpu else { return }
    waits[wait].admission.move(.kernel, at: world.now)
    arrived(task, from: from, on: cpu, &world)
  }

  /// An event says that a task leaves its runqueue: a blocked one donates nothing until it is back.
  mutating func unqueued(_ task: TaskIndex, _ world: inout World) {
    guard world.scheduling.isBlocked(task) else { return }
    dequeue(task, &world)
    effects.changed.insert(task)
  }

  /// An owner runs on a task's account: its scheduler's calls since the last time have led to that.
  mutating func settleCalls(of donor: TaskIndex, on cpu: Int, _ world: inout World) {
    let wait = world[donor].wait
    guard wait >= 0, waits[wait].firstCall >= 0 else { return }
    let row = UInt32(world.waits[wait].row)
    // Marks that do not say where the task is: it stayed where it was until the kernel moved it.
    var place: CPU? = CPU(cpu)
    for index in (waits[wait].firstCall..<rows.enqueues.count).reversed() where rows.enqueues[index].wait == row {
      rows.enqueues[index].donatedAfter = MaybeTime(world.now - rows.enqueues[index].time)
      if rows.enqueues[index].placed < 0 { rows.enqueues[index].placed = place ?? rows.enqueues[index].cpu }
      if rows.enqueues[index].reason == .migrated { place = nil }
    }
    waits[wait].firstCall = -1
  }

  /// A blocked task's scheduler has moved it: that is where it has put it.
  mutating func steered(_ task: TaskIndex, to cpu: CPU, _ world: inout World) {
    let wait = world[task].wait
    waits[wait].admission.move(.scheduler, at: world.now)
    waits[wait].admission.statedCPU = cpu
    guard waits[wait].firstCall >= 0 else { return }
    let row = UInt32(world.waits[wait].row)
    let calls = waits[wait].firstCall..<rows.enqueues.count
    if let last = calls.last(where: { rows.enqueues[$0].wait == row }) { rows.enqueues[last].placed = cpu }
  }
}

/// A blocked task's way from its block to its owner, as its scheduler sees it.
struct Admission {
  enum Mover: UInt8 {
    case nobody, kernel, scheduler
  }

  /// When its scheduler was first asked about it; `nil` where it was not.
  var admitted: Timestamp?
  /// When it came to another CPU's runqueue last, and who had moved it.
  var moved: Timestamp?
  var mover = Mover.nobody
  /// The CPU on which a mark has stated it to be; −1 for none.
  var statedCPU: CPU = -1
  /// Its last `running`.
  var picked: Timestamp?

  mutating func move(_ mover: Mover, at time: Timestamp) {
    (moved, self.mover) = (time, mover)
  }

  /// Parts of the time until an owner ran on its account; they sum to it exactly. `nil` where its scheduler was not asked.
  func parts(from begin: Timestamp, to end: Timestamp) -> (admit: Int64, move: Int64, pick: Int64, start: Int64)? {
    guard let admitted else { return nil }
    func bounded(_ time: Timestamp, from least: Timestamp) -> Timestamp { min(max(time, least), end) }
    let asked = bounded(admitted, from: begin)
    let there = bounded(moved ?? asked, from: asked)
    let chosen = bounded(picked ?? end, from: there)
    return (asked - begin, there - asked, chosen - there, end - chosen)
  }
}
