import ProxyModel
import TraceCore

/// Where the donors of inversion windows were: of all tasks whose chains end in the owner the most urgent one, which is the one that
/// should have lent it the CPU. So all waiters of an owner have the same donor at the same time.
///
/// It takes the stalls of all waits (``add(_:)``) and answers for windows (``forEachPart(of:_:)``), both in order of their beginning.
/// Before a window come all stalls that begin before the window ends. It goes along with both, and keeps nothing that is over before
/// the window that was asked for last.
struct DonorPlaces {
  /// A stretch of a window in which the donor stayed where it was.
  struct Part: Equatable {
    var begin: Timestamp
    var end: Timestamp
    var donor: DonorPlace
    /// How it is known where the donor was.
    var evidence: Evidence
  }

  /// An owner on one CPU.
  fileprivate struct Owner {
    var cpu: CPU?
    /// The same task on another CPU; −1 for none.
    var next: Int
    /// Parts that do not overlap, in order of time, as far as ``until``.
    var parts: [Part] = []
    /// Stalls that go on at that time, in order of their beginning.
    var open: [OpenStall] = []
    var until = Timestamp(0)
    /// Where the parts of the window begin that was asked for last.
    var place = 0
  }

  fileprivate struct OpenStall {
    var end: Timestamp
    var wait: Int
    /// The waiter's: the lower the more urgent.
    var priority: Int32
    var pid: Pid
    var donor: DonorPlace
  }

  private let timeline: Timeline
  private var owners: [Owner] = []
  /// By task: its first place in ``owners``; −1 for none.
  private var places: [Int] = []
  /// When the window began that was asked for last, and how many have been asked for.
  private var floor = Timestamp(0)
  private var asked = 0
  /// By wait; empty as long as there is no stall. See ``evidence(of:)``.
  private var isCertain: [Bool?] = []

  init(_ timeline: Timeline) { self.timeline = timeline }

  // MARK: Stalls

  /// Takes a stall of the kind ``WaitClass/inverted``.
  mutating func add(_ stall: StallRow) {
    if isCertain.isEmpty { noteMoves() }
    let owner = place(stall.owner.index, stall.cpu) ?? addOwner(stall.owner.index, stall.cpu)
    advance(owner, to: stall.begin)
    owners[owner].open.append(
      OpenStall(
        end: stall.end, wait: stall.wait, priority: stall.waiter.priority?.rawValue ?? .max, pid: stall.waiter.pid,
        donor: stall.donor))
  }

  private func place(_ task: TaskIndex, _ cpu: CPU?) -> Int? {
    guard Int(task.rawValue) < places.count else { return nil }
    var place = places[Int(task.rawValue)]
    while place >= 0, owners[place].cpu != cpu { place = owners[place].next }
    return place < 0 ? nil : place
  }

  private mutating func addOwner(_ task: TaskIndex, _ cpu: CPU?) -> Int {
    let task = Int(task.rawValue)
    while places.count <= task { places.append(-1) }
    owners.append(Owner(cpu: cpu, next: places[task]))
    places[task] = owners.count - 1
    return owners.count - 1
  }

  /// Cuts the stalls that go on into parts, each of the most urgent waiter.
  private mutating func advance(_ owner: Int, to time: Timestamp) {
    while let row = owners[owner].mostUrgent, owners[owner].until < time {
      let end = min(time, owners[owner].firstEnd)
      add(Part(begin: owners[owner].until, end: end, donor: row.donor, evidence: evidence(of: row)), to: owner)
      owners[owner].until = end
      owners[owner].open.removeAll { $0.end <= end }
    }
    owners[owner].until = max(owners[owner].until, time)
  }

  private mutating func add(_ part: Part, to owner: Int) {
    let last = owners[owner].parts.count - 1
    if last >= 0, owners[owner].parts[last].continues(in: part) {
      owners[owner].parts[last].end = part.end
    } else {
      owners[owner].parts.append(part)
    }
  }

  /// Drops what is over before the window that was asked for last, of all owners: most of them may be gone.
  @inline(never)
  private mutating func forgetPassed() {
    for owner in owners.indices { owners[owner].drop(before: floor) }
  }

  // MARK: Evidence

  /// Only its waking shows that a donor was not moved, and nothing when it was, unless marks do.
  private mutating func evidence(of stall: OpenStall) -> Evidence {
    switch stall.donor {
    case .unknown: .probe
    case .dequeued: .inferred(.placedByPicks)
    case .elsewhere, .besideOwner: isCertain(stall.wait) ? .probe : .inferred(.placedByPicks)
    }
  }

  private mutating func isCertain(_ wait: Int) -> Bool {
    if let isCertain = isCertain[wait] { return isCertain }
    let isAcquired = timeline.brief(ofWait: wait).result == .acquired
    isCertain[wait] = isAcquired
    return isAcquired
  }

  /// Waits whose waiters were moved, it is not stated when.
  private mutating func noteMoves() {
    isCertain = Array(repeating: nil, count: timeline.waits.count)
    for move in timeline.migrations where move.kind == .proxy && move.evidence != .event {
      if let wait = move.wait { isCertain[wait] = false }
    }
  }

  // MARK: Windows

  /// Calls `body` with the parts of a window, which follow each other without a gap and sum to it.
  @inline(__always)
  mutating func forEachPart(of window: InversionRow, _ body: (Part) -> Void) {
    var end = window.begin
    func add(_ next: Timestamp, _ donor: DonorPlace, _ evidence: Evidence) {
      guard end < next else { return }
      body(Part(begin: end, end: next, donor: donor, evidence: evidence))
      end = next
    }
    floor = max(floor, window.begin)
    asked += 1
    if asked % 4096 == 0 { forgetPassed() }
    if let owner = place(window.owner.index, window.cpu) {
      advance(owner, to: window.end)
      var place = owners[owner].place
      while place > 0, owners[owner].parts[place - 1].end > window.begin { place -= 1 }
      while place < owners[owner].parts.count, owners[owner].parts[place].end <= window.begin { place += 1 }
      owners[owner].place = place
      while place < owners[owner].parts.count, owners[owner].parts[place].begin < window.end {
        let part = owners[owner].parts[place]
        add(part.begin, .unknown, .probe)
        add(min(part.end, window.end), part.donor, part.evidence)
        place += 1
      }
    }
    add(window.end, .unknown, .probe)
    // A window without length is a row all the same.
    if window.end <= window.begin {
      body(Part(begin: window.begin, end: window.end, donor: .unknown, evidence: .probe))
    }
  }
}

extension DonorPlaces.Part {
  /// Whether another part only goes on with this one.
  fileprivate func continues(in next: Self) -> Bool {
    end == next.begin && donor == next.donor && evidence == next.evidence
  }
}

extension DonorPlaces.Owner {
  /// Drops the parts that end by then.
  fileprivate mutating func drop(before floor: Timestamp) {
    let count = parts.firstIndex { $0.end > floor } ?? parts.count
    if count == parts.count {
      parts = []
      if open.isEmpty { open = [] }
    } else {
      parts.removeFirst(count)
    }
    place = max(0, place - count)
  }

  /// Of equally urgent ones the first.
  fileprivate var mostUrgent: DonorPlaces.OpenStall? {
    guard var best = open.first else { return nil }
    for stall in open.dropFirst() where (stall.priority, stall.pid) < (best.priority, best.pid) { best = stall }
    return best
  }

  /// When the first of the stalls ends that go on.
  fileprivate var firstEnd: Timestamp { open.reduce(Timestamp(.max)) { min($0, $1.end) } }
}
