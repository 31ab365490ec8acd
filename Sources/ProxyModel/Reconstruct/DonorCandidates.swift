import TraceCore

// How sure the choice of a donor is: who else may have been picked, and whether curr may have been picked itself.

/// The blocked tasks besides a donor that may have been picked in its place: a stretch of ``ReconstructedRows/otherDonors``, which
/// has them only if rows of splits are asked for.
struct OtherDonors: BitwiseCopyable, Equatable {
  var first = 0
  var count: UInt32 = 0
}

extension Hypothesis {
  /// A fair donor that outweighs a fair curr so many times leaves it less than a twentieth of what both get.
  private static let clearWeight = 19.0

  /// By which rule a task is the donor of the one that a CPU runs, and whoever else it may be. The donor's chain is the one that
  /// was walked last.
  mutating func weighChoice(
    _ donor: TaskIndex, of next: TaskIndex, on cpu: CPU, _ world: inout World
  ) -> (rule: InferenceRule, others: OtherDonors) {
    let isMoved = isMovedUnseen(on: cpu)
    choice.candidates.removeAll()
    for index in 0..<world.waits.count where world.waits.base[index].isMutex {
      let waiter = world.waits.base[index].waiter
      if waiter != donor, isResident(waiter, cpu, &world), competes(waiter, with: donor, &world),
        ends(waiter, in: next, &world)
      {
        choice.candidates.append(waiter)
      }
    }
    if choice.candidates.isEmpty {
      return (isMoved ? .perhapsMoved : onlyRule(donor, over: next, &world), OtherDonors())
    }
    world.sortByUrgency(&choice.candidates)
    let rule: InferenceRule =
      isMoved
      ? .perhapsMoved : world[choice.candidates[0]].priority == world[donor].priority ? .oneOfEquals : .oneOfSeveral
    let others = OtherDonors(first: rows.otherDonors.count, count: UInt32(choice.candidates.count))
    guard rows.kinds.contains(.splits) else { return (rule, others) }
    for place in choice.candidates.indices { rows.otherDonors.append(world.labelID(choice.candidates[place])) }
    return (rule, others)
  }

  /// Whether the scheduler may pick one blocked task though the other is there. Fair tasks are picked by lag and deadline; of
  /// real-time ones the most urgent goes first, and several of one priority take turns.
  @inline(__always)
  private func competes(_ task: TaskIndex, with donor: TaskIndex, _ world: inout World) -> Bool {
    guard let first = world[donor].priority, let second = world[task].priority else { return true }
    return first.isFair ? second.isFair : first == second
  }

  /// Whether a task of the chain that was walked last, all but its end, came to the CPU by a move that no event shows.
  @inline(__always)
  private func isMovedUnseen(on cpu: CPU) -> Bool {
    for place in chain.tasks.indices.dropLast() where residence.isInferred(chain.tasks[place]) { return true }
    return false
  }

  /// By which rule the one task is the donor that may be: how much of the time curr can have been picked itself.
  @inline(__always)
  private func onlyRule(_ donor: TaskIndex, over curr: TaskIndex, _ world: inout World) -> InferenceRule {
    guard let lent = world[donor].priority else { return .perhapsDonor }
    if !lent.isFair { return .onlyDonor }
    guard let own = world[curr].priority, own.isFair else { return .perhapsDonor }
    return lent.weight >= Self.clearWeight * own.weight
      ? .onlyDonor : lent.weight > own.weight ? .mostlyDonor : .perhapsDonor
  }

  /// Donors that have been moved to other CPUs in this step, where the owner at the chain's end is curr there, and what it runs for
  /// now is less urgent. The CPU chooses anew when a task is attached to it (`attach_task()`, kernel/sched/core.c): at once, and
  /// the donor, if that one goes before by its scheduling class or real-time priority (`wakeup_preempt()`). Of fair tasks the
  /// donor may have to wait until curr's slice is over and its own lag allows it, for milliseconds; no event shows when. From
  /// here on it is not known on whose account curr runs.
  ///
  /// Probes and a sched_ext scheduler's marks tell of such a change themselves.
  mutating func lendToCurrs(_ world: inout World) {
    for place in choice.arrivals.indices where !world.signs.hasProbes && !world.signs.hasMarks {
      let donor = choice.arrivals[place]
      let cpu = residence.cpu(of: donor)
      guard cpu >= 0, isResident(donor, cpu, &world), let curr = world.curr(on: Int(cpu)), world[curr].pid != 0 else {
        continue
      }
      if accounts.count <= Int(cpu) { beginAccounts(upTo: Int(cpu)) }
      guard let now = accountHolder(Int(cpu), curr),
        case (.task(curr), let known) = walk(from: world[donor].wait, &world)
      else { continue }
      let depth = chain.locks.count
      if !isMoreUrgent(donor, now, &world) {
        joinCandidates(donor, on: Int(cpu), curr, &world)
      } else if world[donor].priority?.isFair == false {
        let lent = DonorNow.task(donor, depth: depth, known.combined(with: .inferred(.perhapsArrived)))
        setDonor(Int(cpu), lent, own: .inferred(.perhapsArrived), &world)
      } else {
        setDonor(Int(cpu), .unknown, own: .unknown, &world)
        accounts[Int(cpu)].expect(donor)
      }
    }
  }

  /// One that may be picked in place of the donor has come to a CPU: the choice there is weighed anew.
  private mutating func joinCandidates(
    _ task: TaskIndex, on cpu: Int, _ curr: TaskIndex, _ world: inout World
  ) {
    guard case .task(let donor, _, .inferred) = account(cpu).donor, donor != task, world[donor].wait >= 0,
      competes(task, with: donor, &world), case (.task(curr), let known) = walk(from: world[donor].wait, &world)
    else { return }
    let weighed = weighChoice(donor, of: curr, on: CPU(cpu), &world)
    setOthers(cpu, known.combined(with: .inferred(weighed.rule)), weighed.others, &world)
  }

  /// Whether a task that is about to move is one of those that may be a CPU's donor in place of the one that is named. It may have
  /// been woken just before.
  func isRival(_ task: TaskIndex, of donor: TaskIndex, on cpu: Int, _ world: inout World) -> Bool {
    guard account(cpu).others.count > 0, world[task].wait >= 0, residence.cpu(of: task) == CPU(cpu) else {
      return false
    }
    let wakings = world.scheduling.wakings(of: task)
    let asBlocked = world.scheduling.isBlocked(task) ? wakings : wakings &- 1
    return !residence.isDequeued(task, wakings: asBlocked) && competes(task, with: donor, &world)
  }

  /// On whose account a CPU's curr runs; `nil` where that is not known and nobody has arrived.
  @inline(__always)
  private func accountHolder(_ cpu: Int, _ curr: TaskIndex) -> TaskIndex? {
    switch account(cpu).donor {
    case .own: curr
    case .task(let donor, _, _): donor
    case .unknown: account(cpu).arrived
    }
  }
}
