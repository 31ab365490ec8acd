import TraceCore

/// The traced machine at the instant that is being reconstructed, as far as events tell and later records have decided: tasks,
/// CPUs, locks, open waits. Everything here is the same whether the kernel proxies or not; what differs is an overlay
/// (``Hypothesis``), which reads this and never changes it.
///
/// Functions elsewhere take it `inout` even where they only read: a noncopyable value that is borrowed is passed as a bitwise
/// copy (Swift 6.3), and this one is large.
struct World: ~Copyable {
  var scheduling = Scheduling()
  var tasks = FlatArray<TaskNow>()
  var locks = FlatArray<LockNow>()
  /// Open waits, in no order; ``removeWait(_:)`` moves the last one.
  var waits = FlatArray<WaitNow>()
  var gaps = GapState()
  var rows: SharedRows
  var signs = SharedSigns()
  /// What the current step has changed.
  var changed = ChangeMask()
  var clock = Clock()
  /// Locks that have changed hands in this step, where somebody waits.
  var holdSteps = FlatArray<HoldStep>()
  /// By CPU: who an event says will run there next, and on whose account.
  private var announced: [Int: NamedDonor] = [:]

  /// - Parameters:
  ///   - kinds: the rows to make.
  ///   - file: where rows go that are many.
  init(_ kinds: RowKinds, in file: RowFile) { rows = SharedRows(kinds, in: file) }

  struct NamedDonor {
    var donor: TaskIndex
    var owner: TaskIndex
  }

  struct Clock {
    /// The instant that is being reconstructed.
    fileprivate(set) var now = Timestamp(0)
    /// The first one: the trace's beginning.
    fileprivate(set) var begin: Timestamp?

    fileprivate mutating func advance(to time: Timestamp) {
      now = max(now, time)
      if begin == nil { begin = now }
    }

    mutating func begin(at time: Timestamp) { begin = time }
  }

  var now: Timestamp {
    @inline(__always) get { clock.now }
  }

  subscript(task: TaskIndex) -> TaskNow {
    @inline(__always) _read { yield tasks[Int(task.rawValue)] }
    @inline(__always) _modify { yield &tasks[Int(task.rawValue)] }
  }

  subscript(lock: LockIndex) -> LockNow {
    @inline(__always) _read { yield locks[Int(lock.rawValue)] }
    @inline(__always) _modify { yield &locks[Int(lock.rawValue)] }
  }

  @inline(__always)
  func place(of task: TaskIndex) -> Place { scheduling.place(of: task) }

  @inline(__always)
  func curr(on cpu: Int) -> TaskIndex? { scheduling.curr(on: cpu) }

  /// A step begins.
  @inline(__always)
  mutating func beginStep(at time: Timestamp, on cpu: Int) {
    clock.advance(to: time)
    changed = ChangeMask()
    scheduling.grow(cpus: cpu + 1)
  }

  /// Time goes on, and nothing else: what the calm loop has followed, and the trace's end.
  mutating func advance(to time: Timestamp) { clock.now = max(clock.now, time) }

  func label(_ task: TaskIndex) -> TaskLabel {
    let now = self[task]
    return TaskLabel(index: task, pid: now.pid, comm: now.comm, priority: now.priority)
  }

  /// The number of the task's label as it is now.
  @inline(__always)
  mutating func labelID(_ task: TaskIndex) -> LabelID {
    if self[task].label == .none { self[task].label = rows.labels.id(label(task)) }
    return self[task].label
  }
}

// MARK: - Tasks and CPUs

extension World {
  /// A task's name and priority are these from here on.
  mutating func describe(_ task: TaskIndex, _ pid: Pid, _ comm: Comm, _ priority: Priority?) {
    while tasks.count <= Int(task.rawValue) { tasks.append(TaskNow()) }
    scheduling.grow(tasks: tasks.count)
    self[task].pid = pid
    self[task].comm = comm
    self[task].priority = priority
    self[task].label = .none
    changed.insert(task)
    if case .running(let cpu) = place(of: task) { changed.insert(cpu: Int(cpu)) }
  }

  /// A CPU's curr is known from here on.
  mutating func setCurr(_ task: TaskIndex, on cpu: Int) {
    if gaps.isMissing(cpu) { endGap(on: cpu) }
    bookOwner(task)
    scheduling.setCurr(task, on: cpu)
    scheduling.enter(task, CPU(cpu))
    changed.insert(cpu: cpu)
    changed.insert(task)
  }

  /// The first half of a switch: a task leaves its CPU. Idle tasks have no place.
  mutating func leave(_ task: TaskIndex, on cpu: Int, _ state: TaskState) {
    changed.insert(cpu: cpu)
    if self[task].pid == 0 { return }
    changed.insert(task)
    let wait = self[task].wait
    let waitsForMutex = wait >= 0 && waits[wait].isMutex
    bookOwner(task)
    scheduling.leave(task, CPU(cpu), state, waitsForMutex: waitsForMutex, at: now)
    if state.isRunnable || wait < 0 { return }
    if waitsForMutex {
      if waits[wait].blockedSince == nil { waits[wait].blockedSince = now }
      noteRemoteOwner(wait, home: CPU(cpu))
    } else {
      // A waiter for a semaphore that has to sleep again.
      waits[wait].forgetSteps()
    }
  }

  /// The second half of a switch: the next task enters the CPU.
  mutating func enter(_ task: TaskIndex, on cpu: Int, from previous: TaskIndex) {
    noteIdling(on: cpu, from: previous, to: task)
    bookOwner(task)
    noteOutrun(on: cpu, by: task)
    scheduling.setCurr(task, on: cpu)
    scheduling.enter(task, CPU(cpu))
    changed.insert(task)
    let wait = self[task].wait
    guard wait >= 0 else { return }
    if waits[wait].wakingAt != nil, waits[wait].switchedInAt == nil { waits[wait].switchedInAt = now }
    waits[wait].blockedSince = nil
  }

  /// A real-time task is switched in, and a more urgent one has been queued on that CPU since before.
  ///
  /// Only while somebody waits for a mutex: without a waiter there is no donor.
  private mutating func noteOutrun(on cpu: Int, by task: TaskIndex) {
    guard !waits.isEmpty, !gaps.isInGap, let own = self[task].priority, own.rawValue >= 0, own.rawValue < 100 else {
      return
    }
    var isOutrun = false
    let tasks = tasks.base
    scheduling.forEachQueued(on: cpu) { queued in
      if queued != task, let priority = tasks[Int(queued.rawValue)].priority, priority.rawValue >= 0,
        priority.isMoreUrgent(than: own)
      {
        isOutrun = true
      }
    }
    if isOutrun { signs.outranRealTime += 1 }
  }

  /// A waiter that leaves its CPU to the idle task although others are queued there, and a CPU that then runs one of them.
  private mutating func noteIdling(on cpu: Int, from previous: TaskIndex, to next: TaskIndex) {
    if scheduling.idledCPUs > 0, scheduling.endIdling(on: cpu, for: next), self[previous].pid == 0 {
      signs.idledWithWork.add(gaps.signs)
    }
    let wait = self[previous].wait
    if self[next].pid == 0, wait >= 0, waits[wait].isMutex { scheduling.noteIdling(on: cpu) }
  }

  /// A waiter has just blocked: whether its owner is on another CPU's runqueue, so that a kernel that proxies moves it there.
  private mutating func noteRemoteOwner(_ index: Int, home: CPU) {
    waits[index].ownerWasElsewhere = false
    guard case .task(let owner, _) = self[waits[index].lock].owner else { return }
    switch place(of: owner) {
    case .running(let cpu), .queued(let cpu): waits[index].ownerWasElsewhere = cpu != home
    case .blocked, .waking, .asleep, .unknown: break
    }
  }

  /// `sched_waking`. A handoff that may be under way to the task begins anew.
  /// - Returns: where it had blocked, if it is woken on another CPU though no event had moved it: the proxy migration, which
  ///   emits none.
  mutating func waking(_ task: TaskIndex, target: CPU, by waker: Int) -> CPU? {
    noteHiddenHandover(to: task, by: waker)
    let wait = self[task].wait
    var movedFrom: CPU?
    if wait >= 0 {
      waits[wait].forgetSteps()
      waits[wait].wakingAt = now
      let home = scheduling.cpu(of: task)
      if scheduling.isBlocked(task), target >= 0, home != target {
        waits[wait].wasMovedSilently = true
        signs.silentMoves.add(gaps.signs)
        scheduling.correctCPU(of: task, to: target)
        movedFrom = home
      }
    }
    return movedFrom
  }

  /// The second half of `sched_waking`: the task is blocked no more.
  mutating func wake(_ task: TaskIndex, target: CPU) {
    bookOwner(task)
    scheduling.waking(task, target: target)
    changed.insert(task)
  }

  mutating func wakeup(_ task: TaskIndex, target: CPU) {
    if case .running = place(of: task) { return }
    bookOwner(task)
    scheduling.wakeup(task, target: target)
    changed.insert(task)
    if scheduling.idledCPUs > 0 { scheduling.forgetIdling(on: target, task) }
    let wait = self[task].wait
    if wait >= 0, waits[wait].wakeupAt == nil { waits[wait].wakeupAt = now }
  }

  mutating func migrate(_ task: TaskIndex, to cpu: CPU) {
    scheduling.migrate(task, to: cpu)
    changed.insert(task)
  }

  /// The task is gone for good.
  mutating func die(_ task: TaskIndex) {
    bookOwner(task)
    scheduling.die(task)
    changed.insert(task)
  }

  mutating func become(_ old: TaskIndex, _ new: TaskIndex) {
    changed = .everything
    bookOwner(old)
    bookOwner(new)
    scheduling.become(old, new)
  }

  // MARK: Named donors

  /// An event says that the CPU's next switch brings an owner that runs on a donor's account.
  mutating func announce(_ named: NamedDonor?, on cpu: Int) {
    if named == nil, announced.isEmpty { return }
    announced[cpu] = named
  }

  /// What an event has said of the task to which a CPU has just switched.
  mutating func takeAnnounced(on cpu: Int) -> NamedDonor? {
    announced.isEmpty ? nil : announced.removeValue(forKey: cpu)
  }

  mutating func forgetAnnounced() { announced.removeAll() }

  /// Whether an event has said who comes next on some CPU.
  var hasAnnounced: Bool {
    @inline(__always) get { !announced.isEmpty }
  }

  /// Nothing is open that a step of the scheduler could bear on. A gap bears on waits and owners alone.
  var isCalm: Bool { waits.isEmpty && announced.isEmpty && scheduling.idledCPUs == 0 }
}
