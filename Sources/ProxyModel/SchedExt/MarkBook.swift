import TraceCore

/// What the marks of sched_ext callbacks have said so far: for each task whether it runs as its scheduler sees it, and for
/// each CPU whose run is open there.
struct MarkBook {
  /// An instant, and how many marks came before it: instants alone can be equal.
  struct Moment: Comparable {
    var time: Timestamp
    var position: UInt64

    static func < (a: Moment, b: Moment) -> Bool { a.position < b.position }
  }

  /// A task as its scheduler sees it.
  struct TaskMarks {
    enum Phase {
      /// Nothing was said about it, or a gap may hide what was.
      case unknown
      case running
      /// Running, and its missing partner has been reported: whatever ends this run is right.
      case clashed
      case stopped
    }

    var phase = Phase.unknown
    /// The last of each; of meaning as `phase` says.
    var running = Moment(time: Timestamp(0), position: 0)
    var stopping = Moment(time: Timestamp(0), position: 0)
    /// The CPU of the record with the last `running`.
    var writtenOn: CPU = -1
    /// Where it runs since its last `running`; −1 until that has shown.
    var cpu: CPU = -1
    /// What the last `stopping` said of it.
    var staysRunnable: Bool?
    /// Its last `running` came while it was blocked on a mutex, and nothing has started on its account since.
    var awaitsStart = false
    /// Its `running` was ended by its `stopping` before anything started, on the CPU that it was about to leave: whether it
    /// was blocked, its switch will show.
    var isUnstarted = false
    /// Its last `stopping` ended a run of which it was known where it was.
    var wasSeenToRun = false
    /// It runs on a donor's account alone, and its `running` should not have been called.
    var isProxy = false
    /// As a donor: the owner that runs on its account got a `running` of its own. Either that is one too many, or this
    /// donor's `stopping` is missing; its next mark tells.
    var suspect: Suspect?
    /// It was seen to sleep.
    var hasSlept = false
    /// When it was last switched in.
    var switchedIn: Moment?
    var counts = MarkCounts()
    var admission = AdmissionMarks()

    var isOpen: Bool { phase == .running || phase == .clashed }
  }

  struct Suspect {
    var owner: TaskIndex
    var running: Moment
  }

  struct CPUMarks {
    /// The task whose run is open here.
    var open: TaskIndex?
    /// The task whose run was closed here last.
    var closed: TaskIndex?
    /// On whose account curr runs, as the marks have it.
    var donor: TaskIndex?
    /// Whose run was closed here since the last switch: a donor may return to curr without one.
    var retained: TaskIndex?
  }

  private var tasks: [TaskMarks] = []
  private var cpus: [CPUMarks] = []
  /// Tasks whose run is open and whose CPU has not shown yet.
  private(set) var pending: [TaskIndex] = []
  /// The next mark's position.
  private var position: UInt64 = 0
  /// The first mark of each kind: before it nothing is missing.
  private(set) var firstRunning: Moment?
  private(set) var firstStopping: Moment?
  var rows: [PairingRow] = []

  /// No mark has been seen: nothing of this is of interest.
  var isEmpty: Bool { position == 0 }

  subscript(task: TaskIndex) -> TaskMarks {
    get { Int(task.rawValue) < tasks.count ? tasks[Int(task.rawValue)] : TaskMarks() }
    set {
      while tasks.count <= Int(task.rawValue) { tasks.append(TaskMarks()) }
      tasks[Int(task.rawValue)] = newValue
    }
  }

  subscript(cpu: Int) -> CPUMarks {
    get { cpu >= 0 && cpu < cpus.count ? cpus[cpu] : CPUMarks() }
    set {
      guard cpu >= 0 else { return }
      while cpus.count <= cpu { cpus.append(CPUMarks()) }
      cpus[cpu] = newValue
    }
  }

  /// This instant, after all marks so far.
  func moment(_ time: Timestamp) -> Moment { Moment(time: time, position: position) }

  mutating func count(_ kind: MarkRecord.Kind, at time: Timestamp) -> Moment {
    let moment = moment(time)
    position += 1
    switch kind {
    case .running: if firstRunning == nil { firstRunning = moment }
    case .stopping: if firstStopping == nil { firstStopping = moment }
    case .enqueue: break
    }
    return moment
  }

  /// Opens a task's run, whose CPU is to show.
  mutating func open(_ task: TaskIndex, _ moment: Moment, writtenOn cpu: CPU) {
    leave(task)
    self[task].phase = .running
    self[task].running = moment
    self[task].writtenOn = cpu
    self[task].cpu = -1
    self[task].awaitsStart = false
    self[task].isUnstarted = false
    self[task].isProxy = false
    self[task].suspect = nil
    pending.append(task)
  }

  /// A task's open run is on this CPU.
  mutating func locate(_ task: TaskIndex, on cpu: Int) {
    leave(task)
    self[task].cpu = CPU(cpu)
    self[task].awaitsStart = false
    self[cpu].open = task
    self[cpu].retained = nil
  }

  /// A task's open run is on this CPU, whose curr runs on its account.
  mutating func donate(_ task: TaskIndex, on cpu: Int) {
    locate(task, on: cpu)
    self[cpu].donor = task
  }

  /// Ends a task's run.
  mutating func close(_ task: TaskIndex, _ moment: Moment, staysRunnable: Bool?) {
    let cpu = Int(self[task].cpu)
    if cpu >= 0, self[cpu].open == task { (self[cpu].closed, self[cpu].retained) = (task, task) }
    if cpu >= 0, self[cpu].donor == task { self[cpu].donor = nil }
    leave(task)
    self[task].wasSeenToRun = self[task].isOpen && cpu >= 0
    self[task].phase = .stopped
    self[task].stopping = moment
    self[task].staysRunnable = staysRunnable
    self[task].awaitsStart = false
    self[task].isProxy = false
    self[task].suspect = nil
  }

  /// A task's run is open nowhere.
  private mutating func leave(_ task: TaskIndex) {
    if let place = pending.firstIndex(of: task) { pending.remove(at: place) }
    let cpu = Int(self[task].cpu)
    if cpu >= 0, self[cpu].open == task { self[cpu].open = nil }
  }

  /// Records are missing: what was said so far says nothing of what follows.
  mutating func forget() {
    pending.removeAll(keepingCapacity: true)
    for cpu in cpus.indices { cpus[cpu] = CPUMarks() }
    for index in tasks.indices {
      let counts = tasks[index].counts
      tasks[index] = TaskMarks()
      tasks[index].counts = counts
    }
  }

  /// The task is gone.
  mutating func end(_ task: TaskIndex) {
    guard Int(task.rawValue) < tasks.count else { return }
    leave(task)
    let counts = self[task].counts
    self[task] = TaskMarks()
    self[task].counts = counts
  }

  /// A task goes on as another.
  mutating func become(_ old: TaskIndex, _ new: TaskIndex) {
    guard Int(old.rawValue) < tasks.count else { return }
    let counts = (self[old].counts, self[new].counts)
    self[new] = self[old]
    (self[old].counts, self[new].counts) = counts
    if let place = pending.firstIndex(of: old) { pending[place] = new }
    for cpu in cpus.indices {
      if cpus[cpu].open == old { cpus[cpu].open = new }
      if cpus[cpu].closed == old { cpus[cpu].closed = new }
      if cpus[cpu].donor == old { cpus[cpu].donor = new }
    }
    end(old)
  }

  var summary: MarkSummary {
    var summary = MarkSummary()
    for (index, task) in tasks.enumerated() { summary.add(TaskIndex(rawValue: UInt32(index)), task.counts) }
    return summary
  }
}
