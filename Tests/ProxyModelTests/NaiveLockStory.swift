import ProxyModel
import TraceCore

/// Who owned one lock, by its events alone.
///
/// Between two changes of hands the owner is the one who is seen to give the lock up at the end; where nobody is, the last one
/// who is seen to have acquired it.
struct NaiveLockStory {
  enum Owner: Equatable {
    case unknown
    case free(Evidence)
    case task(Pid, Evidence)

    var isFree: Bool { if case .free = self { true } else { false } }
  }

  enum Kind {
    case began(wait: Int)
    case sleeps(Pid)
    case ended(Pid, acquired: Bool)
    /// Where it was concluded from a waking: of whom.
    case released(by: Pid, Evidence, woken: Pid? = nil)
    /// The record of a release that somebody else's acquisition has overtaken.
    case lateRelease
    case probed(Pid?, by: Pid)
    case hole
    case holeEnds
  }

  struct Item {
    var index: Int
    var kind: Kind
    /// What is known of the lock from here on; `nil` where the item tells nothing new.
    var owner: Owner?
  }

  private(set) var items: [Item] = []
  let model: NaiveModel
  let lock: LockAddress

  init(of lock: LockAddress, in model: NaiveModel) {
    self.lock = lock
    self.model = model
    for index in model.events.indices { collect(index) }
    for place in items.indices { items[place].owner = owner(from: place) }
    // A probe beside a wait's begin decides that begin.
    for place in items.indices {
      if case .began(let wait) = items[place].kind, let probe = probe(of: wait, at: place) {
        items[place].owner = items[probe].owner
      }
    }
  }

  /// The owner in an interval.
  func owner(_ interval: Int) -> Owner {
    if waiters(interval).isEmpty { return .unknown }
    // What was known when nobody waited is forgotten.
    let places = items.indices.filter { items[$0].index <= interval }
    let idle = places.last { leavesNobody($0) } ?? -1
    return places.last { $0 > idle && items[$0].owner != nil }.flatMap { items[$0].owner } ?? .unknown
  }

  /// The owner that a probe read when a wait began.
  func read(_ wait: Int) -> Owner? {
    guard let place = items.firstIndex(where: { if case .began(wait) = $0.kind { true } else { false } }),
      let probe = probe(of: wait, at: place), case .probed(let pid, _) = items[probe].kind
    else { return nil }
    return pid.map { .task($0, .probe) } ?? .free(.probe)
  }

  /// The last release in or before an interval.
  func release(_ interval: Int) -> (index: Int, by: Pid, evidence: Evidence)? {
    for item in items.reversed() where item.index <= interval {
      if case .released(let pid, let evidence, _) = item.kind { return (item.index, pid, evidence) }
    }
    return nil
  }

  // MARK: - What happened

  private mutating func collect(_ index: Int) {
    let event = model.events[index]
    let pid = NaiveModel.writer(event)
    // A wait whose end a hole has swallowed is over where its waiter waits anew.
    for wait in model.waits where wait.last == index && wait.lock == lock && wait.result == .lost {
      items.append(Item(index: index, kind: .ended(wait.waiter, acquired: false)))
    }
    // Nor does what comes after a hole tell of what happened beside it.
    if model.holes.contains(where: { hole in model.events.firstIndex { $0.timestamp >= hole.until } == index }) {
      items.append(Item(index: index, kind: .holeEnds))
    }
    switch event.body {
    case .lost: items.append(Item(index: index, kind: .hole))
    case .contentionBegan(lock, let flags):
      if let wait = model.waits.firstIndex(where: { $0.first == index && !$0.isCut }) {
        items.append(Item(index: index, kind: .began(wait: wait)))
      }
      if !flags.contains(.spin) { items.append(Item(index: index, kind: .sleeps(pid))) }
    case .contentionEnded(lock, let result):
      if result != 0 { dropSign(of: pid) }
      if model.waits.contains(where: { $0.last == index && ($0.isCut ? result == 0 : true) }) {
        items.append(Item(index: index, kind: .ended(pid, acquired: result == 0)))
      }
    case .contendedRelease(lock):
      let owner = isWatched(items.count) ? holder(items.count) : nil
      let isLate = owner != nil && owner != pid
      items.append(Item(index: index, kind: isLate ? .lateRelease : .released(by: pid, .event)))
    case .probedWait(let probe) where probe.lock == lock:
      if let owner = pointee(probe.ownerTask, index) {
        items.append(Item(index: index, kind: .probed(owner == -1 ? nil : owner, by: pid)))
      }
    case .waking(let record):
      guard event.context.isTask, event.pid != 0, event.pid != record.task.pid, isSign(of: pid, record.task.pid, index)
      else { return }
      items.append(
        Item(index: index, kind: .released(by: pid, .inferred(.wokeTheWaiter), woken: record.task.pid)))
    default: break
    }
  }

  /// A waiter gives up. If it was woken for that, and nothing else has happened to the lock since, nobody has released it.
  private mutating func dropSign(of pid: Pid) {
    let last = items.lastIndex { item in
      switch item.kind {
      case .released, .ended(_, true), .hole, .holeEnds: true
      default: false
      }
    }
    guard let last, case .released(_, .inferred(.wokeTheWaiter), pid) = items[last].kind,
      model.waits.contains(where: { $0.waiter == pid && $0.lock == lock && $0.isOpen(items[last].index) })
    else { return }
    items.remove(at: last)
  }

  /// Which task a pointer means, by the switch probes so far; −1 for no task.
  private func pointee(_ task: UInt64, _ index: Int) -> Pid? {
    if task == 0 { return -1 }
    for event in model.events[..<index].reversed() {
      if case .probedSwitch(let probe) = event.body, probe.nextTask == task { return probe.next }
    }
    return nil
  }

  /// A task that wakes a waiter has released its lock, where releases leave no event, unless it waits for the lock itself, or
  /// somebody else is known to own it: one who acquired it while others slept, so that nobody can have taken it unseen.
  private func isSign(of waker: Pid, _ woken: Pid, _ index: Int) -> Bool {
    let innermost = model.waits.last { $0.waiter == woken && $0.isOpen(index) }
    guard innermost?.lock == lock, !waiters(index).contains(waker) else { return false }
    let hasReleases = items.contains {
      switch $0.kind {
      case .released(_, .event, _), .lateRelease: true
      default: false
      }
    }
    if hasReleases { return false }
    guard isWatched(items.count), let holder = holder(items.count) else { return true }
    return holder == waker
  }

  // MARK: - What was the case before an item

  /// Who waits in an interval.
  func waiters(_ interval: Int) -> Set<Pid> {
    Set(model.waits.filter { $0.lock == lock && $0.isOpen(interval) }.map(\.waiter))
  }

  /// Whether nobody waits any more after an item. (A task that waits anew shows by that its lost wait is over.)
  func leavesNobody(_ place: Int) -> Bool {
    let index = items[place].index
    switch items[place].kind {
    case .began, .sleeps, .probed, .hole, .holeEnds, .lateRelease: return false
    case .ended, .released: break
    }
    return !model.waits.contains { $0.lock == lock && $0.isOpen(index) && $0.first < index }
  }

  /// Who of those who wait has gone to sleep, before an item.
  func sleepers(_ place: Int) -> Set<Pid> {
    var result: Set<Pid> = []
    for item in items[..<place] {
      switch item.kind {
      case .sleeps(let pid): result.insert(pid)
      case .ended(let pid, _): result.remove(pid)
      // They may have ended their waits unseen.
      case .hole, .holeEnds: result = []
      default: break
      }
    }
    return result
  }

  /// Who was last seen to acquire the lock, and not to give it up, before an item.
  func holder(_ place: Int) -> Pid? {
    for earlier in items[..<place].indices.reversed() {
      switch items[earlier].kind {
      case .ended(let pid, true): return pid
      case .probed(let pid, _): return pid
      case .released, .hole, .holeEnds: return nil
      // Who waits does not own. (If the one who begins to wait was the holder, the search would end with it.)
      case .began(let wait):
        if let pid = holder(earlier), pid == model.waits[wait].waiter { return nil }
      case .sleeps, .ended, .lateRelease: break
      }
    }
    return nil
  }

  /// Whether somebody slept on the lock all the time since it was last acquired, before an item.
  func isWatched(_ place: Int) -> Bool {
    let acquisition = items[..<place].lastIndex {
      if case .ended(_, true) = $0.kind { true } else { false }
    }
    guard let acquisition else { return false }
    return items.indices.filter { $0 >= acquisition && $0 < place }.allSatisfy { step in
      switch items[step].kind {
      case .ended: !sleepers(step + 1).isEmpty
      case .hole, .holeEnds: false
      default: true
      }
    }
  }
}
