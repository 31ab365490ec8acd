import ProxyModel
import TraceCore

/// Who waits for whom at one moment, and what each waiter waits for.
struct NaiveChains {
  let model: NaiveModel
  let moment: NaiveMoment
  let interval: Int

  enum End: Equatable {
    case task(Pid)
    case free, unknown, cycle
  }

  struct Walk {
    /// Waiter first.
    var tasks: [Pid]
    var locks: [LockAddress]
    var end: End
    var evidence = Evidence.probe
  }

  /// The wait that a task is in.
  func innermost(_ pid: Pid) -> Int? {
    model.waits.indices.last { model.waits[$0].waiter == pid && model.waits[$0].isOpen(interval) }
  }

  /// Waiter → lock → owner → … to the first owner that does not wait for a mutex that somebody has.
  func walk(from wait: Int) -> Walk {
    var walk = Walk(tasks: [model.waits[wait].waiter], locks: [model.waits[wait].lock], end: .unknown)
    while let lock = walk.locks.last, let waiter = walk.tasks.last {
      var owner = model.stories[lock]?.owner(interval) ?? .unknown
      if owner.isFree, let heir = moment.heirs[lock], heir != waiter { owner = .task(heir, .inferred(.handedOver)) }
      switch owner {
      case .unknown:
        walk.evidence = .unknown
        return walk
      case .free(let evidence):
        walk.evidence = walk.evidence.combined(with: evidence)
        // The last task has its lock for the taking, so that it is the terminal one.
        if walk.tasks.count > 1 {
          walk.locks.removeLast()
          walk.end = .task(waiter)
        } else {
          walk.end = .free
        }
        return walk
      case .task(let pid, let evidence):
        walk.evidence = walk.evidence.combined(with: evidence)
        if pid == waiter {
          // It has been handed to the waiter.
          if walk.tasks.count > 1 { walk.locks.removeLast() }
          walk.end = walk.tasks.count > 1 ? .task(waiter) : .free
          return walk
        }
        let isCycle = walk.tasks.contains(pid)
        walk.tasks.append(pid)
        walk.end = isCycle ? .cycle : .task(pid)
        // Who does not sleep on a mutex is not blocked, whatever it waits for.
        guard !isCycle, let next = innermost(pid), case .blocked = moment.place(pid) else { return walk }
        walk.locks.append(model.waits[next].lock)
        walk.end = .unknown
      }
    }
    return walk
  }

  func terminal(of pid: Pid) -> Pid? {
    guard let wait = innermost(pid), case .task(let terminal) = walk(from: wait).end else { return nil }
    return terminal
  }

  func evidence(of pid: Pid) -> Evidence { innermost(pid).map { walk(from: $0).evidence } ?? .unknown }

  // MARK: - Classes

  /// The class of an open wait at this moment, and for an inversion who runs instead, on which CPU, and whom it keeps from it.
  func state(of wait: Int) -> (kind: WaitClass, inversion: NaiveInversion.Instant?) {
    let waiter = model.waits[wait].waiter
    if case .running = moment.place(waiter) { return (.own, nil) }
    let walk = walk(from: wait)
    guard case .task(let owner) = walk.end else { return (walk.end == .free ? .handoff : .unknown, nil) }
    if takesLock(owner) { return (.handoff, nil) }
    switch moment.place(owner) {
    case .unknown: return (.unknown, nil)
    case .waking: return (.waking, nil)
    case .blocked, .asleep: return (.sleeping, nil)
    case .running(let cpu):
      if moment.donors[cpu] == .unknown { return (.unknown, nil) }
      let isProxied = moment.donors[cpu]?.pid.map(walk.tasks.contains) ?? false
      return (isProxied ? .proxied : .running, nil)
    case .queued(let cpu):
      guard model.cpus.contains(cpu), let curr = model.currSoFar(cpu, interval) else { return (.unknown, nil) }
      if curr == 0 { return (.delayed, nil) }
      let waiters = waiters(behind: owner).map { model.priority($0, interval) }
      guard let own = model.priority(curr, interval), let most = waiters.compactMap({ $0 }).min() else {
        return (.unknown, nil)
      }
      let lent = moment.donors[cpu]?.pid.flatMap { model.priority($0, interval) }
      if walk.tasks.contains(curr) { return (.preempted, nil) }
      if min(own, lent ?? own) <= most { return (waiters.contains(nil) ? .unknown : .preempted, nil) }
      if moment.donors[cpu] == .unknown { return (.unknown, nil) }
      return (.inverted, NaiveInversion.Instant(owner: owner, cpu: cpu, culprit: curr))
    }
  }

  /// Whether the lock that a task waits for is free, or has been given to it.
  private func takesLock(_ pid: Pid) -> Bool {
    guard let wait = innermost(pid) else { return false }
    let lock = model.waits[wait].lock
    switch model.stories[lock]?.owner(interval) ?? .unknown {
    case .unknown: return false
    case .free: return (moment.heirs[lock] ?? pid) == pid
    case .task(let owner, _): return owner == pid
    }
  }

  /// All tasks that wait for somebody whose chain leads to that owner.
  private func waiters(behind owner: Pid) -> [Pid] {
    model.waits.indices.filter { model.waits[$0].isOpen(interval) && walk(from: $0).end == .task(owner) }
      .map { model.waits[$0].waiter }
  }
}

/// A run of the class `inverted` within one wait, of one owner on one CPU.
struct NaiveInversion: Equatable {
  struct Instant: Equatable {
    var owner: Pid
    var cpu: CPU
    var culprit: Pid
  }

  var wait: Int
  var begin: Timestamp
  var end: Timestamp
  var owner: Pid
  var cpu: CPU
  var culprits: [Pid: Int64]
}

/// An interval in which a CPU's curr runs on another task's account.
struct NaiveSplit: Equatable {
  var cpu: CPU
  var begin: Timestamp
  var end: Timestamp
  var curr: Pid
  var donor: Pid
}

extension NaiveModel {
  func chains(_ interval: Int) -> NaiveChains {
    NaiveChains(model: self, moment: moments[interval], interval: interval)
  }

  /// Class sums of every wait, in the order of ``waits``.
  func classTimes() -> [ClassTimes] {
    waits.indices.map { wait in
      var times = ClassTimes()
      if waits[wait].isCut {
        times[.unknown] = waits[wait].length
        return times
      }
      for interval in lastingIntervals(wait) { times[chains(interval).state(of: wait).kind] += length(interval) }
      return times
    }
  }

  /// The intervals of a wait, without those behind a hole that has swallowed its end.
  private func lastingIntervals(_ wait: Int) -> [Int] {
    let end = waits[wait].begin + waits[wait].length
    return events.indices.filter { waits[wait].isOpen($0) && time($0) < end }
  }

  func inversions() -> [NaiveInversion] {
    var found: [NaiveInversion] = []
    for wait in waits.indices where !waits[wait].isCut {
      var isOpen = false
      for interval in lastingIntervals(wait) where length(interval) > 0 {
        guard let instant = chains(interval).state(of: wait).inversion else {
          isOpen = false
          continue
        }
        let last = found.count - 1
        if isOpen, found[last].owner == instant.owner, found[last].cpu == instant.cpu {
          found[last].end = time(interval + 1)
          found[last].culprits[instant.culprit, default: 0] += length(interval)
        } else {
          found.append(
            NaiveInversion(
              wait: wait, begin: time(interval), end: time(interval + 1), owner: instant.owner, cpu: instant.cpu,
              culprits: [instant.culprit: length(interval)]))
        }
        isOpen = true
      }
    }
    return found.sorted { ($0.begin, $0.wait) < ($1.begin, $1.wait) }
  }

  func splits() -> [NaiveSplit] {
    var found: [NaiveSplit] = []
    for cpu in cpus {
      for interval in events.indices where length(interval) > 0 {
        guard let curr = curr(cpu, interval), curr != 0, let donor = donors[cpu]?[interval].pid else { continue }
        if let last = found.last, last.cpu == cpu, last.end == time(interval), last.curr == curr, last.donor == donor {
          found[found.count - 1].end = time(interval + 1)
        } else {
          found.append(
            NaiveSplit(cpu: cpu, begin: time(interval), end: time(interval + 1), curr: curr, donor: donor))
        }
      }
    }
    return found
  }

  /// Busy time of a CPU in which the donor is not known.
  func unknownTime(_ cpu: CPU) -> Int64 {
    events.indices.reduce(0) { sum, interval in
      guard let curr = curr(cpu, interval), curr != 0, donors[cpu]?[interval] == .unknown else { return sum }
      return sum + length(interval)
    }
  }
}
