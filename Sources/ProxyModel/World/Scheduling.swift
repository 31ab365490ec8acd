import TraceCore

/// Who runs and who is runnable: every task's place, the runqueues, and each CPU's curr.
struct Scheduling: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct CPUNow {
    /// `nil` where curr is not known.
    var curr: TaskIndex?
    /// Tasks that were queued when a mutex waiter left the CPU to the idle task, and have not been woken since.
    var runnableWhenIdled: [TaskIndex] = []
  }

  private var placements = FlatArray<Placement>()
  private var queues = RunQueues()
  private var cpus = FlatArray<CPUNow>()
  /// CPUs with ``CPUNow/runnableWhenIdled``.
  private(set) var idledCPUs = 0
  /// Which calm period this is; they count from 1.
  private(set) var calmPeriod: UInt32 = 0
  /// Tasks that are out of the lists of queued tasks as long as the calm period lasts.
  private var unlisted: [TaskIndex] = []
  private var isCalm = false

  // MARK: What is where

  @inline(__always)
  func place(of task: TaskIndex) -> Place { placements[Int(task.rawValue)].place }

  /// Where a task last ran or was put; −1 where that is not known.
  @inline(__always)
  func cpu(of task: TaskIndex) -> CPU { placements[Int(task.rawValue)].cpu }

  /// How often a task was woken; wraps around.
  @inline(__always)
  func wakings(of task: TaskIndex) -> UInt32 { placements[Int(task.rawValue)].wakings }

  /// When a task was switched out last; `nil` where that is not known.
  func leftAt(_ task: TaskIndex) -> Timestamp? {
    let time = placements[Int(task.rawValue)].leftAt
    return time.rawValue == 0 ? nil : time
  }

  @inline(__always)
  func isBlocked(_ task: TaskIndex) -> Bool { placements[Int(task.rawValue)].isBlocked }

  var cpuCount: Int {
    @inline(__always) get { cpus.count }
  }

  /// A CPU's curr; `nil` where that is not known.
  @inline(__always)
  func curr(on cpu: Int) -> TaskIndex? { cpu >= 0 && cpu < cpus.count ? cpus[cpu].curr : nil }

  /// The CPU that a task is curr on; `nil` if it does not run.
  func cpuRunning(_ task: TaskIndex) -> Int? {
    guard case .running(let cpu) = place(of: task), curr(on: Int(cpu)) == task else { return nil }
    return Int(cpu)
  }

  @inline(__always)
  func forEachQueued(on cpu: Int, _ body: (TaskIndex) -> Void) { queues.forEach(on: cpu, body) }

  // MARK: Steps

  mutating func grow(tasks: Int) {
    while placements.count < tasks { placements.append(Placement()) }
    queues.grow(tasks: tasks)
  }

  @inline(__always)
  mutating func grow(cpus count: Int) { if cpus.count < count { append(upTo: count) } }

  @inline(never)
  private mutating func append(upTo count: Int) {
    while cpus.count < count { cpus.append(CPUNow()) }
    queues.grow(cpus: count)
  }

  mutating func setCurr(_ task: TaskIndex?, on cpu: Int) { cpus[cpu].curr = task }

  mutating func leave(_ task: TaskIndex, _ cpu: CPU, _ state: TaskState, waitsForMutex: Bool, at time: Timestamp) {
    step(task) { $0.leave(cpu, state, waitsForMutex: waitsForMutex, at: time) }
  }

  mutating func enter(_ task: TaskIndex, _ cpu: CPU) { step(task) { $0.enter(cpu) } }

  mutating func waking(_ task: TaskIndex, target: CPU) { step(task) { $0.waking(target: target) } }

  mutating func wakeup(_ task: TaskIndex, target: CPU) { step(task) { $0.wakeup(target: target) } }

  mutating func migrate(_ task: TaskIndex, to cpu: CPU) { step(task) { $0.migrate(to: cpu) } }

  mutating func correctCPU(of task: TaskIndex, to cpu: CPU) { placements[Int(task.rawValue)].correctCPU(to: cpu) }

  mutating func die(_ task: TaskIndex) { step(task) { $0.die() } }

  /// A thread goes on under another pid: the one task becomes the other.
  mutating func become(_ old: TaskIndex, _ new: TaskIndex) {
    let placement = placements[Int(old.rawValue)]
    step(new) { $0.become(placement) }
    step(old) { $0.die() }
    for cpu in cpus.indices where cpus[cpu].curr == old { cpus[cpu].curr = new }
  }

  @inline(__always)
  private mutating func step(_ task: TaskIndex, _ body: (inout Placement) -> Void) {
    let index = Int(task.rawValue)
    let isListed = !isCalm || placements[index].calmPeriod != calmPeriod
    if isListed, case .queued(let cpu) = placements[index].place { queues.leave(task, cpu) }
    body(&placements[index])
    if isListed, case .queued(let cpu) = placements[index].place { queues.join(task, cpu) }
  }

  /// Records are missing: nothing is known any more of where a task is that is not seen to run.
  mutating func hideAllButRunning() {
    queues.removeAll()
    for cpu in cpus.indices { cpus[cpu].runnableWhenIdled.removeAll(keepingCapacity: true) }
    idledCPUs = 0
    for task in placements.indices {
      if case .running = placements[task].place { continue }
      placements[task].hide()
    }
  }

  /// A CPU's curr is not known any more.
  mutating func loseCurr(on cpu: Int) {
    if let curr = cpus[cpu].curr { placements[Int(curr.rawValue)].hide() }
    cpus[cpu].curr = nil
  }

  // MARK: Idling with work

  /// A mutex waiter has left a CPU to the idle task: notes who was queued there.
  mutating func noteIdling(on cpu: Int) {
    cpus[cpu].runnableWhenIdled.removeAll(keepingCapacity: true)
    queues.add(on: cpu, to: &cpus[cpu].runnableWhenIdled)
    if !cpus[cpu].runnableWhenIdled.isEmpty { idledCPUs += 1 }
  }

  /// A CPU is done idling.
  /// - Returns: whether this task was queued all the while.
  mutating func endIdling(on cpu: Int, for next: TaskIndex) -> Bool {
    guard !cpus[cpu].runnableWhenIdled.isEmpty else { return false }
    let wasQueued = cpus[cpu].runnableWhenIdled.contains(next)
    cpus[cpu].runnableWhenIdled.removeAll(keepingCapacity: true)
    idledCPUs -= 1
    return wasQueued
  }

  /// A task is woken: it was not queued before.
  mutating func forgetIdling(on cpu: CPU, _ task: TaskIndex) {
    guard cpu >= 0, Int(cpu) < cpus.count, !cpus[Int(cpu)].runnableWhenIdled.isEmpty else { return }
    cpus[Int(cpu)].runnableWhenIdled.removeAll { $0 == task }
    if cpus[Int(cpu)].runnableWhenIdled.isEmpty { idledCPUs -= 1 }
  }

  // MARK: Calm periods

  /// From here on the tasks that the calm loop follows are in no list: it does not keep them.
  mutating func beginCalmPeriod() {
    isCalm = true
    calmPeriod &+= 1
    if calmPeriod == 0 {
      // The counter has wrapped around.
      for task in placements.indices { placements[task].calmPeriod = 0 }
      calmPeriod = 1
    }
  }

  /// Takes a task out of the lists until the calm period ends.
  @inline(__always)
  mutating func unlist(_ task: TaskIndex) {
    if placements[Int(task.rawValue)].calmPeriod != calmPeriod { unlistNew(task) }
  }

  @inline(never)
  private mutating func unlistNew(_ task: TaskIndex) {
    if case .queued(let cpu) = place(of: task) { queues.leave(task, cpu) }
    placements[Int(task.rawValue)].calmPeriod = calmPeriod
    unlisted.append(task)
  }

  mutating func endCalmPeriod() {
    isCalm = false
    for task in unlisted {
      if case .queued(let cpu) = place(of: task) { queues.join(task, cpu) }
    }
    unlisted.removeAll(keepingCapacity: true)
  }

  /// For the calm loop: valid until a task or a CPU is added.
  var placementBase: UnsafeMutablePointer<Placement> { placements.base }
  var cpuBase: UnsafeMutablePointer<CPUNow> { cpus.base }
}
