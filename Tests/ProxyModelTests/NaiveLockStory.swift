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
  private let model: NaiveModel
  private let lock: LockAddress

  init(of lock: LockAddress, in model: NaiveModel) {
    self.lock = lock
    self.model = model
    for index in model.events.indices { collect(index) }
    for place in items.indices { items[place].owner = owner(place) }
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
  private func waiters(_ interval: Int) -> Set<Pid> {
    Set(model.waits.filter { $0.lock == lock && $0.isOpen(interval) }.map(\.waiter))
  }

  /// Whether nobody waits any more after an item. (A task that waits anew shows by that its lost wait is over.)
  private func leavesNobody(_ place: Int) -> Bool {
    let index = items[place].index
    switch items[place].kind {
    case .began, .sleeps, .probed, .hole, .holeEnds, .lateRelease: return false
    case .ended, .released: break
    }
    return !model.waits.contains { $0.lock == lock && $0.isOpen(index) && $0.first < index }
  }

  /// Who of those who wait has gone to sleep, before an item.
  private func sleepers(_ place: Int) -> Set<Pid> {
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
  private func holder(_ place: Int) -> Pid? {
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
  private func isWatched(_ place: Int) -> Bool {
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

// MARK: - Owners

extension NaiveLockStory {
  /// How a stretch in which nothing is seen to change hands ends.
  private enum Outcome {
    case released(by: Pid, Evidence, at: Timestamp)
    /// It ends otherwise; who was last seen to acquire the lock before.
    case closed(holder: Pid?, at: Timestamp)
    /// The same by a hole, in which somebody may have taken a free lock.
    case hidden(holder: Pid?, at: Timestamp)
  }

  /// What holds from an item on.
  private func owner(_ place: Int) -> Owner? {
    switch items[place].kind {
    case .sleeps(let pid): return listed(pid, at: place)
    case .ended(_, false), .holeEnds, .lateRelease: return nil
    case .hole: return .unknown
    case .probed(let pid, _): return pid.map { .task($0, .inferred(.readOnce)) } ?? .free(.inferred(.readOnce))
    case .ended(let pid, true):
      // That it still has the lock shows at its release.
      guard case .released(pid, _, _) = outcome(after: place), isWatched(end(of: place)) else {
        return .task(pid, .inferred(.perhapsStillHeld))
      }
      return .task(pid, .event)
    case .released(_, let evidence, _):
      if case .released(let next, _, _) = outcome(after: place) { return .task(next, .inferred(.tookOver)) }
      return .free(evidence)
    case .began(let wait): return owner(wait: wait, at: place)
    }
  }

  private func owner(wait: Int, at place: Int) -> Owner {
    let waiter = model.waits[wait].waiter
    // It gave the lock up unseen, while others slept on it and could have seen anybody else take it.
    if holder(place) == waiter, isWatched(place) { return startOfNothing(wait, place) }
    let outcome = outcome(after: place)
    var result: Owner
    switch (outcome, start(of: place)) {
    case (.released(let pid, let evidence, _), nil):
      let isListed = !spins(wait) || !sleepers(place).isEmpty
      result = .task(pid, isListed ? evidence : evidence.combined(with: .inferred(.untilReleased)))
      // The first to sleep on the wait list has settled it; before that it is as good as the release's word.
      if wasListed(before: place) { result = .task(pid, evidence) }
    case (.released(let pid, let evidence, _), .acquired(let before)?) where before == pid:
      let isWatched = isWatched(end(of: place))
      result = .task(pid, isListed(wait, place) ? evidence : isWatched ? .event : .inferred(.perhapsStillHeld))
    // Somebody has given it up: when it was taken without an event does not show.
    case (.released(let pid, let evidence, _), .given):
      result = .task(pid, wasListed(before: place) ? evidence : .inferred(.tookOver))
    case (.released(let pid, let evidence, _), _):
      result = .task(pid, isListed(wait, place) ? evidence : .inferred(.tookOver))
    case (.closed(let pid, _), nil), (.hidden(let pid, _), nil):
      result = pid.map { .task($0, .inferred(.perhapsStillHeld)) } ?? .unknown
    case (.closed, .given(let evidence)):
      result = isBesideHole(model.waits[wait].first) ? .unknown : .free(evidence)
    case (.hidden, .given): result = .unknown
    case (.closed, .acquired(let pid)), (.hidden, .acquired(let pid)):
      result = .task(pid, .inferred(.perhapsStillHeld))
    }
    if case .task(waiter, _) = result { result = .unknown }
    let told = spun(wait, place, outcome, otherwise: result)
    if told == result, case .released(let pid, _, _) = outcome, case .task(pid, _) = told,
      isBarred(pid, at: place, outcome)
    {
      return .unknown
    }
    return told
  }

  /// Whether somebody sleeps on the wait list when a wait begins, as the events show.
  private func isListed(_ wait: Int, _ place: Int) -> Bool {
    !spins(wait) || !sleepers(place).isEmpty || wasListed(before: place)
  }

  private func spins(_ wait: Int) -> Bool {
    guard case .contentionBegan(_, let flags) = model.events[model.waits[wait].first].body else { return false }
    return flags.contains(.spin)
  }

  /// Whether an item is a waiter that is the first to sleep on the wait list, after it had begun by spinning.
  private func isFirstListed(_ place: Int) -> Bool {
    guard case .sleeps(let pid) = items[place].kind, sleepers(place).isEmpty else { return false }
    return model.waits.contains { $0.waiter == pid && $0.lock == lock && $0.isOpen(items[place].index) }
      && !model.waits.contains { $0.waiter == pid && $0.lock == lock && $0.first == items[place].index }
  }

  /// Whether there is one in the stretch around an item, before it.
  private func wasListed(before place: Int) -> Bool {
    for earlier in items[..<place].indices.reversed() {
      if leavesNobody(earlier) { return false }
      switch items[earlier].kind {
      case .hole, .holeEnds, .ended(_, true), .released: return false
      case .began(let wait): if holder(earlier) == model.waits[wait].waiter, isWatched(earlier) { return false }
      case .sleeps: if isFirstListed(earlier) { return true }
      case .ended, .probed, .lateRelease: break
      }
    }
    return false
  }

  /// Who has the lock when the first waiter sleeps on the wait list: from here on nobody can take it unseen.
  private func listed(_ pid: Pid, at place: Int) -> Owner? {
    guard isFirstListed(place) else { return nil }
    var result: Owner
    switch (outcome(after: place), start(of: place)) {
    case (.released(let by, let evidence, _), _): result = .task(by, evidence)
    case (.closed(let by, _), nil), (.hidden(let by, _), nil):
      result = by.map { .task($0, .inferred(.perhapsStillHeld)) } ?? .unknown
    case (.closed, .given(let evidence)): result = isBesideHole(items[place].index) ? .unknown : .free(evidence)
    case (.hidden, .given): result = .unknown
    case (.closed, .acquired(let by)), (.hidden, .acquired(let by)):
      result = .task(by, .inferred(.perhapsStillHeld))
    }
    if case .task(pid, _) = result { result = .unknown }
    return result
  }

  /// Whether a task cannot have taken the lock by then: another one had it, and this one was on no CPU since.
  private func isBarred(_ pid: Pid, at place: Int, _ outcome: Outcome) -> Bool {
    let release = items.indices.first { $0 > place && isRelease($0) } ?? items.count
    guard let since = heldSince(release), self.holder(release) != pid else { return false }
    let index = items[place].index
    for earlier in stride(from: index, through: 0, by: -1) {
      switch model.events[earlier].body {
      case .lost: return false
      case .switched(let record):
        if record.next.pid == pid { return false }
        if record.previous.pid == pid { return model.time(earlier) < since }
      default: break
      }
    }
    return false
  }

  /// When the lock's holder before an item was seen to get it.
  private func heldSince(_ place: Int) -> Timestamp? {
    guard holder(place) != nil else { return nil }
    for earlier in items[..<place].indices.reversed() {
      switch items[earlier].kind {
      case .ended(_, true), .probed: return model.time(items[earlier].index)
      default: continue
      }
    }
    return nil
  }

  /// The lock of a waiter that was its holder: free, unless somebody is seen to give it up later.
  private func startOfNothing(_ wait: Int, _ place: Int) -> Owner {
    switch outcome(after: place) {
    case .released(let pid, _, _): return .task(pid, .inferred(.tookOver))
    case .closed, .hidden: return .free(.inferred(.perhapsStillHeld))
    }
  }

  private func isBesideHole(_ index: Int) -> Bool {
    model.holes.contains { $0.index < index && model.time(index) < $0.until }
  }

  private enum Start {
    case given(Evidence)
    case acquired(Pid)
  }

  /// The change of hands with which the stretch around an item began; `nil` where nobody waited for a while since.
  private func start(of place: Int) -> Start? {
    for earlier in items[..<place].indices.reversed() {
      if leavesNobody(earlier) { return nil }
      switch items[earlier].kind {
      case .hole, .holeEnds: return nil
      case .ended(let pid, true): return .acquired(pid)
      case .released(_, let evidence, _): return .given(evidence)
      case .began(let wait):
        if holder(earlier) == model.waits[wait].waiter, isWatched(earlier) {
          return .given(.inferred(.perhapsStillHeld))
        }
      case .sleeps, .ended, .probed, .lateRelease: break
      }
    }
    return nil
  }

  private func outcome(after place: Int) -> Outcome {
    if case .released = items[place].kind, leavesNobody(place) {
      return .closed(holder: nil, at: model.time(items[place].index))
    }
    for later in items.indices where later > place {
      let time = model.time(items[later].index)
      switch items[later].kind {
      case .released(let pid, let evidence, _): return .released(by: pid, evidence, at: time)
      case .ended(_, true): return .closed(holder: holder(later), at: time)
      case .hole, .holeEnds: return .hidden(holder: holder(later), at: time)
      case .ended: if leavesNobody(later) { return .closed(holder: holder(later), at: time) }
      case .began(let wait):
        if holder(later) == model.waits[wait].waiter, isWatched(later) {
          return .closed(holder: holder(later), at: time)
        }
      case .sleeps, .probed, .lateRelease: break
      }
    }
    return .closed(holder: holder(items.count), at: model.end)
  }

  /// The item that ends the stretch around an item.
  private func end(of place: Int) -> Int {
    let end = items.indices.first { later in
      guard later > place else { return false }
      switch items[later].kind {
      case .released, .ended(_, true), .hole, .holeEnds: return true
      case .ended: return leavesNobody(later)
      case .began(let wait): return holder(later) == model.waits[wait].waiter && isWatched(later)
      case .sleeps, .probed, .lateRelease: return false
      }
    }
    return end ?? items.count
  }

  private func probe(of wait: Int, at place: Int) -> Int? {
    for later in items.indices where later > place {
      switch items[later].kind {
      case .probed(_, model.waits[wait].waiter): return later
      case .sleeps: break
      default: return nil
      }
    }
    return nil
  }

  // MARK: Spinning

  /// Who owned a lock for which somebody spun until it got it, or for long: somebody who ran, or nobody.
  private func spun(_ wait: Int, _ place: Int, _ outcome: Outcome, otherwise result: Owner) -> Owner {
    let began = model.waits[wait]
    guard case .contentionBegan(_, let flags) = model.events[began.first].body, flags.contains(.spin) else {
      return result
    }
    let sleep = items.indices.first { later in
      guard later > place, items[later].index < began.last ?? .max else { return false }
      if case .sleeps(began.waiter) = items[later].kind { return true } else { return false }
    }
    // Without a hole in between, a wait that ends here was not asleep before.
    let gotIt = sleep == nil && began.result == .acquired && endsStretch(place, of: began)
    let until: Timestamp =
      switch outcome {
      case .released(_, _, let time), .closed(_, let time), .hidden(_, let time): time
      }
    let spunUntil = sleep.map { model.time(items[$0].index) }.map { min($0, until) } ?? until
    let settles = sleep.map { model.time(items[$0].index) <= until } ?? isSettled(place, of: began, outcome)
    guard gotIt || (settles && spunUntil - began.begin > 1_000_000) else { return result }
    let home = model.events[began.first].cpu
    let others = (0..<CPU(model.cpuCount)).filter { $0 != home }.map { model.currSoFar($0, began.first) }
    let runners = others.compactMap { $0 }.filter { $0 != 0 }
    let holder: Pid?
    switch outcome {
    case .released(let pid, _, _):
      holder = self.holder(items.indices.first { $0 > place && isRelease($0) } ?? items.count)
      if holder == pid || runners.isEmpty || runners.contains(pid) { return result }
    case .closed(let last, _), .hidden(let last, _):
      holder = last
      if result.isFree { return result }
    }
    let watched = isWatched(place)
    if watched, gotIt, began.length < 5_000 { return .free(.inferred(.foundFree)) }
    if let holder, runners.contains(holder) { return .task(holder, .inferred(.perhapsStillHeld)) }
    if watched { return .free(.inferred(.foundFree)) }
    if !others.contains(nil), runners.count == 1 { return .task(runners[0], .inferred(.spunOnOwner)) }
    return .unknown
  }

  private func isRelease(_ place: Int) -> Bool { if case .released = items[place].kind { true } else { false } }

  /// Whether the next change of hands after an item is the end of this wait.
  private func endsStretch(_ place: Int, of wait: NaiveWait) -> Bool {
    for later in items.indices where later > place {
      switch items[later].kind {
      case .ended(wait.waiter, let acquired): return acquired
      case .ended(_, true), .released, .hole, .holeEnds: return false
      case .ended: if leavesNobody(later) { return false }
      default: break
      }
    }
    return false
  }

  /// Whether a spin's length is looked at where the stretch ends: at a release, or at the wait's own end.
  private func isSettled(_ place: Int, of wait: NaiveWait, _ outcome: Outcome) -> Bool {
    if case .released = outcome { return true }
    return items.indices.contains { later in
      guard later > place, case .ended(wait.waiter, _) = items[later].kind else { return false }
      return items[(place + 1)..<later].allSatisfy { item in
        switch item.kind {
        case .released, .ended(_, true), .hole, .holeEnds: false
        default: true
        }
      }
    }
  }
}
