import ProxyModel
import ProxyReport
import TraceCore

// The lanes of tasks and of locks, and the arrows between lanes.

extension SceneBuilder {
  func taskLane(_ task: TaskLabel) -> Scene.Lane {
    let stretches = events.stretches.filter { $0.pid == task.pid }
    let waits = rows.waits.filter { $0.row.waiter.pid == task.pid }.map(\.row)
    let bars = stretches.flatMap { pieces(of: $0, waits) }.sorted { $0.begin < $1.begin }
    let role = task.pid == rows.waiter ? "waiter" : rows.isParticipant(task.pid) ? "owner" : "waits too"
    return Scene.Lane(
      label: "\(text.name(task)) \(text.nice(task.priority))", hover: role, kind: .task,
      bars: Condenser.condense(bars, resolution))
  }

  private func pieces(of stretch: PictureEvents.Stretch, _ waits: [WaitRow]) -> [Scene.Bar] {
    switch stretch.place {
    case .running(let cpu): return running(stretch, cpu)
    case .queued(let cpu):
      return [bar(stretch.begin, stretch.end, .queued, "ready, CPU \(cpu)", ["ready on CPU \(cpu), not running"])]
    case .off(let state):
      // Off the CPU inside a wait: blocked on the lock. Else it sleeps on something that the capture does not name.
      var bars: [Scene.Bar] = []
      var place = stretch.begin
      for wait in waits {
        let (from, to) = (max(wait.begin, place), min(wait.begin + wait.length, stretch.end))
        guard to > from else { continue }
        if from > place { bars.append(asleep(place, from, state)) }
        bars.append(
          bar(
            from, to, .blocked, "blocked on \(text.person.lock(wait.lock))",
            ["blocked on \(text.person.lock(wait.lock)), state \(state)"]))
        place = to
      }
      if place < stretch.end { bars.append(asleep(place, stretch.end, state)) }
      return bars
    }
  }

  private func asleep(_ from: Timestamp, _ to: Timestamp, _ state: TaskState) -> Scene.Bar {
    bar(from, to, .off, state.isDead ? "exits" : "asleep (\(state))", ["off the CPU, state \(state)"])
  }

  private func running(_ stretch: PictureEvents.Stretch, _ cpu: CPU) -> [Scene.Bar] {
    let label = "runs, CPU \(cpu)"
    if stretch.pid == rows.waiter { return [bar(stretch.begin, stretch.end, .waiter, label, [label])] }
    let (begin, end) = (max(stretch.begin, window.begin), min(stretch.end, window.end))
    guard end > begin else { return [] }
    return ownerPieces(stretch.pid, cpu, begin, end, [label]) { donor in
      donor.map { "runs for \(text.name($0)), CPU \(cpu)" } ?? label
    }
  }

  func lockLane(_ lock: LockAddress) -> Scene.Lane {
    let name = text.person.lock(lock)
    let bars = rows.holds.filter { $0.lock == lock }.map { hold in
      bar(
        hold.begin, hold.end, .hold, "\(EvidenceMark(hold.evidence).glyph) \(text.name(hold.owner))",
        ["\(name) held by \(text.name(hold.owner))", "at most \(hold.waiters) waiting"], hold.evidence)
    }
    return Scene.Lane(
      label: name, hover: "holds that somebody waited for", kind: .lock, bars: Condenser.condense(bars, resolution))
  }

  // MARK: Arrows

  /// More arrows than these hide what they are to show.
  private static let mostArrows = 24
  /// Of the picture's finest steps: two arrows closer than this are one.
  private static let arrowWidth: Int64 = 36

  func arrows(_ cpus: CPUPlaces, _ tasks: [TaskLabel]) -> [Scene.Arrow] {
    let lane = { (pid: Pid) in tasks.firstIndex { $0.pid == pid } }
    var arrows: [Scene.Arrow] = []
    var shown: [Pid] = []
    var drawn: [[Pid]: Timestamp] = [:]
    for chain in rows.chains where chain.begin >= window.begin && chain.begin < window.end {
      let path = chain.path.map(\.pid)
      // The same link again says nothing new, nor does one beside another.
      let old = zip(shown, shown.dropFirst()).map { [$0, $1] }
      shown = path
      for (place, lock) in chain.locks.enumerated() where place + 1 < path.count {
        let link = [path[place], path[place + 1]]
        guard let from = lane(link[0]), let to = lane(link[1]), !old.contains(link) else { continue }
        if let last = drawn[link], chain.begin - last < Self.arrowWidth * resolution { continue }
        drawn[link] = chain.begin
        arrows.append(
          Scene.Arrow(
            kind: .blocked, from: .init(group: 2, lane: from, time: chain.begin),
            to: .init(group: 2, lane: to, time: chain.begin), label: "",
            hover: "\(text.name(chain.path[place])) waits for \(text.person.lock(lock)), held by "
              + "\(text.name(chain.path[place + 1]))\n\(text.person.instant(chain.begin))\n\(text.known(chain.evidence))"
          ))
      }
    }
    for move in rows.migrations where move.kind == .proxy {
      guard let from = cpus.curr[move.from], let to = cpus.top[move.to] else { continue }
      arrows.append(
        Scene.Arrow(
          kind: .silent, from: .init(group: 1, lane: from, time: move.time),
          to: .init(group: 1, lane: to, time: move.time), label: "\(text.name(move.task)) moves",
          hover: "\(text.name(move.task)) is moved from CPU \(move.from) to CPU \(move.to) without an event; "
            + "at the earliest at \(text.person.instant(move.time))\n\(text.known(move.evidence))"))
    }
    for handoff in rows.handoffs where handoff.kind == .release {
      guard let from = lane(handoff.from.pid), let to = lane(handoff.to.pid), from != to,
        handoff.begin >= window.begin, handoff.begin < window.end
      else { continue }
      arrows.append(
        Scene.Arrow(
          kind: .release, from: .init(group: 2, lane: from, time: handoff.begin),
          to: .init(group: 2, lane: to, time: handoff.begin + max(handoff.wake ?? 0, 0)), label: "",
          hover: handoffWords(handoff)))
    }
    return Array(arrows.prefix(Self.mostArrows))
  }

  private func handoffWords(_ handoff: HandoffRow) -> String {
    var lines = ["\(text.name(handoff.from)) hands \(text.person.lock(handoff.lock)) to \(text.name(handoff.to))"]
    for (name, part) in [
      ("release to waking", handoff.wake), ("waking to queued", handoff.queue), ("queued to running", handoff.run),
      ("running to lock taken", handoff.acquire),
    ] {
      if let part, part >= 0 { lines.append("\(name) \(text.person.duration(part))") }
    }
    return (lines + [text.stretch(handoff.begin, handoff.end), text.known(handoff.evidence)]).joined(separator: "\n")
  }
}

/// Where the lanes of CPUs stand in their group.
struct CPUPlaces {
  /// Of `rq->curr`.
  private(set) var curr: [CPU: Int] = [:]
  /// The upper lane: of the donor, where there is one.
  private(set) var top: [CPU: Int] = [:]

  init(_ cpus: [CPU], _ lanes: [[Scene.Lane]]) {
    var place = 0
    for (cpu, lanes) in zip(cpus, lanes) {
      top[cpu] = place
      place += lanes.count
      curr[cpu] = place - 1
    }
  }
}
