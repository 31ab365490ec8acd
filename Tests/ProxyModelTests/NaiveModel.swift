import ProxyModel
import TraceCore

/// What the events of a small schedule say, worked out with the whole list at hand and no care for time.
///
/// It answers the same questions as `ProxyMachine`, from the specification and the doc comments of the rules: nothing is kept
/// between events that can be looked up in the list again. A task is its pid, since generated schedules reuse none.
///
/// Interval `i` reaches from event `i` to event `i + 1`; the state of an interval is that after event `i`.
struct NaiveModel {
  let events: [SchedEvent]
  let proxies: Bool
  /// CPUs of the machine, with records or without.
  let cpuCount: Int
  /// CPUs that occur, ascending.
  let cpus: [CPU]
  private(set) var waits: [NaiveWait] = []
  /// Owners by lock, an entry for each event that tells something of the lock.
  private(set) var stories: [LockAddress: NaiveLockStory] = [:]
  /// A state for each event.
  private(set) var moments: [NaiveMoment] = []
  /// The donor of each CPU in each interval, with what a later probe tells of it.
  private(set) var donors: [CPU: [NaiveDonor]] = [:]

  init(_ events: [SchedEvent], proxies: Bool, cpuCount: Int) {
    self.events = events
    self.cpuCount = cpuCount
    self.proxies = proxies
    cpus = Set(events.map(\.cpu)).sorted()
    waits = findWaits()
    for lock in Set(waits.map(\.lock)) { stories[lock] = NaiveLockStory(of: lock, in: self) }
    var director = NaiveDirector(self)
    for index in events.indices { director.step(index) }
    moments = director.moments
    donors = director.donors
  }

  func time(_ index: Int) -> Timestamp {
    index < events.count ? events[index].timestamp : events[events.count - 1].timestamp
  }

  /// The length of interval `i`.
  func length(_ index: Int) -> Int64 { time(index + 1) - time(index) }

  /// The instant up to which the trace reaches.
  var end: Timestamp { events.map(\.timestamp).max() ?? Timestamp(0) }
  var begin: Timestamp { events.first?.timestamp ?? Timestamp(0) }

  // MARK: - Curr

  /// The task that a record itself says was current when it was written.
  static func writer(_ event: SchedEvent) -> Pid {
    if case .switched(let record) = event.body { record.previous.pid } else { event.pid }
  }

  /// Who runs on a CPU in an interval, by the records around it; `nil` where they are lost.
  ///
  /// After the last switch of the CPU its `next` runs; without a switch behind it, whoever wrote the last record, or before
  /// any record the first one: no switch happened in between.
  func curr(_ cpu: CPU, _ interval: Int) -> Pid? {
    guard let curr = told(cpu, interval) else { return nil }
    // The next record must go on with that task; the one that has just left the CPU may still write.
    guard let next = events[(interval + 1)...].first(where: { $0.cpu == cpu }), next.loss == nil else { return curr }
    if Self.writer(next) == curr { return curr }
    let last = events[...interval].last { $0.cpu == cpu && (Self.isSwitch($0) || Self.writer($0) == curr) }
    if let last, case .switched(let record) = last.body, record.previous.pid == Self.writer(next) { return curr }
    return nil
  }

  /// The same by the records before alone.
  private func told(_ cpu: CPU, _ interval: Int) -> Pid? {
    for index in stride(from: interval, through: 0, by: -1) where events[index].cpu == cpu {
      if events[index].loss != nil { return nil }
      if case .switched(let record) = events[index].body { return record.next.pid }
      // A switch further back decides, unless a hole lies between.
      let before = events[..<index].last { $0.cpu == cpu && ($0.loss != nil || Self.isSwitch($0)) }
      if let before, case .switched(let record) = before.body { return record.next.pid }
      return Self.writer(events[index])
    }
    guard let first = events.first(where: { $0.cpu == cpu }), first.loss == nil else { return nil }
    return Self.writer(first)
  }

  /// The same, as far as the records up to then tell: before its first record a CPU is not known.
  func currSoFar(_ cpu: CPU, _ interval: Int) -> Pid? {
    events[...interval].contains { $0.cpu == cpu } ? curr(cpu, interval) : nil
  }

  static func isSwitch(_ event: SchedEvent) -> Bool { if case .switched = event.body { true } else { false } }

  /// Where a task runs in an interval.
  func runs(_ pid: Pid, _ interval: Int) -> CPU? { cpus.first { curr($0, interval) == pid } }

  /// Busy, idle and lost time of a CPU.
  func usage(_ cpu: CPU) -> (busy: Int64, idle: Int64, lost: Int64) {
    var sums = (busy: Int64(0), idle: Int64(0), lost: Int64(0))
    for interval in events.indices {
      switch curr(cpu, interval) {
      case nil: sums.lost += length(interval)
      case 0: sums.idle += length(interval)
      default: sums.busy += length(interval)
      }
    }
    return sums
  }

  // MARK: - Priorities

  /// The priority that the last event so far gave a task.
  func priority(_ pid: Pid, _ interval: Int) -> Int32? {
    for index in stride(from: interval, through: 0, by: -1) {
      switch events[index].body {
      case .switched(let record):
        if record.next.pid == pid { return record.next.priority.rawValue }
        if record.previous.pid == pid { return record.previous.priority.rawValue }
      case .waking(let record), .wakeup(let record):
        if record.task.pid == pid { return record.task.priority.rawValue }
      case .migrated(let task, _, _): if task.pid == pid { return task.priority.rawValue }
      default: break
      }
    }
    return nil
  }
}

/// A wait as the list of events tells it.
struct NaiveWait: Equatable {
  var waiter: Pid
  var lock: LockAddress
  var begin: Timestamp
  var length: Int64
  var result: WaitResult
  var asleep: Int64?
  var isCut: Bool
  /// The events that begin it and end it, or show that its end was lost; `nil` = none does.
  var first: Int
  var last: Int?

  func isOpen(_ interval: Int) -> Bool { !isCut && first <= interval && (last.map { interval < $0 } ?? true) }
}

// MARK: - Waits

extension NaiveModel {
  /// Holes as (CPU, since, until).
  var holes: [(cpu: CPU, index: Int, since: Timestamp, until: Timestamp)] {
    events.indices.compactMap { index in
      guard case .lost(let lost) = events[index].body else { return nil }
      return (
        events[index].cpu, index, lost.isAtStart ? begin : events[index].timestamp, lost.until ?? Timestamp(.max)
      )
    }
  }

  /// What is stated while records of some CPU are missing is no better known than by inference.
  func besideHole(_ evidence: Evidence, _ interval: Int) -> Evidence {
    let isBeside = cpus.contains { cpu in events[...interval].last { $0.cpu == cpu }?.loss != nil }
    return isBeside ? evidence.combined(with: .inferred(.besideGap)) : evidence
  }

  /// From each first `contention_begin` of a task on a lock to its next `contention_end` there.
  private func findWaits() -> [NaiveWait] {
    var found: [NaiveWait] = []
    for index in events.indices {
      switch events[index].body {
      case .contentionBegan(let lock, _):
        let pid = Self.writer(events[index])
        if found.contains(where: { covers($0, pid, lock, index) }) { continue }
        found.append(wait(of: pid, on: lock, from: index))
      case .contentionEnded(let lock, let result):
        let pid = Self.writer(events[index])
        if found.contains(where: { $0.last == index && $0.result != .lost }) { continue }
        guard events[..<index].contains(where: { $0.begins(lock) }) else { continue }
        // It lasted at least since the last instant at which a hole could have hidden its begin.
        let known = holes.filter { $0.index < index }.map(\.until).max() ?? begin
        let since = min(known, time(index))
        found.append(
          NaiveWait(
            waiter: pid, lock: lock, begin: since, length: time(index) - since,
            result: result == 0 ? .acquired : .failed(errno: result), asleep: nil, isCut: true, first: index,
            last: index))
      default: break
      }
    }
    return found.sorted { ($0.begin, $0.first) < ($1.begin, $1.first) }
  }

  /// Whether a begin at `index` is a phase of a wait that is already there.
  private func covers(_ wait: NaiveWait, _ pid: Pid, _ lock: LockAddress, _ index: Int) -> Bool {
    wait.waiter == pid && wait.lock == lock && !wait.isCut && wait.first < index
      && (wait.last.map { index < $0 } ?? true)
  }

  private func wait(of pid: Pid, on lock: LockAddress, from first: Int) -> NaiveWait {
    var wait = NaiveWait(
      waiter: pid, lock: lock, begin: time(first), length: end - time(first), result: .open, asleep: 0, isCut: false,
      first: first, last: nil)
    let doubt = doubtful(pid, from: first)
    for index in events.indices where index > first && Self.writer(events[index]) == pid {
      if case .contentionEnded(lock, let result) = events[index].body {
        wait.last = index
        wait.length = time(index) - wait.begin
        wait.result = result == 0 ? .acquired : .failed(errno: result)
        break
      }
      // It waits anew, and a hole may hide the end of this wait: no more is claimed than what the hole leaves.
      if case .contentionBegan = events[index].body, let doubt, doubt.index < index {
        wait.last = index
        wait.result = .lost
        break
      }
    }
    let isDoubtful = doubt.map { $0.index < wait.last ?? .max } ?? false
    if let doubt, isDoubtful, wait.last == nil || wait.result == .lost {
      wait.result = .lost
      wait.length = doubt.since - wait.begin
    }
    wait.asleep = isDoubtful ? nil : timeOffCPU(pid, from: first, to: wait.last ?? events.count)
    return wait
  }

  /// From when on a hole may hide what the task does: the first instant of a hole at which it is not seen to run elsewhere.
  private func doubtful(_ pid: Pid, from first: Int) -> (since: Timestamp, index: Int)? {
    for index in events.indices where index >= first {
      for hole in holes where hole.index == index || (hole.index < index && time(index) < hole.until) {
        if let cpu = runs(pid, index), cpu != hole.cpu { continue }
        return (max(hole.index == index ? hole.since : time(index), time(first)), index)
      }
    }
    return nil
  }

  private func timeOffCPU(_ pid: Pid, from first: Int, to last: Int) -> Int64 {
    var sum: Int64 = 0
    for interval in first..<last where runs(pid, interval) == nil { sum += length(interval) }
    return sum
  }
}

extension SchedEvent {
  func begins(_ lock: LockAddress) -> Bool {
    if case .contentionBegan(lock, _) = body { true } else { false }
  }
}
