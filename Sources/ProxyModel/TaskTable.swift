import TraceCore

/// Who a pid is: tasks by (pid, life), their latest name and priority.
///
/// Looked up for every event, so pids index a two-level table instead of a dictionary: pages of 4096 pids, made when first
/// needed. PID_MAX_LIMIT is 2^22 (include/linux/threads.h), so at most 1024 pages of 16 KiB.
struct TaskTable: ~Copyable {
  private static let pageBits: Int32 = 12
  private static let pidLimit: Pid = 1 << 22
  private static let none: UInt32 = .max

  /// For each page of pids the indices of the tasks that hold them now.
  private var pages: [[UInt32]] = []
  private var rows = FlatArray<TaskRow>()
  /// Tasks that were seen to die: the next event that runs or wakes the pid names a new task.
  private var isDead = FlatArray<Bool>()
  /// Tasks whose pid has been given to another one.
  private var hasLostPid = FlatArray<Bool>()

  /// Names from the file's own cache, for tasks that no event names.
  private let savedComms: [Pid: Comm]

  init(savedComms: [Pid: Comm] = [:]) { self.savedComms = savedComms }

  /// Whether a kernel can hand out this pid.
  static func isValid(_ pid: Pid) -> Bool { pid >= 0 && pid < pidLimit }

  var count: Int { rows.count }

  subscript(index: TaskIndex) -> TaskRow {
    @inline(__always) _read { yield rows[Int(index.rawValue)] }
    @inline(__always) _modify { yield &rows[Int(index.rawValue)] }
  }

  /// All of them, in order of first appearance.
  func all() -> [TaskRow] { rows.indices.map { rows[$0] } }

  /// The task that holds a valid pid now; made at first sight.
  mutating func task(_ pid: Pid) -> TaskIndex {
    let known = lookup(pid)
    return known == Self.none ? make(pid, life: 1) : TaskIndex(rawValue: known)
  }

  /// The same, where the event says that the task runs or wakes: a dead holder's pid must have been reused.
  mutating func livingTask(_ pid: Pid) -> TaskIndex {
    let index = task(pid)
    return isDead[Int(index.rawValue)] ? newLife(pid) : index
  }

  /// The task that holds the pid now, named and with the priority that an event states.
  mutating func task(_ snapshot: TaskSnapshot) -> TaskIndex {
    let index = livingTask(snapshot.pid)
    rows[Int(index.rawValue)].comm = snapshot.comm
    rows[Int(index.rawValue)].priority = snapshot.priority
    return index
  }

  /// A fork: the pid names a new task from here on, unless nothing but this fork has named it.
  mutating func newLife(_ pid: Pid) -> TaskIndex {
    let known = lookup(pid)
    guard known != Self.none else { return make(pid, life: 1) }
    hasLostPid[Int(known)] = true
    return make(pid, life: rows[Int(known)].id.life + 1)
  }

  /// Whether the task's pid names another one by now.
  @inline(__always)
  func isReplaced(_ index: TaskIndex) -> Bool { hasLostPid[Int(index.rawValue)] }

  /// The task left its CPU for good.
  mutating func markDead(_ index: TaskIndex) { isDead[Int(index.rawValue)] = true }

  func label(_ index: TaskIndex) -> TaskLabel {
    let row = self[index]
    return TaskLabel(index: index, pid: row.id.pid, comm: row.comm, priority: row.priority)
  }

  private func lookup(_ pid: Pid) -> UInt32 {
    let page = Int(pid >> Self.pageBits)
    guard page < pages.count, !pages[page].isEmpty else { return Self.none }
    return pages[page][Int(pid & (1 << Self.pageBits - 1))]
  }

  private mutating func make(_ pid: Pid, life: UInt32) -> TaskIndex {
    let index = UInt32(rows.count)
    let comm: Comm = pid == 0 ? "swapper" : life == 1 ? savedComms[pid] ?? .empty : .empty
    rows.append(TaskRow(id: TaskID(pid: pid, life: life), comm: comm))
    isDead.append(false)
    hasLostPid.append(false)
    let page = Int(pid >> Self.pageBits)
    while pages.count <= page { pages.append([]) }
    if pages[page].isEmpty { pages[page] = Array(repeating: Self.none, count: 1 << Self.pageBits) }
    pages[page][Int(pid & (1 << Self.pageBits - 1))] = index
    return TaskIndex(rawValue: index)
  }
}
