import ProxyModel
import TraceCore

/// Who owned the lock from each item of its story on.
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
  func owner(from place: Int) -> Owner? {
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

  func probe(of wait: Int, at place: Int) -> Int? {
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
