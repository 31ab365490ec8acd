import ProxyModel
import TraceCore

// The lines that the model adds to the records: one where one of its rows begins or ends.

extension StoryScope {
  /// All facts of the wait, in order of time; at one instant ends come before beginnings.
  func facts() -> [WaitStory.Line] {
    var facts = windows.map { inversionEnd($0.index, $0.row) }
    facts += handoffs.compactMap(releaseSign)
    facts += chains.map(chainLine)
    // Where a mark has the instant it has its own line.
    facts += migrations.filter {
      $0.kind == .proxy && $0.evidence.rule != nil && enqueues[$0.time] == nil && concerns($0.task.pid, at: $0.time)
    }.map(silentMove)
    facts += splits.filter { split in
      let time = max(split.begin, row.begin)
      return concerns(split.curr.pid, at: time) || concerns(split.donor.pid, at: time)
    }.map(splitLine)
    facts += windows.map { inversionBegin($0.index, $0.row) }
    facts += handoffs.compactMap(handoff)
    if let ending { facts.append(ending) }
    // The sort is stable, so that the order above decides within an instant.
    return facts.sorted { $0.time < $1.time }
  }

  private func chainLine(_ chain: ChainRow) -> WaitStory.Line {
    var text: [TextFragment] = ["chain: "]
    for (place, lock) in chain.locks.enumerated() {
      if place < chain.path.count { text.append(.task(chain.path[place].withoutPriority)) }
      text += [" waits for ", .lock(lock)]
      if place + 1 < chain.path.count { text.append(", held by ") }
    }
    if let terminal = chain.terminal {
      text.append(.task(terminal.withoutPriority))
      text.append(.plain(chain.terminalState == .deadlock ? ": a deadlock" : " (\(chain.terminalState.rawValue))"))
    } else {
      text.append(chain.terminalState == .released ? ", which is free now" : ", whose owner is not known")
    }
    return line(
      chain.begin, nil, .chain, chain.path.first, chain.terminal, text,
      evidence: chain.evidence == .unknown ? nil : chain.evidence)
  }

  /// A task runs on a donor's account. Only a donor of this wait's chain makes its class `proxied`.
  private func splitLine(_ split: SplitRow) -> WaitStory.Line {
    let time = max(split.begin, row.begin)
    let length = min(split.end, end) - time
    var text: [TextFragment] = [.task(split.curr.withoutPriority), " runs on the account of ", .task(split.donor)]
    if let depth = split.depth, depth > 1 { text.append(.plain(" over \(depth) locks")) }
    text += [" for ", .duration(length)]
    let chain = chain(at: time)
    if let chain, chain.terminal?.pid == split.curr.pid, !chain.path.contains(where: { $0.pid == split.donor.pid }) {
      text.append("; not a donor of this wait: counts as running")
    }
    return line(time, split.cpu, .ranFor, split.curr, split.donor, text, evidence: split.evidence, length: length)
  }

  private func silentMove(_ move: MigrationRow) -> WaitStory.Line {
    line(
      move.time, move.from, .movedSilently, move.task, nil,
      [
        .task(move.task.withoutPriority), " is moved to ", .cpu(move.to),
        ", its owner's; no event tells when after this",
      ],
      evidence: move.evidence)
  }

  private func inversionBegin(_ index: Int, _ window: InversionRow) -> WaitStory.Line {
    var text: [TextFragment] = [.plain("inversion begins (id \(index + 1)): "), .task(window.owner), " is runnable, "]
    if let first = window.culprits.first {
      text += [.task(first.task), " runs instead"]
      if window.culprits.count > 1 { text.append(.plain(", then \(window.culprits.count - 1) more")) }
    }
    return line(
      window.begin, window.cpu, .inversionBegan, window.owner, window.culprits.first?.task, text,
      evidence: window.evidence)
  }

  private func inversionEnd(_ index: Int, _ window: InversionRow) -> WaitStory.Line {
    line(
      window.end, window.cpu, .inversionEnded, window.owner, window.culprits.first?.task,
      [.plain("inversion ends (id \(index + 1)) after "), .duration(window.length)], length: window.length)
  }

  private func handoff(_ handoff: HandoffRow) -> WaitStory.Line? {
    switch handoff.kind {
    case .donation:
      guard handoff.end > handoff.begin else { return nil }
      return line(
        handoff.end, nil, .donated, handoff.from, handoff.to,
        [
          "first donation: ", .duration(handoff.end - handoff.begin), " after ", .task(handoff.from.withoutPriority),
          " blocked",
        ],
        evidence: handoff.evidence)
    // Other locks than mutexes have readers: the last release before an acquisition need not be the one that led to it.
    case .release: return row.kind == .mutex ? steps(handoff) : nil
    }
  }

  /// Where no event states the release, the instant at which it must have happened.
  private func releaseSign(_ handoff: HandoffRow) -> WaitStory.Line? {
    guard handoff.kind == .release, handoff.evidence.rule != nil, handoff.begin >= row.begin else { return nil }
    return line(
      handoff.begin, nil, .hasReleased, handoff.from, nil,
      [.task(handoff.from.withoutPriority), " has released ", .lock(handoff.lock)], evidence: handoff.evidence,
      isNeverFolded: true)
  }

  private func steps(_ handoff: HandoffRow) -> WaitStory.Line {
    let length = handoff.end - handoff.begin
    var text: [TextFragment] = ["handoff from ", .task(handoff.from.withoutPriority), " took ", .duration(length)]
    // A release that is known by its waking has no time between them.
    let wake = handoff.evidence.rule == nil ? handoff.wake : nil
    let steps = [
      ("to the waking", wake), ("to the wakeup", handoff.queue), ("to the switch", handoff.run),
      ("to the lock", handoff.acquire),
    ]
    var separator = ": "
    // A waking before the release belongs to an earlier release, and so do the steps after it.
    for (name, part) in steps {
      guard let part, part >= 0, handoff.wake ?? 0 >= 0 else { continue }
      text += [.plain(separator), .duration(part), .plain(" \(name)")]
      separator = ", "
    }
    if handoff.migrated { text.append(proxies ? "; with a return migration" : "; the waiter changed its CPU") }
    return line(
      handoff.end, nil, .handedOff, handoff.from, handoff.to, text, evidence: handoff.evidence, isNeverFolded: true)
  }

  /// How a wait ends whose end the trace does not see.
  private var ending: WaitStory.Line? {
    let text: String? =
      switch row.result {
      case .open: "the trace ends; the wait goes on"
      case .lost: "a gap begins that hides how the wait ends"
      case .acquired, .failed: nil
      }
    guard let text else { return nil }
    return line(end, nil, .ended, row.waiter, nil, [.plain(text)], isNeverFolded: true)
  }

  private func line(
    _ time: Timestamp, _ cpu: CPU?, _ kind: WaitStory.Kind, _ actor: TaskLabel?, _ other: TaskLabel?,
    _ text: [TextFragment],
    evidence: Evidence? = nil, length: Int64? = nil, isNeverFolded: Bool = false
  ) -> WaitStory.Line {
    WaitStory.Line(
      time: time, cpu: cpu, kind: kind, actor: actor, other: other, text: text, evidence: evidence, length: length,
      isNeverFolded: isNeverFolded)
  }
}
