import Glibc
import TraceCore

/// Who a pid is: tasks by (pid, life), their latest name and priority.
///
/// Looked up for every event, so pids index a table instead of a dictionary.
struct TaskTable: ~Copyable {
  /// PID_MAX_LIMIT (include/linux/threads.h).
  private static let pidLimit: Pid = 1 << 22

  /// By pid: the task that holds it now.
  private var holders = PidTable(limit: TaskTable.pidLimit)
  private var rows = FlatArray<TaskRow>()
  /// Tasks that were seen to die: the next event that runs or wakes the pid names a new task.
  private var isDead = FlatArray<Bool>()
  /// Tasks whose pid has been given to another one.
  private var hasLostPid = FlatArray<Bool>()
  /// Counts the changes of what ``unchanged(_:)`` and ``isReplaced(_:)`` look at.
  private(set) var changes: UInt64 = 0

  /// Names from the file's own cache, for tasks that no event names.
  private var savedComms: [Pid: Comm]
  /// Which task a `task_struct` address is, as the switch probe says.
  private var byAddress: [UInt64: TaskIndex] = [:]

  init(savedComms: [Pid: Comm] = [:]) { self.savedComms = savedComms }

  mutating func learn(_ pid: Pid, _ comm: Comm) { savedComms[pid] = comm }

  /// A probe has shown a task's `task_struct`.
  mutating func learn(_ task: TaskIndex, at address: UInt64) { byAddress[address] = task }

  /// The task whose `task_struct` is at an address; `nil` where no probe has shown it.
  func task(at address: UInt64) -> TaskIndex? { byAddress[address] }

  /// Whether a kernel can hand out this pid.
  static func isValid(_ pid: Pid) -> Bool { pid >= 0 && pid < pidLimit }

  var count: Int {
    @inline(__always) get { rows.count }
  }

  /// Names and priorities are changed by ``name(_:_:_:)`` alone.
  subscript(index: TaskIndex) -> TaskRow {
    @inline(__always) _read { yield rows[Int(index.rawValue)] }
    @inline(__always) _modify { yield &rows[Int(index.rawValue)] }
  }

  mutating func name(_ task: TaskIndex, _ comm: Comm, _ priority: Priority?) {
    if self[task].id.pid != 0 { self[task].comm = comm }
    self[task].priority = priority
    changes &+= 1
  }

  /// The rows' memory: valid until there is another task.
  var rowBase: UnsafeMutablePointer<TaskRow> { rows.base }

  /// All of them, in order of first appearance.
  func all() -> [TaskRow] { rows.indices.map { rows[$0] } }

  /// The task that holds a valid pid now; made at first sight.
  mutating func task(_ pid: Pid) -> TaskIndex {
    holders[pid] ?? make(pid, life: 1)
  }

  /// The task that a snapshot describes, if there is nothing new in it: the pid's holder lives, and has the same name and
  /// priority already.
  @inline(__always)
  func unchanged(_ snapshot: TaskSnapshot) -> TaskIndex? {
    guard Self.isValid(snapshot.pid), let task = holders[snapshot.pid], !isDead[Int(task.rawValue)],
      isNamed(task, snapshot)
    else { return nil }
    return task
  }

  /// Whether a task has the name and the priority of a snapshot already. The idle tasks of all CPUs are one, `swapper`: that
  /// each has a name of its own is nothing new.
  @inline(__always)
  func isNamed(_ task: TaskIndex, _ snapshot: TaskSnapshot) -> Bool {
    let row = Int(task.rawValue)
    return rows[row].priority == snapshot.priority && (rows[row].comm == snapshot.comm || rows[row].id.pid == 0)
  }

  /// The same, where the event says that the task runs or wakes: a dead holder's pid must have been reused.
  mutating func livingTask(_ pid: Pid) -> TaskIndex {
    let index = task(pid)
    return isDead[Int(index.rawValue)] ? newLife(pid) : index
  }

  /// A fork: the pid names a new task from here on, unless nothing but this fork has named it.
  mutating func newLife(_ pid: Pid) -> TaskIndex {
    guard let known = holders[pid] else { return make(pid, life: 1) }
    hasLostPid[Int(known.rawValue)] = true
    changes &+= 1
    return make(pid, life: self[known].id.life + 1)
  }

  /// Whether the task's pid names another one by now.
  @inline(__always)
  func isReplaced(_ index: TaskIndex) -> Bool { hasLostPid[Int(index.rawValue)] }

  /// The task left its CPU for good.
  mutating func markDead(_ index: TaskIndex) {
    isDead[Int(index.rawValue)] = true
    changes &+= 1
  }

  @inline(__always)
  func label(_ index: TaskIndex) -> TaskLabel {
    let row = self[index]
    return TaskLabel(index: index, pid: row.id.pid, comm: row.comm, priority: row.priority)
  }

  private mutating func make(_ pid: Pid, life: UInt32) -> TaskIndex {
    let index = TaskIndex(rawValue: UInt32(rows.count))
    let comm: Comm = pid == 0 ? "swapper" : life == 1 ? savedComms[pid] ?? .empty : .empty
    rows.append(TaskRow(id: TaskID(pid: pid, life: life), comm: comm))
    isDead.append(false)
    hasLostPid.append(false)
    holders[pid] = index
    return index
  }
}

/// Tasks by pid.
///
/// Memory for every pid that there can be, 16 MiB, from the kernel and back to it: pages of it that no pid has touched cost
/// nothing. `calloc()` would zero all of it by hand where it has handed out as much before.
///
/// Not private: in an optimised build of the tests other modules destroy it inline, and the linker would not find it.
struct PidTable: ~Copyable {
  /// 0 for none, else the task's index and 1.
  private let slots: UnsafeMutablePointer<UInt32>
  private let limit: Int
  private var size: Int { limit * MemoryLayout<UInt32>.stride }

  init(limit: Pid) {
    self.limit = Int(limit)
    let size = self.limit * MemoryLayout<UInt32>.stride
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("no memory for a table of tasks, \(size) bytes") }
    // Owned here alone, given back once, and never used beyond the limit.
    slots = memory.bindMemory(to: UInt32.self, capacity: self.limit)
  }

  deinit { munmap(slots, size) }

  subscript(pid: Pid) -> TaskIndex? {
    @inline(__always) get {
      precondition(pid >= 0 && Int(pid) < limit, "no pid")
      let slot = slots[Int(pid)]
      return slot == 0 ? nil : TaskIndex(rawValue: slot &- 1)
    }
    set {
      precondition(pid >= 0 && Int(pid) < limit, "no pid")
      slots[Int(pid)] = newValue.map { $0.rawValue &+ 1 } ?? 0
    }
  }
}
