import ProxyModel
import TraceCore

/// On whose account a CPU's curr runs.
enum NaiveDonor: Equatable {
  case own, unknown
  case task(Pid, Evidence)

  var pid: Pid? { if case .task(let pid, _) = self { pid } else { nil } }
}

/// Where a task is.
enum NaivePlace: Equatable {
  case unknown, asleep
  /// Woken, and on no runqueue yet.
  case waking
  case running(CPU)
  case queued(CPU)
  case blocked(CPU)
}

/// Everything that is known after an event.
struct NaiveMoment {
  var places: [Pid: NaivePlace] = [:]
  /// Blocked tasks that the kernel took off their runqueue.
  var parked: Set<Pid> = []
  /// As far as the events up to now tell: a probe beside a switch comes after it.
  var donors: [CPU: NaiveDonor] = [:]
  /// The waiter that a lock is handed over to.
  var heirs: [LockAddress: Pid] = [:]
  /// Locks that were released on a donor's account.
  var handedOver: Set<LockAddress> = []

  func place(_ pid: Pid) -> NaivePlace { places[pid] ?? .unknown }
}

/// Goes through the events once and writes down a moment for each.
struct NaiveDirector {
  let model: NaiveModel
  private(set) var moments: [NaiveMoment] = []
  private(set) var donors: [CPU: [NaiveDonor]] = [:]
  private var now = NaiveMoment()
  /// Donors that this step has moved to other CPUs.
  private var arrived: [Pid] = []
  /// Whoever has come to a CPU since its last switch and may be its donor.
  private var guests: [CPU: Pid] = [:]
  /// How many others may be a CPU's donor.
  private var rivals: [CPU: Int] = [:]
  /// Blocked tasks that no event shows to be where they are.
  private var movedUnseen: Set<Pid> = []
  /// Where a woken task was blocked, if it was on a runqueue.
  private var blockedOn: [Pid: CPU] = [:]
  private var index = 0

  init(_ model: NaiveModel) {
    self.model = model
    for cpu in model.cpus { donors[cpu] = [] }
  }

  mutating func step(_ index: Int) {
    self.index = index
    let event = model.events[index]
    if event.loss == nil, !isKnown(event.cpu) { appear(event) }
    // The kernel hands a lock that it was lent the CPU for to the waiter that it wakes.
    for (lock, story) in model.stories where story.release(index)?.index == index {
      if now.donors[event.cpu]?.pid != nil { now.handedOver.insert(lock) } else { now.handedOver.remove(lock) }
      now.heirs[lock] = nil
    }
    switch event.body {
    case .lost: lose(event.cpu)
    case .switched(let record): switched(record, event.cpu)
    case .waking(let record):
      if case .blocked(let cpu) = now.place(record.task.pid) {
        blockedOn[record.task.pid] = now.parked.contains(record.task.pid) ? nil : cpu
      }
      now.parked.remove(record.task.pid)
      switch now.place(record.task.pid) {
      case .blocked, .asleep: now.places[record.task.pid] = .waking
      case .running, .queued, .waking, .unknown: break
      }
      inherit(record.task.pid)
    case .wakeup(let record):
      if case .running = now.place(record.task.pid) { break }
      now.places[record.task.pid] = .queued(record.targetCPU)
    case .migrated(let task, _, let cpu): migrated(task.pid, to: cpu)
    case .probedSetNext(let pid, _): choose(pid, event.cpu)
    default: break
    }
    for lock in now.handedOver where model.stories[lock]?.owner(index).isFree != true {
      now.handedOver.remove(lock)
      now.heirs[lock] = nil
    }
    for cpu in model.cpus { donors[cpu]?.append(now.donors[cpu] ?? .own) }
    moments.append(now)
  }

  private func isKnown(_ cpu: CPU) -> Bool {
    index > 0 && model.currSoFar(cpu, index - 1) != nil
  }

  /// A CPU's first record, or the first after a hole.
  private mutating func appear(_ event: SchedEvent) {
    let pid = NaiveModel.writer(event)
    // Behind a hole: in it, any task that is not seen to run may have gone anywhere.
    if model.events[..<index].contains(where: { $0.cpu == event.cpu }) { hide() }
    now.places[pid] = .running(event.cpu)
    // No switch to it is in the trace, so nothing tells on whose account it runs.
    now.donors[event.cpu] = model.proxies && pid != 0 ? .unknown : .own
    guests[event.cpu] = nil
    let isFirst = !model.events[..<index].contains { $0.cpu == event.cpu }
    if isFirst, let donor = now.donors[event.cpu] {
      donors[event.cpu] = donors[event.cpu]?.map { _ in donor }
    }
  }

  /// A hole may hide any release, and any move of a task that is not seen to run.
  private mutating func lose(_ cpu: CPU) {
    for (pid, place) in now.places where place == .running(cpu) { now.places[pid] = .unknown }
    hide()
    now.donors[cpu] = .own
    guests[cpu] = nil
  }

  private mutating func hide() {
    for (pid, place) in now.places {
      if case .running = place { continue }
      now.places[pid] = .unknown
    }
  }

  private mutating func migrated(_ pid: Pid, to cpu: CPU) {
    // A donor that goes home lends nothing more.
    for (lane, donor) in now.donors where lane != cpu && donor.pid == pid { now.donors[lane] = .own }
    for (lane, guest) in guests where lane != cpu && guest == pid && now.donors[lane] == .unknown {
      now.donors[lane] = .own
      guests[lane] = nil
    }
    // It may have been the donor in place of the one that is named.
    for (lane, donor) in now.donors where lane != cpu && isRival(pid, on: lane) {
      guard case .task(let named, .inferred) = donor else { continue }
      now.donors[lane] = .unknown
      guests[lane] = rivals[lane] == 1 ? named : nil
    }
    switch now.place(pid) {
    case .queued: now.places[pid] = .queued(cpu)
    case .blocked:
      now.places[pid] = .blocked(cpu)
      movedUnseen.remove(pid)
    case .running, .waking, .asleep, .unknown: break
    }
  }

  private func isRival(_ pid: Pid, on cpu: CPU) -> Bool {
    guard rivals[cpu] ?? 0 > 0, case .task(let donor, _)? = now.donors[cpu], chain.innermost(pid) != nil else {
      return false
    }
    let wasThere = isResident(pid, cpu) || now.place(pid) != .blocked(cpu) && blockedOn[pid] == cpu
    guard wasThere, let first = model.priority(donor, index), let second = model.priority(pid, index) else {
      return wasThere
    }
    return first >= 100 ? second >= 100 : first == second
  }

  private mutating func inherit(_ pid: Pid) {
    guard let wait = chain.innermost(pid), now.handedOver.contains(model.waits[wait].lock) else { return }
    if now.heirs[model.waits[wait].lock] == nil { now.heirs[model.waits[wait].lock] = pid }
  }

  // MARK: - Switches

  private var chain: NaiveChains { NaiveChains(model: model, moment: now, interval: index) }

  private mutating func switched(_ record: SwitchRecord, _ cpu: CPU) {
    let (left, next) = (record.previous.pid, record.next.pid)
    if left != 0 {
      let isBlocked = chain.innermost(left) != nil
      now.places[left] = record.previousState.isRunnable ? .queued(cpu) : isBlocked ? .blocked(cpu) : .asleep
      if case .blocked? = now.places[left] {
        movedUnseen.remove(left)
        blockedOn[left] = nil
      }
    }
    let before = now.donors[cpu]?.pid ?? left
    guests[cpu] = nil
    rivals[cpu] = nil
    now.places[next] = .running(cpu)
    if let probe = probe(beside: index) {
      now.donors[cpu] = model.proxies ? probe.farthestDonor.map { .task($0, .probe) } ?? .own : .own
      return
    }
    guard model.proxies, next != 0 || !hasProbes(before: index) else {
      now.donors[cpu] = .own
      return
    }
    now.donors[cpu] = infer(cpu, left: left, before: before, isRunnable: record.previousState.isRunnable, next: next)
  }

  private func hasProbes(before index: Int) -> Bool {
    model.events.indices.contains { $0 < index && probe(beside: $0) != nil }
  }

  // MARK: - Probes

  /// The probe that tells of a switch: the CPU's next record, as far as records tell of curr.
  private func probe(beside index: Int) -> SwitchProbe? {
    guard case .switched(let record) = model.events[index].body, record.next.pid != 0 else { return nil }
    for event in model.events[(index + 1)...] where event.cpu == model.events[index].cpu {
      switch event.body {
      case .probedSwitch(let probe): return probe.next == record.next.pid ? probe : nil
      case .other, .migrated, .contentionEnded: continue
      default: return nil
      }
    }
    return nil
  }

  /// A choice changes the donor under curr where no switch comes of it.
  private mutating func choose(_ pid: Pid, _ cpu: CPU) {
    guard model.proxies, let curr = model.curr(cpu, index), curr != 0 else { return }
    guard pid == curr || chain.innermost(pid) != nil else { return }
    let isBlocked = if case .blocked = now.place(pid) { true } else { false }
    let endsInCurr = pid == curr || isBlocked && chain.terminal(of: pid) == curr
    // What the CPU does next, as far as it tells; and whether it chooses again before.
    let later = model.events[(index + 1)...].filter { $0.cpu == cpu }
    let decisive = later.firstIndex { event in
      switch event.body {
      case .other, .migrated, .contentionEnded, .probedSetNext: false
      default: true
      }
    }
    let isReplaced =
      later[..<(decisive ?? later.count)].contains { if case .probedSetNext = $0.body { true } else { false } }
    let next = decisive.map { later[$0] }
    let chosen: Pid? = pid == curr ? nil : pid
    if let next, next.loss != nil {
      if now.donors[cpu] == .unknown || now.donors[cpu]?.pid != chosen { now.donors[cpu] = .unknown }
      return
    }
    let stands =
      switch next?.body {
      // Who blocks or sleeps is still curr while the scheduler picks another. A choice of curr itself is no such pick.
      case .switched(let record):
        pid == curr
          || endsInCurr
            && (record.previousState.isRunnable && record.next.pid != 0 || (next?.timestamp ?? time) - time >= 200_000)
      default: !isReplaced || endsInCurr
      }
    if stands { now.donors[cpu] = pid == curr ? .own : .task(pid, .probe) }
  }

  private var time: Timestamp { model.events[index].timestamp }

  // MARK: - Inference

  /// Whom the scheduler has picked, if it came to run `next`: it goes through the blocked tasks that are more urgent, the
  /// donor before first in line whatever its priority, and moves or drops those whose owners it cannot run here.
  private mutating func infer(_ cpu: CPU, left: Pid, before: Pid, isRunnable: Bool, next: Pid) -> NaiveDonor {
    let keeps = before != next && isResident(before, cpu)
    let urgent = now.places.keys.filter { pid in
      guard isResident(pid, cpu) else { return false }
      if next == 0 || (keeps && pid == before) { return true }
      guard let first = model.priority(pid, index), let second = model.priority(next, index) else { return false }
      return first < second
    }
    var best: Pid?
    for pid in urgent.sorted(by: { rank($0) < rank($1) }) {
      while isResident(pid, cpu), pickAgain(pid, cpu) {}
      if best == nil, isResident(pid, cpu), chain.terminal(of: pid) == next { best = pid }
    }
    lendWhereTheyArrived()
    if next == 0 { return .own }
    // It was lent the CPU, was woken, and runs now by itself.
    if before == next, !isRunnable { return .own }
    guard let best else { return .own }
    return weighed(best, for: next, cpu)
  }

  private mutating func weighed(_ donor: Pid, for next: Pid, _ cpu: CPU) -> NaiveDonor {
    let rivals = rivals(of: donor, for: next, cpu)
    self.rivals[cpu] = rivals.count
    return .task(donor, chain.evidence(of: donor).combined(with: .inferred(rule(of: donor, for: next, rivals))))
  }

  /// Of all that could have been picked in place of a donor, and of curr itself, how sure it is.
  private func rule(of donor: Pid, for next: Pid, _ rivals: [Pid]) -> InferenceRule {
    if let wait = chain.innermost(donor), chain.walk(from: wait).tasks.dropLast().contains(where: movedUnseen.contains)
    {
      return .perhapsMoved
    }
    let first = model.priority(donor, index)
    if let second = rivals.map({ model.priority($0, index) ?? .max }).min() {
      return second == first ?? .max ? .oneOfEquals : .oneOfSeveral
    }
    guard let first else { return .perhapsDonor }
    if first < 100 { return .onlyDonor }
    guard let own = model.priority(next, index), own >= 100 else { return .perhapsDonor }
    // A step of nice is a quarter of weight: 1.25 to the 13th is 18.2, to the 14th 22.7.
    return own - first >= 14 ? .onlyDonor : own > first ? .mostlyDonor : .perhapsDonor
  }

  private func rivals(of donor: Pid, for next: Pid, _ cpu: CPU) -> [Pid] {
    now.places.keys.filter { pid in
      guard pid != donor, isResident(pid, cpu), chain.terminal(of: pid) == next else { return false }
      guard let first = model.priority(donor, index), let second = model.priority(pid, index) else { return true }
      return first >= 100 ? second >= 100 : first == second
    }
  }

  /// Who has come to the CPU where its owner is curr lends it that CPU, if it goes before what that runs for: at once by class or
  /// real-time priority, else at an instant that is not known.
  private mutating func lendWhereTheyArrived() {
    for pid in arrived where !hasProbes(before: index) {
      guard case .blocked(let cpu) = now.place(pid), isResident(pid, cpu), let curr = model.curr(cpu, index), curr != 0,
        chain.terminal(of: pid) == curr, let first = model.priority(pid, index)
      else { continue }
      if now.donors[cpu] == .unknown, guests[cpu] == nil { continue }
      let holder = now.donors[cpu]?.pid ?? guests[cpu] ?? curr
      guard let second = model.priority(holder, index) else { continue }
      if first >= second {
        // From here on the donor is one of several.
        if case .task(holder, .inferred)? = now.donors[cpu], holder != pid, second >= 100 || first == second,
          chain.terminal(of: holder) == curr
        {
          now.donors[cpu] = weighed(holder, for: curr, cpu)
        }
        continue
      }
      if first < 100 {
        now.donors[cpu] = .task(pid, chain.evidence(of: pid).combined(with: .inferred(.perhapsArrived)))
        guests[cpu] = nil
      } else {
        now.donors[cpu] = .unknown
        guests[cpu] = pid
      }
    }
    arrived = []
  }

  private func rank(_ pid: Pid) -> (Int32, Pid) { (model.priority(pid, index) ?? .max, pid) }

  private func isResident(_ pid: Pid, _ cpu: CPU) -> Bool {
    now.place(pid) == .blocked(cpu) && !now.parked.contains(pid) && chain.innermost(pid) != nil
  }

  /// What the kernel does about a donor whose owner it cannot run at once.
  /// - Returns: whether it did something.
  private mutating func pickAgain(_ pid: Pid, _ cpu: CPU) -> Bool {
    guard let wait = chain.innermost(pid) else { return false }
    let walk = chain.walk(from: wait)
    switch walk.end {
    case .free:
      now.parked.insert(pid)
      return true
    case .unknown, .cycle: return false
    case .task(let terminal):
      // Whoever is not on a runqueue cannot be run for anybody.
      switch now.place(terminal) {
      case .blocked, .waking, .asleep:
        now.parked.insert(pid)
        return true
      case .running, .queued, .unknown: break
      }
    }
    for (task, owner) in zip(walk.tasks, walk.tasks.dropFirst()) {
      switch now.place(owner) {
      case .running(let home), .queued(let home), .blocked(let home):
        if home != cpu {
          now.places[task] = .blocked(home)
          movedUnseen.insert(task)
          arrived.append(task)
          return true
        }
      case .waking, .asleep, .unknown: break
      }
    }
    return false
  }
}
