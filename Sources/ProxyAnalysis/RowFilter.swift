import ProxyModel
public import TraceCore

/// Which rows a report shows. The whole capture is analysed whatever the filter, so that states are right at the edges of a
/// window; the filter chooses among the resulting rows. A property that is `nil` chooses every row.
public struct RowFilter: Sendable, Hashable {
  /// Rows that have a CPU must have one of these.
  public var cpus: NumberList?
  /// Rows that have a time must not end before it.
  public var from: Timestamp?
  /// Rows that have a time must not begin after it.
  public var to: Timestamp?
  /// Rows that name tasks must name one with such a pid. Where ``comm`` is given, the same task must have such a name.
  public var pids: NumberList?
  /// Rows that name tasks must name one with such a name.
  public var comm: CommPattern?

  /// A filter; by default one that chooses every row.
  public init(
    cpus: NumberList? = nil, from: Timestamp? = nil, to: Timestamp? = nil, pids: NumberList? = nil,
    comm: CommPattern? = nil
  ) {
    self.cpus = cpus
    self.from = from
    self.to = to
    self.pids = pids
    self.comm = comm
  }

  /// Whether it chooses every row.
  public var isEmpty: Bool { self == RowFilter() }

  /// Whether it chooses by time.
  public var hasWindow: Bool { from != nil || to != nil }
}

// MARK: - What a row has

extension RowFilter {
  private func chooses(_ cpu: CPU) -> Bool { cpus?.contains(cpu) ?? true }

  /// Both edges belong to the window, so that an event is found by its own time.
  private func chooses(_ begin: Timestamp, _ end: Timestamp) -> Bool {
    // A damaged file can have a row end before it begins.
    begin <= to ?? Timestamp(.max) && max(begin, end) >= from ?? Timestamp(0)
  }

  private func chooses(_ pid: Pid, _ name: Comm) -> Bool {
    (pids?.contains(pid) ?? true) && (comm?.matches(name) ?? true)
  }

  private func chooses(_ task: TaskLabel) -> Bool { chooses(task.pid, task.comm) }
}

// MARK: - Rows

extension RowFilter {
  func chooses(_ row: CPURow) -> Bool { chooses(row.cpu) }

  func chooses(_ row: TaskRow) -> Bool { chooses(row.id.pid, row.comm) }

  func chooses(_ row: WaitRow) -> Bool {
    chooses(row.begin, row.end ?? row.begin + row.length) && (chooses(row.waiter) || row.owner.map(chooses) ?? false)
  }

  func chooses(_ row: ChainRow) -> Bool { chooses(row.begin, row.end) && row.path.contains(where: chooses) }

  /// A segment without a CPU is of none.
  func chooses(_ row: SegmentRow, of waiter: TaskLabel) -> Bool {
    guard row.cpu.map(chooses) ?? (cpus == nil), chooses(row.begin, row.end) else { return false }
    return chooses(waiter) || [row.owner, row.curr, row.donor].contains { $0.map(chooses) ?? false }
  }

  func chooses(_ row: RunRow) -> Bool {
    chooses(row.cpu) && chooses(row.begin, row.end) && (chooses(row.task) || row.donor.map(chooses) ?? false)
  }

  func chooses(_ row: DelayRow) -> Bool {
    chooses(row.cpu) && chooses(row.begin, row.end ?? row.begin + row.length)
      && (chooses(row.task) || row.culprits.contains { chooses($0.task) })
  }

  func chooses(_ row: SplitRow) -> Bool {
    chooses(row.cpu) && chooses(row.begin, row.end) && (chooses(row.donor) || chooses(row.curr))
  }

  func chooses(_ row: InversionRow) -> Bool {
    chooses(row.cpu) && chooses(row.begin, row.end)
      && (chooses(row.waiter) || chooses(row.owner) || row.culprits.contains { chooses($0.task) })
  }

  /// A stall without a CPU is of none.
  func chooses(_ row: StallRow) -> Bool {
    (row.cpu.map(chooses) ?? (cpus == nil)) && chooses(row.begin, row.end)
      && (chooses(row.waiter) || chooses(row.owner))
  }

  func chooses(_ row: HandoffRow) -> Bool {
    chooses(row.begin, row.end) && (chooses(row.from) || chooses(row.to))
  }

  func chooses(_ row: HoldRow) -> Bool { chooses(row.begin, row.end) && chooses(row.owner) }

  func chooses(_ row: HeldTime) -> Bool { chooses(row.begin, row.end) && chooses(row.owner) }

  func chooses(_ row: PairingRow) -> Bool {
    let other = row.clash
    return (chooses(row.cpu) || other.map { chooses($0.cpu) } ?? false)
      && chooses(min(row.time, other?.time ?? row.time), max(row.time, other?.time ?? row.time))
      && (chooses(row.task) || other.map { chooses($0.task) } ?? false)
  }

  func chooses(_ row: IdlePickRow) -> Bool {
    chooses(row.cpu) && chooses(row.begin, row.end) && chooses(row.donor)
  }

  func chooses(_ row: MigrationRow) -> Bool {
    (chooses(row.from) || chooses(row.to)) && chooses(row.time, row.time) && chooses(row.task)
  }

  func chooses(_ row: EnqueueRow) -> Bool {
    (chooses(row.cpu) || row.placedCPU.map { chooses($0) } ?? false) && chooses(row.time, row.time)
      && (chooses(row.donor) || row.owner.map { chooses($0) } ?? false)
  }

  func chooses(_ row: GapRow) -> Bool { chooses(row.cpu) && chooses(row.begin, row.end) }
}
