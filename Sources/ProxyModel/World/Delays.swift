import TraceCore

// From runnable to running: rows of delays.

/// Tasks that are on a runqueue and do not run, since when, and who ran there meanwhile.
///
/// What ran on a CPU lately is kept as long as a delay there is open, and dealt out to the delays when they end; where that
/// gets long, before.
struct DelayBook: ~Copyable {
  // Not private: the debug build of this compiler cannot have that of what a FlatArray holds.
  struct Open {
    /// The row, −1 without one.
    var row = -1
    /// On whose runqueue it is.
    var cpu: CPU = -1
    /// Until then what ran there is dealt out.
    var since = Timestamp(0)
    /// What was dealt out before: each task once.
    var culprits: [Share] = []
    var wakingAt: Timestamp?
  }

  /// What a task has run on the CPU of a delay.
  struct Share {
    var task: TaskIndex
    var pid: Pid
    var ran: Int64
  }

  struct Queue {
    /// Who ran from when on, the last one still; the idle task too.
    var recent: [(since: Timestamp, task: TaskIndex)] = []
    /// Open delays.
    var open = 0
  }

  let isOn: Bool
  /// By task.
  private var tasks = FlatArray<Open>()
  /// By CPU.
  private var queues = FlatArray<Queue>()
  /// Of the delay that is dealt to: each task once.
  private var shares: [Share] = []
  /// By task: its place among them, and −1 for all tasks where there are none.
  private var places = FlatArray<Int32>()
  /// Runs that are kept for a CPU before they are dealt out.
  private static let longestRecent = 4096
  /// A row names as many tasks at most.
  private static let mostCulprits = 16

  init(isOn: Bool) { self.isOn = isOn }

  private mutating func grow(_ task: TaskIndex) {
    while tasks.count <= Int(task.rawValue) { tasks.append(Open()) }
  }

  private mutating func grow(_ cpu: CPU) {
    while queues.count <= Int(cpu) { queues.append(Queue()) }
  }

  // MARK: Steps

  /// `sched_waking`.
  mutating func waking(_ task: TaskIndex, at time: Timestamp) {
    grow(task)
    tasks[Int(task.rawValue)].wakingAt = time
  }

  /// A task is put on a CPU's runqueue; the world does not know yet. One that runs, or is queued already, is no news.
  mutating func queue(_ task: TaskIndex, on cpu: CPU, _ cause: DelayRow.Cause, _ world: inout World) {
    guard ProxyMachine.isPossible(cpu) else { return }
    if case .running = world.place(of: task) { return }
    grow(task)
    let now = world.now
    let waking = tasks[Int(task.rawValue)].wakingAt.map { now - $0 }
    openRow(of: task, on: cpu, cause, waking: waking, &world)
  }

  /// A CPU has switched, and the world knows.
  mutating func switched(
    _ cpu: Int, from previous: TaskIndex, _ state: TaskState, to next: TaskIndex, _ world: inout World
  ) {
    closeRow(of: next, &world)
    run(next, on: CPU(cpu), &world)
    guard state.isRunnable, world[previous].pid != 0 else { return }
    grow(previous)
    openRow(of: previous, on: CPU(cpu), .preempted, waking: nil, &world)
  }

  /// A task that is queued goes to another CPU's runqueue.
  mutating func migrated(_ task: TaskIndex, to cpu: CPU, _ world: inout World) {
    grow(task)
    let index = Int(task.rawValue)
    let row = tasks[index].row
    guard row >= 0, tasks[index].cpu != cpu, ProxyMachine.isPossible(cpu) else { return }
    deal(to: index, &world)
    queues[Int(tasks[index].cpu)].open -= 1
    grow(cpu)
    queues[Int(cpu)].open += 1
    tasks[index].cpu = cpu
    world.rows.delays[row].cause = .migrated
  }

  /// A CPU's curr shows without a switch.
  mutating func currShows(_ task: TaskIndex, on cpu: Int, _ world: inout World) {
    void(task, &world)
    run(task, on: CPU(cpu), &world)
  }

  /// A CPU shows no record from here on, and nothing says that any is missing: nobody is known to run there.
  mutating func currHides(on cpu: Int, _ world: inout World) {
    if cpu < queues.count { dealAll(cpu, &world) }
  }

  /// Records are missing: nothing is known any more of who is queued, nor for how long.
  mutating func forget(_ world: inout World) {
    for index in tasks.indices { void(TaskIndex(rawValue: UInt32(index)), &world) }
    for cpu in queues.indices { queues[cpu].recent.removeAll(keepingCapacity: true) }
  }

  /// The task is gone, or goes on as another one.
  mutating func forget(_ task: TaskIndex, _ world: inout World) { void(task, &world) }

  /// The trace ends: what is open stays open.
  mutating func finish(_ world: inout World) {
    for index in tasks.indices where tasks[index].row >= 0 { end(index, isOver: false, &world) }
  }

  // MARK: Rows

  private mutating func openRow(
    of task: TaskIndex, on cpu: CPU, _ cause: DelayRow.Cause, waking: Int64?, _ world: inout World
  ) {
    let index = Int(task.rawValue)
    guard tasks[index].row < 0 else { return }
    grow(cpu)
    queues[Int(cpu)].open += 1
    tasks[index].row = world.rows.delays.count
    tasks[index].cpu = cpu
    tasks[index].since = world.now
    tasks[index].wakingAt = nil
    let wait = world[task].wait
    let label = world.labelID(task)
    world.rows.delays.append(
      DelayRecord(
        begin: world.now, end: world.now, waking: MaybeTime(waking), culprits: 0, culpritCount: 0,
        wait: wait < 0 ? .max : UInt32(world.waits[wait].row), task: label, cpu: cpu, cause: cause, hasEnd: false,
        isVoid: false, evidence: world.gaps.isInGap ? .inferred(.besideGap) : .event))
  }

  private mutating func closeRow(of task: TaskIndex, _ world: inout World) {
    grow(task)
    let index = Int(task.rawValue)
    tasks[index].wakingAt = nil
    if tasks[index].row >= 0 { end(index, isOver: true, &world) }
  }

  private mutating func end(_ index: Int, isOver: Bool, _ world: inout World) {
    gatherShares(of: index, &world)
    let row = tasks[index].row
    queues[Int(tasks[index].cpu)].open -= 1
    var record = world.rows.delays[row]
    (record.end, record.hasEnd, record.cpu) = (world.now, isOver, tasks[index].cpu)
    record.culprits = world.rows.delayCulprits.count
    if shares.count > 1 { shares.sort { ($1.ran, $0.pid) < ($0.ran, $1.pid) } }
    let count = min(shares.count, Self.mostCulprits)
    for place in 0..<count {
      let label = world.labelID(shares[place].task)
      world.rows.delayCulprits.append(CulpritRecord(ran: shares[place].ran, task: label))
    }
    shares.removeAll(keepingCapacity: true)
    record.culpritCount = UInt32(count)
    if record.wait == .max, case let wait = world[world.rows.labels[record.task].index].wait, wait >= 0 {
      record.wait = UInt32(world.waits[wait].row)
    }
    world.rows.delays[row] = record
    close(index)
  }

  private mutating func close(_ index: Int) {
    tasks[index].row = -1
    // With its memory: a task that is gone shall keep none.
    if !tasks[index].culprits.isEmpty { tasks[index].culprits = [] }
  }

  /// An open delay of which nothing is known any more is none.
  private mutating func void(_ task: TaskIndex, _ world: inout World) {
    grow(task)
    let index = Int(task.rawValue)
    tasks[index].wakingAt = nil
    let row = tasks[index].row
    guard row >= 0 else { return }
    queues[Int(tasks[index].cpu)].open -= 1
    world.rows.delays[row].isVoid = true
    close(index)
  }

  // MARK: Who ran

  /// A CPU runs a task from here on.
  private mutating func run(_ task: TaskIndex, on cpu: CPU, _ world: inout World) {
    grow(cpu)
    let place = Int(cpu)
    if queues[place].open == 0 {
      queues[place].recent.removeAll(keepingCapacity: true)
    } else if queues[place].recent.count >= Self.longestRecent {
      dealAll(place, &world)
    }
    queues[place].recent.append((world.now, task))
  }

  /// Deals out what a CPU has run to all open delays there.
  private mutating func dealAll(_ cpu: Int, _ world: inout World) {
    for index in tasks.indices where tasks[index].row >= 0 && tasks[index].cpu == CPU(cpu) { deal(to: index, &world) }
    queues[cpu].recent.removeAll(keepingCapacity: true)
  }

  /// Deals out to an open delay what has run on its CPU since the last time.
  private mutating func deal(to index: Int, _ world: inout World) {
    gatherShares(of: index, &world)
    tasks[index].since = world.now
    tasks[index].culprits = shares
    shares.removeAll(keepingCapacity: true)
  }

  /// Adds up what was dealt out to an open delay and what has run on its CPU since then: ``shares``, in no order.
  private mutating func gatherShares(of index: Int, _ world: inout World) {
    let (cpu, since) = (Int(tasks[index].cpu), tasks[index].since)
    for share in tasks[index].culprits { add(share.ran, of: share.task, share.pid) }
    var end = world.now
    for place in stride(from: queues[cpu].recent.count - 1, through: 0, by: -1) {
      let (begin, task) = queues[cpu].recent[place]
      let ran = end - max(begin, since)
      if ran > 0, case let pid = world[task].pid, pid != 0 { add(ran, of: task, pid) }
      if begin <= since { break }
      end = begin
    }
    for share in shares { places[Int(share.task.rawValue)] = -1 }
  }

  @inline(__always)
  private mutating func add(_ ran: Int64, of task: TaskIndex, _ pid: Pid) {
    while places.count <= Int(task.rawValue) { places.append(-1) }
    let place = Int(places[Int(task.rawValue)])
    if place >= 0 {
      shares[place].ran &+= ran
    } else {
      places[Int(task.rawValue)] = Int32(shares.count)
      shares.append(Share(task: task, pid: pid, ran: ran))
    }
  }
}
