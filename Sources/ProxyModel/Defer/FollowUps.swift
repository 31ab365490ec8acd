import TraceCore

/// What the records that follow on the same CPU tell of a journal entry.
enum FollowUp: Equatable, BitwiseCopyable {
  /// Nothing that matters.
  case none
  /// Not known yet; reconstruction does not pass it before.
  case pending
  /// Of a switch: the probe beside it names `rq->donor`; `nil` = the task that was switched in itself.
  case donor(TaskIndex?, depth: UInt8)
  /// Of a switch: the exit probe behind it read `rq->donor`, which may be the task that was switched in itself.
  case exitDonor(TaskIndex)
  /// Of a choice: no switch followed, so that curr goes on.
  case stayed
  /// Of a choice: another one followed, and at last curr went on.
  case replaced
  /// Of a choice: a switch followed, before or after others; curr left the CPU to another task and stayed runnable.
  case switched(at: Timestamp, wasPreempted: Bool)
}

/// Journal entries of which the records that follow will tell more.
///
/// Two kinds of entry need one: a switch, where the switch probe may write a record before or after it (whichever of
/// the two registered first with the tracepoint), and a choice of the scheduler, which `set_next_*` shows before it leads to a switch or
/// to none.
struct PendingFollowUps {
  private enum Kind {
    case switched, chose
  }

  /// Switches without a probe after which none is expected any more.
  private static let enoughWithout = 16

  /// In order of position.
  private var open: [(cpu: Int, position: Int, kind: Kind)] = []
  /// Switches without a probe since the last probe.
  private var without = 0
  /// The capture has the exit probe: what an interrupt writes between a switch and the end of `__schedule()` decides nothing.
  private var awaitsExits = false
  /// Probes that stood before their switch, which comes next on the CPU.
  private var early: [(cpu: Int, next: TaskIndex, followUp: FollowUp)] = []

  /// The first position that is not decided; `nil` where all are.
  var frontier: Int? { open.first?.position }

  /// Nothing is open, and no probe is expected beside a switch.
  var expectsNothing: Bool { open.isEmpty && early.isEmpty && without >= Self.enoughWithout }

  /// A CPU has switched: that is what its last choices led to. Its probe may follow.
  /// - Returns: the switch's own follow-up; `pending` where its probe may follow, the caller then calls ``awaitProbe(_:position:in:)``.
  @inline(__always)
  mutating func switched(
    _ cpu: Int, to next: TaskIndex, isIdle: Bool, leftRunnable: Bool, at time: Timestamp, in journal: inout Journal
  ) -> FollowUp {
    if !open.isEmpty {
      if awaitsExits, isSwitchOpen(on: cpu) { without += 1 }
      settle(cpu, in: &journal) { kind, _ in
        kind == .chose ? .switched(at: time, wasPreempted: leftRunnable && !isIdle) : .none
      }
    }
    if !early.isEmpty, let place = early.firstIndex(where: { $0.cpu == cpu }) {
      let probe = early.remove(at: place)
      if probe.next == next { return probe.followUp }
    }
    return isIdle || without >= Self.enoughWithout ? .none : .pending
  }

  /// A switch is in the journal, and the probe beside it may follow.
  mutating func awaitProbe(_ cpu: Int, position: Int, in journal: inout Journal) {
    journal.setFollowUp(.pending, at: position)
    open.append((cpu, position, .switched))
  }

  /// The scheduler has chosen a task as donor.
  mutating func chose(_ cpu: Int, position: Int, in journal: inout Journal) {
    settle(cpu, kind: .switched, in: &journal) { _, _ in .none }
    journal.setFollowUp(.pending, at: position)
    open.append((cpu, position, .chose))
  }

  /// The switch probe, whose `next` is curr already or is switched in by the CPU's next record.
  mutating func probed(
    _ cpu: Int, next: TaskIndex, isCurrent: Bool, donor: TaskIndex?, depth: UInt8, in journal: inout Journal
  ) {
    without = 0
    let followUp = FollowUp.donor(donor, depth: depth)
    if isCurrent {
      settle(cpu, in: &journal) { kind, isLast in kind == .switched ? followUp : isLast ? .stayed : .replaced }
    } else {
      early.removeAll { $0.cpu == cpu }
      early.append((cpu, next, followUp))
    }
  }

  /// The exit probe: the scheduler is done, `rq->donor` is this task, and curr goes on.
  /// - Returns: whether a switch waited for it.
  mutating func exited(_ cpu: Int, donor: TaskIndex, in journal: inout Journal) -> Bool {
    without = 0
    awaitsExits = true
    early.removeAll { $0.cpu == cpu }
    let waited = isSwitchOpen(on: cpu)
    settle(cpu, in: &journal) { kind, isLast in
      kind == .switched ? .exitDonor(donor) : isLast ? .stayed : .replaced
    }
    return waited
  }

  /// A record that neither switches nor chooses: curr goes on.
  @inline(__always)
  mutating func goesOn(_ cpu: Int, in journal: inout Journal) { if !open.isEmpty { settleAll(cpu, in: &journal) } }

  @inline(never)
  private mutating func settleAll(_ cpu: Int, in journal: inout Journal) {
    if !awaitsExits, isSwitchOpen(on: cpu) { without += 1 }
    settle(cpu, kind: awaitsExits ? .chose : nil, in: &journal) { kind, isLast in
      kind == .switched ? .none : isLast ? .stayed : .replaced
    }
  }

  /// Records of the CPU are missing: nothing is known of what followed.
  mutating func lost(_ cpu: Int, in journal: inout Journal) {
    early.removeAll { $0.cpu == cpu }
    settle(cpu, in: &journal) { _, _ in .none }
  }

  /// The journal must go on, whatever is open.
  mutating func abandon(before position: Int, in journal: inout Journal) {
    while let first = open.first, first.position < position {
      journal.setFollowUp(.none, at: first.position)
      open.removeFirst()
    }
  }

  /// No more records come: each CPU goes on.
  mutating func finish(in journal: inout Journal) {
    awaitsExits = false
    while let cpu = open.first?.cpu { goesOn(cpu, in: &journal) }
  }

  private func isSwitchOpen(on cpu: Int) -> Bool { open.contains { $0.cpu == cpu && $0.kind == .switched } }

  /// Closes what is open on a CPU; `followUp` gets the kind of an entry and whether it is the CPU's last one.
  private mutating func settle(
    _ cpu: Int, kind: Kind? = nil, in journal: inout Journal, _ followUp: (Kind, Bool) -> FollowUp
  ) {
    if open.isEmpty { return }
    let last = open.last { $0.cpu == cpu }?.position
    open.removeAll { entry in
      guard entry.cpu == cpu, kind == nil || kind == entry.kind else { return false }
      journal.setFollowUp(followUp(entry.kind, entry.position == last), at: entry.position)
      return true
    }
  }
}
