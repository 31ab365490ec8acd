import ProxyModel
import ProxyReport
import TraceCore

// The lanes of a CPU: curr below, donor above.

extension SceneBuilder {
  func cpuLanes(_ cpu: CPU) -> [Scene.Lane] {
    let donors = Condenser.condense(donorBars(cpu), resolution)
    let runs = Condenser.condense(currBars(cpu), resolution)
    let curr = Scene.Lane(label: "CPU \(cpu)", hover: "rq->curr", kind: .curr, bars: runs)
    // A lane without a bar would say nothing but that donor and curr are one.
    if donors.isEmpty { return [curr] }
    return [
      Scene.Lane(label: "donor", hover: "rq->donor, where it is not curr", kind: .donor, bars: donors), curr,
    ]
  }

  private func donorBars(_ cpu: CPU) -> [Scene.Bar] {
    var bars = rows.splits.filter { $0.cpu == cpu }.map { split in
      bar(
        split.begin, split.end, isForThisWait(split) ? .proxied : .other, text.name(split.donor),
        [
          "donor \(text.name(split.donor)) (\(text.nice(split.donor.priority)))",
          "curr \(text.name(split.curr)) (\(text.nice(split.curr.priority)))"
            + (split.depth.map { ", over \($0) lock\($0 == 1 ? "" : "s")" } ?? ""),
        ], split.evidence)
    }
    bars += picks(cpu)
    return bars.sorted { $0.begin < $1.begin }
  }

  /// Where a CPU idles and its scheduler chooses a blocked task again and again: nothing runs on its account. Picks further apart than a
  /// tick are drawn apart; all of them are the row's.
  private func picks(_ cpu: CPU) -> [Scene.Bar] {
    var bursts: [(pid: Pid, begin: Timestamp, end: Timestamp, count: UInt64)] = []
    for pick in events.picks where pick.cpu == cpu {
      if let last = bursts.last, last.pid == pick.pid, pick.time - last.end <= IdlePickRow.longestPause {
        bursts[bursts.count - 1].end = pick.time
        bursts[bursts.count - 1].count += 1
      } else {
        bursts.append((pick.pid, pick.time, pick.time, 1))
      }
    }
    return bursts.map { burst in
      let name = name(of: burst.pid)
      return bar(
        burst.begin, max(burst.end, burst.begin + max(resolution, 1)), .picked, "\(name) ×\(burst.count)",
        ["CPU \(cpu) idles and picks \(name), which is blocked, \(burst.count) times"], .probe)
    }
  }

  private func name(of pid: Pid) -> String {
    rows.participants.first { $0.pid == pid }.map { text.name($0) } ?? "pid \(pid)"
  }

  private func currBars(_ cpu: CPU) -> [Scene.Bar] {
    var bars: [Scene.Bar] = []
    for run in events.runs where run.cpu == cpu && run.task.pid != 0 {
      bars += pieces(of: run)
    }
    for lost in events.lost where lost.cpu == cpu {
      bars.append(bar(lost.begin, lost.end, .lost, "no records", ["no records of CPU \(cpu)"]))
    }
    return bars.sorted { $0.begin < $1.begin }
  }

  /// A run in pieces, so that each piece's colour says what it meant for the wait.
  private func pieces(of run: PictureEvents.Run) -> [Scene.Bar] {
    let (begin, end) = (max(run.begin, window.begin), min(run.end, window.end))
    guard end > begin else { return [] }
    let name = text.name(run.task)
    let hover = ["\(name) (\(text.nice(run.task.priority))) on CPU \(run.cpu)"]
    if run.task.pid == rows.waiter { return [bar(run.begin, run.end, .waiter, name, hover)] }
    guard rows.isParticipant(run.task.pid) else { return othersPieces(run.cpu, begin, end, name, hover) }
    let pieces = ownerPieces(run.task.pid, run.cpu, begin, end, hover) { _ in name }
    // Before it is in the chain, or after it, a task of the wait may be in its way like any other.
    return pieces.flatMap { piece -> [Scene.Bar] in
      piece.style == .other ? othersPieces(run.cpu, piece.begin, piece.end, name, hover) : [piece]
    }
  }

  /// A run of a task that is not in the wait's chain.
  private func othersPieces(
    _ cpu: CPU, _ begin: Timestamp, _ end: Timestamp, _ name: String, _ hover: [String]
  ) -> [Scene.Bar] {
    let inverted = rows.inversions.filter { $0.row.cpu == cpu && $0.row.begin < end && $0.row.end > begin }
    let equal = rows.segments.filter { $0.kind == .preempted && $0.begin < end && $0.end > begin }
      .filter { ownerIsQueued(on: cpu, at: max($0.begin, begin)) }
    let parts: [(Timestamp, Timestamp, BarStyle)] =
      inverted.map { ($0.row.begin, $0.row.end, .inverted) } + equal.map { ($0.begin, $0.end, .preempted) }
    return cut(begin, end, parts, otherwise: .other) { from, to, style in
      let meaning: [String] =
        switch style {
        case .inverted: ["less urgent than the waiter, and in its owner's way"]
        case .preempted: ["as urgent as the waiter or more, while its owner is ready here"]
        default: []
        }
      return self.bar(from, to, style, name, hover + meaning)
    }
  }

  /// Whether a CPU is given away by a task that waits in this wait's chain, before the task that runs: the wait's class is then
  /// `proxied`. Where the wait has no chain, a task of the picture is enough.
  private func isForThisWait(_ split: SplitRow) -> Bool {
    let chains = rows.chains.filter { $0.begin < split.end && $0.end > split.begin }.map { $0.path.map(\.pid) }
    if chains.isEmpty { return rows.isParticipant(split.donor.pid) }
    return chains.contains { path in
      path.firstIndex(of: split.curr.pid).map { path[..<$0].contains(split.donor.pid) } ?? false
    }
  }

  /// A stretch in which a task of the picture runs: on a donor's account; as an owner in the wait's chain; or outside of it, as an
  /// owner does that has released its lock.
  /// - Parameter label: the label, with the donor where there is one.
  func ownerPieces(
    _ pid: Pid, _ cpu: CPU, _ begin: Timestamp, _ end: Timestamp, _ hover: [String], _ label: (TaskLabel?) -> String
  ) -> [Scene.Bar] {
    let splits = rows.splits.filter { $0.cpu == cpu && $0.curr.pid == pid && $0.begin < end && $0.end > begin }
    let chains = rows.chains.filter { chain in
      chain.begin < end && chain.end > begin && chain.path.dropFirst().contains { $0.pid == pid }
    }
    let owning = chains.map { (begin: $0.begin, end: $0.end, style: BarStyle.running) }
    func piece(_ from: Timestamp, _ to: Timestamp, _ style: BarStyle) -> Scene.Bar {
      let split = splits.first { $0.begin <= from && to <= $0.end }
      let account = split.map { ["on the account of \(text.name($0.donor))"] } ?? []
      let words = style == .running && split == nil ? ["on its own account"] : account
      return bar(from, to, style, label(split?.donor), hover + words, split?.evidence)
    }
    // A split can go on where its part of the wait has ended: what lies outside of it is not on its account.
    let accounts = splits.map { (begin: $0.begin, end: $0.end, style: BarStyle.other) }
    return cut(begin, end, splits.flatMap(donated), otherwise: .other, piece)
      .flatMap { $0.style == .other ? cut($0.begin, $0.end, accounts, otherwise: .other, piece) : [$0] }
      .flatMap { $0.style == .other ? cut($0.begin, $0.end, owning, otherwise: .other, piece) : [$0] }
  }

  /// The parts of a split that are green: in the wait those of its class `proxied`, outside of it where a task of the picture is donor.
  private func donated(_ split: SplitRow) -> [(begin: Timestamp, end: Timestamp, style: BarStyle)] {
    var parts = rows.segments.filter { $0.kind == .proxied && $0.begin < split.end && $0.end > split.begin }
      .map { (begin: max($0.begin, split.begin), end: min($0.end, split.end), style: BarStyle.proxied) }
    if isForThisWait(split) {
      if split.begin < rows.wait.begin { parts.append((split.begin, min(split.end, rows.wait.begin), .proxied)) }
      if split.end > rows.waitEnd { parts.append((max(split.begin, rows.waitEnd), split.end, .proxied)) }
    }
    return parts
  }

  private func ownerIsQueued(on cpu: CPU, at time: Timestamp) -> Bool {
    guard let owner = rows.chains.last(where: { $0.begin <= time })?.terminal?.pid else { return false }
    return events.stretches.contains {
      $0.pid == owner && $0.place == .queued(cpu) && $0.begin <= time && $0.end > time
    }
  }

  /// A stretch cut by others that lie in it.
  private func cut(
    _ begin: Timestamp, _ end: Timestamp, _ parts: [(begin: Timestamp, end: Timestamp, style: BarStyle)],
    otherwise: BarStyle, _ bar: (Timestamp, Timestamp, BarStyle) -> Scene.Bar
  ) -> [Scene.Bar] {
    var bars: [Scene.Bar] = []
    var place = begin
    for part in parts.sorted(by: { $0.begin < $1.begin }) {
      let (from, to) = (max(part.begin, place), min(part.end, end))
      guard to > from else { continue }
      if from > place { bars.append(bar(place, from, otherwise)) }
      bars.append(bar(from, to, part.style))
      place = to
    }
    if place < end { bars.append(bar(place, end, otherwise)) }
    return bars
  }
}
