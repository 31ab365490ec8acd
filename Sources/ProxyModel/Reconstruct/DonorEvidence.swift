import TraceCore

// On whose account a task runs that a CPU has just switched to: what says so, best first.

extension Hypothesis {
  /// - Parameters:
  ///   - named: who an event says runs here, and on whose account.
  ///   - marked: the donor by the callbacks of a sched_ext scheduler.
  mutating func donor(
    _ cpu: Int, left: TaskIndex, _ state: TaskState, next: TaskIndex, _ followUp: FollowUp, named: World.NamedDonor?,
    marked: TaskIndex?, _ world: inout World
  ) -> DonorNow {
    choice.others = OtherDonors()
    if case .donor(let donor, let depth) = followUp {
      if donor == nil { noteUndonated(next, on: CPU(cpu), &world) }
      return donor.map { .task($0, depth: Int(depth), .probe) } ?? .own
    }
    if case .exitDonor(let donor) = followUp {
      if donor == next { noteUndonated(next, on: CPU(cpu), &world) }
      return account(of: donor, for: next, .probe, &world)
    }
    if !proxies { return .own }
    if let named, named.owner == next { return account(of: named.donor, for: next, .event, &world) }
    // The callbacks count more than what priorities suggest: a sched_ext scheduler need not go by them.
    if let marked { return account(of: marked, for: next, nil, &world) }
    if world.signs.hasProbes && world[next].pid == 0 { return .own }
    return inferDonor(cpu, left: left, wasRunnable: state.isRunnable, next: next, &world)
  }

  /// - Parameter evidence: how it is known that the one runs on the other's account; `nil`: as well as that the donor's chain
  ///   ends there.
  mutating func account(
    of donor: TaskIndex, for owner: TaskIndex, _ evidence: Evidence?, _ world: inout World
  ) -> DonorNow {
    if donor == owner { return .own }
    guard world[donor].wait >= 0, case (.task(owner), let known) = walk(from: world[donor].wait, &world) else {
      return .task(donor, depth: nil, evidence ?? .inferred(.markedDonor))
    }
    return .task(donor, depth: chain.locks.count, evidence ?? known.combined(with: .event))
  }
}
