import TraceCore

// Signs of whether the kernel proxies, collected while the capture is reconstructed.

/// What the kernel has shown, whatever it may be taken for.
struct SharedSigns {
  /// A probe has named donors: idle tasks, which have none, need no inference then.
  var hasProbes = false
  /// Switches of which the exit probe and the switch probe name different donors: how many, and when the first was.
  var probeDisagreements: (count: UInt64, first: Timestamp)?
  /// A release of a mutex was seen: this kernel tells of them.
  var hasReleases = false
  /// Marks of a sched_ext scheduler were seen: tasks share as it pleases, and their weights tell nothing.
  var hasMarks = false
  /// An event named a donor.
  var namedDonors: UInt64 = 0
  /// Blocked mutex waiters that were on another CPU when they were woken, though no event had moved them.
  var silentMoves = SignCount()
  /// Tasks that were switched in while a more urgent real-time task was queued on their CPU.
  var outranRealTime: UInt64 = 0
  /// A waiter left its CPU to the idle task although another task was queued there, which then ran without being woken:
  /// `proxy_resched_idle()` (kernel/sched/core.c).
  var idledWithWork = SignCount()
}

/// How often a sign was seen that rests on what is not recorded.
struct SignCount {
  /// While the records of all CPUs were there.
  private(set) var full: UInt64 = 0
  /// While a CPU showed no record, and nothing said that any were missing.
  private(set) var weak: UInt64 = 0

  mutating func add(_ worth: GapState.SignWorth) {
    switch worth {
    case .full: full += 1
    case .weak: weak += 1
    case .none: break
    }
  }
}

/// What a hypothesis has seen: signs that depend on where it takes blocked tasks to be.
struct HypothesisSigns {
  /// Blocked mutex waiters that were where they had blocked when they were woken, though their owner had been on another
  /// CPU's runqueue all the while.
  var stayed: UInt64 = 0
  /// Choices that a probe has seen of a donor for which another task then ran.
  var donorsChosen: UInt64 = 0
  /// Switches to an owner, without a donor in the probe, while a waiter of it was blocked on that CPU that is more urgent.
  var undonated: UInt64 = 0
}

/// All signs together.
struct ProxySigns {
  var shared: SharedSigns
  var hypothesis: HypothesisSigns
  var callbacks: CallbackSigns
  var contests: Contests
}

extension Hypothesis {
  /// The probe says that the task that is switched in runs on its own account: whether a waiter could have lent its own.
  mutating func noteUndonated(_ next: TaskIndex, on cpu: CPU, _ world: inout World) {
    // Where records are missing the waiter may have been woken.
    guard world.gaps.signs != .none, let own = world[next].priority else { return }
    for index in world.waits.indices where isDonor(index, of: next, on: cpu, &world) {
      if let lent = world[world.waits[index].waiter].priority, lent.isMoreUrgent(than: own) {
        signs.undonated += 1
        return
      }
    }
  }

  /// Whether a wait's task is blocked and queued on a CPU, and its chain ends in that owner.
  mutating func isDonor(_ index: Int, of owner: TaskIndex, on cpu: CPU, _ world: inout World) -> Bool {
    let waiter = world.waits[index].waiter
    guard world.waits[index].isMutex, residence(of: waiter, &world) == cpu, !isDequeued(waiter, &world) else {
      return false
    }
    if case (.task(owner), _) = walk(from: index, &world) { return true }
    return false
  }
}
