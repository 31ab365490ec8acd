import ProxyModel
import TraceCore

/// The rows of the timeline that a picture shows.
struct WindowRows: Sendable {
  let window: PictureWindow
  let wait: WaitRow
  /// Chains of the wait, in order of time.
  var chains: [ChainRow] = []
  var segments: [SegmentRow] = []
  /// Splits on any CPU.
  var splits: [SplitRow] = []
  /// Windows of the wait, with their indices.
  var inversions: [(index: Int, row: InversionRow)] = []
  /// Handoffs to the tasks of the wait.
  var handoffs: [HandoffRow] = []
  /// Holds of the wait's locks.
  var holds: [HoldRow] = []
  var migrations: [MigrationRow] = []
  /// Idle CPUs that pick a task of the wait again and again.
  var idlePicks: [IdlePickRow] = []
  /// Waits of any task, with their indices.
  var waits: [(index: Int, row: WaitRow)] = []
  /// The waiter first, then the owners of its first chain, then those who came later.
  var participants: [TaskLabel] = []
  /// The wait's own lock first.
  var locks: [LockAddress] = []

  init(_ window: PictureWindow, _ wait: WaitRow) { (self.window, self.wait) = (window, wait) }

  var waiter: Pid { wait.waiter.pid }
  /// The wait's end; where the capture has none, the end of what is known of it.
  var waitEnd: Timestamp { wait.begin + wait.length }
  func isParticipant(_ pid: Pid) -> Bool { participants.contains { $0.pid == pid } }

  /// Rows of several pictures, in one pass over each table.
  static func all(_ windows: [PictureWindow], _ timeline: Timeline) -> [WindowRows] {
    var all = windows.map { WindowRows($0, timeline.waits[$0.wait]) }
    for chain in timeline.chains {
      for i in all.indices where all[i].window.wait == chain.wait { all[i].chains.append(chain) }
    }
    for i in all.indices { all[i].findParticipants() }
    for segment in timeline.segments {
      for i in all.indices where all[i].window.wait == segment.wait && all[i].shows(segment.begin, segment.end) {
        all[i].segments.append(segment)
      }
    }
    for split in timeline.splits {
      for i in all.indices where all[i].shows(split.begin, split.end) { all[i].splits.append(split) }
    }
    for (index, row) in timeline.inversions.enumerated() {
      for i in all.indices where all[i].window.wait == row.wait && all[i].shows(row.begin, row.end) {
        all[i].inversions.append((index, row))
      }
    }
    for row in timeline.handoffs {
      for i in all.indices where all[i].locks.contains(row.lock) && all[i].shows(row.begin, row.end) {
        all[i].handoffs.append(row)
      }
    }
    for row in timeline.holds {
      for i in all.indices where all[i].locks.contains(row.lock) && all[i].shows(row.begin, row.end) {
        all[i].holds.append(row)
      }
    }
    for row in timeline.migrations {
      for i in all.indices where all[i].isParticipant(row.task.pid) && all[i].shows(row.time, row.time + 1) {
        all[i].migrations.append(row)
      }
    }
    for row in timeline.idlePicks {
      for i in all.indices where all[i].isParticipant(row.donor.pid) && all[i].shows(row.begin, row.end) {
        all[i].idlePicks.append(row)
      }
    }
    for (index, row) in timeline.waits.enumerated() {
      for i in all.indices where all[i].shows(row.begin, row.begin + row.length) { all[i].waits.append((index, row)) }
    }
    for i in all.indices { all[i].sort() }
    return all
  }

  private func shows(_ from: Timestamp, _ to: Timestamp) -> Bool { window.overlaps(from, to) }

  private mutating func findParticipants() {
    chains.sort { $0.begin < $1.begin }
    var seen: Set<Pid> = [0]
    func add(_ task: TaskLabel, _ list: inout [TaskLabel]) {
      if seen.insert(task.pid).inserted { list.append(task) }
    }
    var list: [TaskLabel] = []
    add(wait.waiter, &list)
    locks = [wait.lock]
    if let owner = wait.owner { add(owner, &list) }
    for chain in chains where shows(chain.begin, chain.end) {
      for task in chain.path { add(task, &list) }
      for lock in chain.locks where !locks.contains(lock) { locks.append(lock) }
    }
    participants = list
  }

  private mutating func sort() {
    segments.sort { $0.begin < $1.begin }
    splits.sort { ($0.begin, $0.cpu) < ($1.begin, $1.cpu) }
    inversions.sort { $0.row.begin < $1.row.begin }
    handoffs.sort { $0.begin < $1.begin }
    holds.sort { $0.begin < $1.begin }
    migrations.sort { $0.time < $1.time }
  }
}
