import TraceCore

/// What the records that follow on the same CPU tell of a journal entry.
enum Sequel: Equatable, BitwiseCopyable {
  /// Nothing that matters.
  case none
  /// Not known yet; no replay passes it before.
  case pending
  /// Of a switch: the probe beside it names `rq->donor`; `nil` = the task that was switched in itself.
  case donor(TaskIndex?, depth: UInt8)
  /// Of a choice: no switch followed, so that curr goes on.
  case stayed
  /// Of a choice: another one followed, and at last curr went on.
  case replaced
  /// Of a choice: a switch followed, before or after others.
  case switched(at: Timestamp, leftRunnable: Bool)
}

/// Journal entries whose sequel is open.
///
/// Two kinds of entry need one: a switch, where the switch probe stands beside it (the one of both that registered first
/// with the tracepoint writes first), and a choice of the scheduler, which `set_next_*` shows before it leads to a switch or
/// to none.
struct SequelBook {
  private enum Kind {
    case switched, chose
  }

  /// Switches without a probe after which none is expected any more.
  private static let enoughWithout = 16

  /// In order of position.
  private var open: [(lane: Int, position: Int, kind: Kind)] = []
  /// Switches without a probe since the last probe.
  private var without = 0
  /// Probes that stood before their switch, which comes next on the CPU.
  private var early: [(lane: Int, next: TaskIndex, sequel: Sequel)] = []

  /// The first position that is not decided; `nil` where all are.
  var frontier: Int? { open.first?.position }

  /// Nothing is open, and no probe is expected beside a switch.
  var expectsNothing: Bool { open.isEmpty && early.isEmpty && without >= Self.enoughWithout }

  /// A CPU has switched: that is what its last choices led to. Its probe may follow.
  /// - Returns: the switch's own sequel; `pending` where its probe may follow, to be told ``awaitProbe(_:position:in:)``.
  @inline(__always)
  mutating func switched(
    _ lane: Int, to next: TaskIndex, isIdle: Bool, leftRunnable: Bool, at time: Timestamp, in journal: inout Journal
  ) -> Sequel {
    if !open.isEmpty {
      settle(lane, in: &journal) { kind, _ in
        kind == .chose ? .switched(at: time, leftRunnable: leftRunnable) : .none
      }
    }
    if !early.isEmpty, let place = early.firstIndex(where: { $0.lane == lane }) {
      let probe = early.remove(at: place)
      if probe.next == next { return probe.sequel }
    }
    return isIdle || without >= Self.enoughWithout ? .none : .pending
  }

  /// A switch is in the journal, and the probe beside it may follow.
  mutating func awaitProbe(_ lane: Int, position: Int, in journal: inout Journal) {
    journal.setSequel(.pending, at: position)
    open.append((lane, position, .switched))
  }

  /// The scheduler has chosen a task as donor.
  mutating func chose(_ lane: Int, position: Int, in journal: inout Journal) {
    settle(lane, kind: .switched, in: &journal) { _, _ in .none }
    journal.setSequel(.pending, at: position)
    open.append((lane, position, .chose))
  }

  /// The switch probe, whose `next` is curr already or is switched in by the CPU's next record.
  mutating func probed(
    _ lane: Int, next: TaskIndex, isCurrent: Bool, donor: TaskIndex?, depth: UInt8, in journal: inout Journal
  ) {
    without = 0
    let sequel = Sequel.donor(donor, depth: depth)
    if isCurrent {
      settle(lane, in: &journal) { kind, isLast in kind == .switched ? sequel : isLast ? .stayed : .replaced }
    } else {
      early.removeAll { $0.lane == lane }
      early.append((lane, next, sequel))
    }
  }

  /// A record that neither switches nor chooses: curr goes on.
  mutating func goesOn(_ lane: Int, in journal: inout Journal) {
    if open.isEmpty { return }
    if open.contains(where: { $0.lane == lane && $0.kind == .switched }) { without += 1 }
    settle(lane, in: &journal) { kind, isLast in kind == .switched ? .none : isLast ? .stayed : .replaced }
  }

  /// Records of the CPU are missing: nothing is known of what followed.
  mutating func lost(_ lane: Int, in journal: inout Journal) {
    early.removeAll { $0.lane == lane }
    settle(lane, in: &journal) { _, _ in .none }
  }

  /// The journal must go on, whatever is open.
  mutating func giveUp(before position: Int, in journal: inout Journal) {
    while let first = open.first, first.position < position {
      journal.setSequel(.none, at: first.position)
      open.removeFirst()
    }
  }

  /// No more records come: each CPU goes on.
  mutating func finish(in journal: inout Journal) {
    while let lane = open.first?.lane { goesOn(lane, in: &journal) }
  }

  /// Closes what is open on a CPU; `sequel` gets the kind of an entry and whether it is the CPU's last one.
  private mutating func settle(
    _ lane: Int, kind: Kind? = nil, in journal: inout Journal, _ sequel: (Kind, Bool) -> Sequel
  ) {
    if open.isEmpty { return }
    let last = open.last { $0.lane == lane }?.position
    open.removeAll { entry in
      guard entry.lane == lane, kind == nil || kind == entry.kind else { return false }
      journal.setSequel(sequel(entry.kind, entry.position == last), at: entry.position)
      return true
    }
  }
}
