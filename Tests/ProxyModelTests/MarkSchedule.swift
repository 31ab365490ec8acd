import TraceCore
import TraceTestKit

/// A machine with a sched_ext scheduler that marks its callbacks, by chance: what a kernel without defect would record, and if
/// asked with one.
///
/// Some tasks belong to other classes and have no marks. Callbacks of a running task are at times called from another CPU, a
/// picked task may be picked again without a switch, blocked donors are moved to their owner's CPU in silence.
struct MarkSchedule {
  /// What a kernel does wrong, once.
  enum Fault {
    case none
    /// `running` and `stopping` for a blocked task that does not start.
    case noStart
    /// `stopping` for an owner that goes to sleep on its donor's account.
    case ownerStops
    /// `running` and `stopping` for an owner on its donor's account.
    case ownerRuns
  }

  private enum State: Equatable {
    case queued(Int)
    case running(Int)
    case asleep
    /// On that CPU's runqueue; −1: taken off it.
    case blocked(Int)
  }

  private(set) var script = Script()
  /// Whether the fault has happened, and when.
  private(set) var faultAt: UInt64?
  private var random: SeededGenerator
  private let proxies: Bool
  private let fault: Fault
  private var time: UInt64 = 1000
  private let tasks: [Pid]
  private var states: [Pid: State] = [:]
  private var held: [Pid: [Int]] = [:]
  private var awaited: [Pid: Int] = [:]
  private var owners: [Pid?] = [nil, nil, nil]
  private var heirs: [Pid?] = [nil, nil, nil]
  private var curr: [Pid]
  /// `rq->donor`.
  private var context: [Pid]

  init(seed: UInt64, proxies: Bool, fault: Fault = .none, steps: Int = 400) {
    random = SeededGenerator(seed: seed)
    self.proxies = proxies
    self.fault = fault
    let cpus = random.number(1...4)
    tasks = (0..<random.number(4...9)).map { Pid(10 + $0) }
    curr = Array(repeating: 0, count: cpus)
    context = curr
    for cpu in curr.indices { script.ticks(time + UInt64(cpu), CPU(cpu)) }
    time += 10
    for task in tasks { states[task] = .queued(random.number(0...cpus - 1)) }
    for _ in 0..<steps { step() }
  }

  /// Every fourth task is real-time, say.
  private func isMarked(_ task: Pid) -> Bool { task > 0 && task % 4 != 3 }

  private mutating func tick() -> UInt64 {
    time += UInt64(random.number(1...30))
    return time
  }

  private mutating func mark(
    _ kind: MarkRecord.Kind, _ task: Pid, on cpu: Int, runnable: Bool? = nil, isWrong: Bool = false
  ) {
    guard isMarked(task) else { return }
    script.marks(tick(), CPU(cpu), kind, task, runnable: runnable)
    if isWrong { faultAt = time }
  }

  private mutating func step() {
    let cpu = random.number(0...curr.count - 1)
    let task = curr[cpu]
    if task == 0 {
      if random.oneIn(2) { wakeSomebody(by: cpu) }
      return schedule(cpu)
    }
    if let lock = awaited[task] { return acquire(lock, task, cpu) }
    switch random.number(0...9) {
    case 0, 1: schedule(cpu)
    case 2: schedule(cpu, leaving: .interruptible)
    case 3, 4: lock(task, cpu)
    case 5, 6: release(task, cpu)
    case 7: wakeSomebody(by: cpu)
    case 8: changeAttributes(of: context[cpu], from: random.number(0...curr.count - 1))
    default: migrateSomebody()
    }
  }

  // MARK: Callbacks without a switch

  /// The task is taken off and put back, from any CPU (`sched_change_begin()`, kernel/sched/core.c).
  private mutating func changeAttributes(of task: Pid, from cpu: Int) {
    mark(.stopping, task, on: cpu, runnable: true)
    mark(.running, task, on: cpu)
  }

  private mutating func wakeSomebody(by cpu: Int) {
    guard let task = tasks.first(where: { states[$0] == .asleep }) else { return }
    let target = random.number(0...curr.count - 1)
    states[task] = .queued(target)
    script.wakes(tick(), CPU(cpu), task, target: CPU(target))
    time += 1
    if random.oneIn(2) { mark(.enqueue, task, on: cpu) }
  }

  private mutating func migrateSomebody() {
    guard
      let task = tasks.first(where: { if case .queued = states[$0] { !context.contains($0) } else { false } }),
      case .queued(let from) = states[task]
    else { return }
    let to = random.number(0...curr.count - 1)
    states[task] = .queued(to)
    script.add(tick(), CPU(to), .migrated(task: Script.snapshot(task), from: CPU(from), to: CPU(to)))
  }

  // MARK: Locks

  /// Locks are taken in order, so that nobody waits for itself.
  private mutating func lock(_ task: Pid, _ cpu: Int) {
    let last = held[task]?.last
    let lock = last.map { $0 + 1 } ?? random.number(0...1)
    guard lock < owners.count, last == nil || random.oneIn(2) else { return }
    if owners[lock] == nil, heirs[lock] == nil {
      // Taken without an event.
      owners[lock] = task
      held[task, default: []].append(lock)
      return
    }
    awaited[task] = lock
    script.contends(tick(), CPU(cpu), address(lock), flags: [.spin, .mutex])
    if random.oneIn(4) { changeAttributes(of: context[cpu], from: cpu) }
    script.contends(tick(), CPU(cpu), address(lock))
    schedule(cpu, leaving: .uninterruptible)
  }

  private func address(_ lock: Int) -> LockAddress { LockAddress(0xffff_8880_0000_1000 + UInt64(lock) * 64) }

  private mutating func acquire(_ lock: Int, _ task: Pid, _ cpu: Int) {
    script.acquires(tick(), CPU(cpu), address(lock))
    awaited[task] = nil
    (owners[lock], heirs[lock]) = (task, nil)
    held[task, default: []].append(lock)
  }

  private mutating func release(_ task: Pid, _ cpu: Int) {
    guard let lock = held[task]?.popLast() else { return }
    owners[lock] = nil
    guard let heir = tasks.first(where: { awaited[$0] == lock }) else { return }
    heirs[lock] = heir
    script.releases(tick(), CPU(cpu), address(lock))
    var home = cpu
    if case .blocked(let resident) = states[heir], resident >= 0 { home = resident }
    states[heir] = .queued(home)
    script.wakes(tick(), CPU(cpu), heir, target: CPU(home))
    time += 1
  }

  // MARK: Scheduling

  private mutating func schedule(_ cpu: Int, leaving: TaskState = .preempted) {
    let (previous, before) = (curr[cpu], context[cpu])
    if previous != 0 {
      switch leaving {
      case .preempted: states[previous] = .queued(cpu)
      case .interruptible: states[previous] = .asleep
      default: states[previous] = .blocked(proxies ? cpu : -1)
      }
    }
    let isProxy = before != previous && previous != 0
    if isProxy, leaving == .interruptible, isDue(.ownerStops), isMarked(before), isMarked(previous) {
      mark(.stopping, previous, on: cpu, runnable: false, isWrong: true)
    }
    let (next, account, wrong) = pick(cpu, previous, before)
    // A task that is picked again is put down and taken up, or just goes on.
    let isAgain = account == before && wrong == nil && (previous == next || random.oneIn(2))
    if before != 0, !isAgain { mark(.stopping, before, on: cpu, runnable: isOnQueue(before)) }
    if let wrong {
      mark(.running, wrong, on: cpu, isWrong: true)
      mark(.stopping, wrong, on: cpu, runnable: true)
    }
    if account != 0, !isAgain { mark(.running, account, on: cpu) }
    if next != 0 { states[next] = .running(cpu) }
    (curr[cpu], context[cpu]) = (next, account)
    if next != previous {
      script.switched(tick(), CPU(cpu), to: next, state: previous == 0 ? .running : leaving)
    }
    if next != account, isDue(.ownerRuns), isMarked(account), isMarked(next) {
      mark(.running, next, on: cpu, isWrong: true)
      mark(.stopping, next, on: cpu, runnable: true)
    }
  }

  private func isOnQueue(_ task: Pid) -> Bool {
    switch states[task] {
    case .queued, .running: true
    case .blocked(let cpu): cpu >= 0
    case .asleep, nil: false
    }
  }

  private mutating func isDue(_ fault: Fault) -> Bool {
    self.fault == fault && faultAt == nil && time > 5000 && random.oneIn(2)
  }

  /// The task to run, the one on whose account, and one that was picked for nothing.
  private mutating func pick(_ cpu: Int, _ previous: Pid, _ before: Pid) -> (next: Pid, account: Pid, wrong: Pid?) {
    var wrong: Pid?
    var candidates = tasks.filter { states[$0] == .queued(cpu) || states[$0] == .blocked(cpu) }
    while !candidates.isEmpty {
      let place = random.number(0...candidates.count - 1)
      let task = candidates.remove(at: place)
      guard states[task] == .blocked(cpu) else { return (task, task, wrong) }
      if let owner = owner(of: task, on: cpu) { return (owner, task, wrong) }
      if wrong == nil, isDue(.noStart), isMarked(task), task != before, task != previous, ownerIsKnown(task) {
        wrong = task
      }
    }
    return (0, 0, wrong)
  }

  /// Whether a release will tell who owns what it waits for.
  private func ownerIsKnown(_ task: Pid) -> Bool { awaited[task].flatMap { owners[$0] } != nil }

  /// The task that runs for a blocked one, as `find_proxy_task()` finds it; where none can, the blocked task leaves.
  private mutating func owner(of donor: Pid, on cpu: Int) -> Pid? {
    var task = donor
    while true {
      guard let lock = awaited[task], let owner = owners[lock] else {
        states[donor] = .blocked(-1)
        return nil
      }
      switch states[owner] {
      case .queued(cpu): return owner
      case .blocked(cpu): task = owner
      case .queued(let other), .running(let other):
        states[donor] = .blocked(other)
        return nil
      case .blocked(let other) where other >= 0:
        states[donor] = .blocked(other)
        return nil
      default:
        states[donor] = .blocked(-1)
        return nil
      }
    }
  }
}
