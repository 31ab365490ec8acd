import ProxyModel
import TraceCore

// Windows of problems as the rows state them.

extension Problems {
  /// Somebody's way through problems: through their windows, and through the rows that these name.
  struct Walk {
    fileprivate(set) var windows, rows: RowWalk

    mutating func end() {
      windows.end()
      rows.end()
    }
  }

  func walkThroughWindows() -> Walk { Walk(windows: walk(), rows: walk()) }

  /// A problem with all that is told of it.
  func whole(_ place: Int, _ context: ReportContext) -> Problem {
    var walk = walkThroughWindows()
    let problem = whole(place, context, &walk)
    walk.end()
    return problem
  }

  /// The same, on the way through several.
  func whole(_ place: Int, _ context: ReportContext, _ walk: inout Walk) -> Problem {
    let (key, lockKind) = (all[place].key, all[place].lockKind)
    let marks = windows(of: place, &walk.windows)
    // A problem has a window at least: it was made for one.
    var problem = Problem(key, window(marks[0], of: key.kind, context), lockKind: lockKind)
    walk.rows.visit(Int(marks[0].row))
    for mark in marks.dropFirst() {
      problem.add(window(mark, of: key.kind, context))
      walk.rows.visit(Int(mark.row))
    }
    return problem
  }

  private func window(_ mark: WindowMark, of kind: Finding.Kind, _ context: ReportContext) -> Problem.Window {
    let position = Int(mark.row)
    switch mark.source {
    case .other: return others[position]
    case .stall: return Problem.Window(mark, context.timeline.stalls[position], of: kind)
    case .inversion:
      let rows = context.rows.inversions
      return Problem.Window(mark, rows[position], id: rows.id(at: position))
    case .handoff:
      let rows = context.rows.handoffs
      return Problem.Window(mark, rows[position], id: rows.id(at: position), of: kind)
    case .wait:
      let rows = context.rows.waits
      return Problem.Window(rows[position], id: rows.id(at: position), of: kind)
    }
  }
}

extension Problem.Window {
  fileprivate init(_ mark: WindowMark, _ row: StallRow, of kind: Finding.Kind) {
    let isLate = kind == .lateWakeup
    self.init(
      begin: mark.begin, end: mark.end, wait: row.wait, waiter: row.waiter, cpu: isLate ? nil : row.cpu,
      task: row.owner, culprit: nil, evidence: mark.evidence, place: .wait(row.wait + 1),
      lock: isLate ? row.ownedLock : nil, isTaker: row.kind == .handoff)
  }

  fileprivate init(_ mark: WindowMark, _ row: InversionRow, id: Int) {
    self.init(
      begin: mark.begin, end: mark.end, wait: row.wait, waiter: row.waiter, cpu: row.cpu, task: row.owner,
      culprit: row.culprits.first?.task, evidence: mark.evidence, place: .inversion(id), row: id - 1)
  }

  fileprivate init(_ mark: WindowMark, _ row: HandoffRow, id: Int, of kind: Finding.Kind) {
    let isDonation = kind == .slowDonation
    self.init(
      begin: mark.begin, end: mark.end, wait: row.wait, waiter: isDonation ? row.from : row.to,
      cpu: mark.cpu < 0 ? nil : mark.cpu, task: row.to, culprit: nil, evidence: mark.evidence, place: .handoff(id),
      lock: isDonation ? nil : row.lock, row: id - 1)
  }

  /// All of a wait: one that does not end is told with its owner.
  fileprivate init(_ row: WaitRow, id: Int, of kind: Finding.Kind) {
    self.init(
      begin: row.begin, end: row.begin + row.length, wait: id - 1, waiter: row.waiter, cpu: nil,
      task: kind == .unfinishedWait ? row.owner : row.waiter, culprit: nil, evidence: row.windowEvidence,
      place: .wait(id), row: id - 1)
  }
}

extension WaitRow {
  /// How it is known how long it was.
  var windowEvidence: Evidence { touchesGap ? .unknown : .event }
}
