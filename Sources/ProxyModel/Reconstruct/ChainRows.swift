import TraceCore

// Rows of chains.

extension Hypothesis {
  /// The chain of a wait is the one that was walked last: begins a row if it is another than before.
  mutating func noteChain(
    _ index: Int, _ terminal: ChainTerminal, _ evidence: Evidence, _ world: inout World
  ) {
    guard world.waits[index].isMutex else { return }
    if isWalked(waits[index].chain, &world), !hidesChain(index, evidence) { return }
    endChain(index, world.now)
    waits[index].depth = max(waits[index].depth, chain.tasks.count > 1 ? chain.locks.count : 0)
    waits[index].chain = rows.chains.count
    rows.chains.append(
      ChainRecord(
        begin: world.now, end: world.now, links: rows.links.count, wait: UInt32(world.waits[index].row),
        taskCount: UInt32(chain.tasks.count), lockCount: UInt32(chain.locks.count),
        terminalState: chainEnd(terminal, &world), evidence: evidence))
    for link in chain.tasks.indices {
      let label = world.labelID(chain.tasks[link])
      rows.links.append(label.rawValue)
    }
    for link in chain.locks.indices { rows.links.append(chain.locks[link].rawValue) }
  }

  /// Whether a row is of the chain that was walked last: of the same tasks, whatever their names, and as many locks.
  private mutating func isWalked(_ row: Int, _ world: inout World) -> Bool {
    guard row >= 0 else { return false }
    let record = rows.chains[row]
    guard Int(record.taskCount) == chain.tasks.count, Int(record.lockCount) == chain.locks.count else { return false }
    for link in chain.tasks.indices
    where world.rows.labels[LabelID(rawValue: rows.links[record.links + link])].index != chain.tasks[link] {
      return false
    }
    return true
  }

  /// Whether a wait's chain, the same as before, is not known as well any more beside a gap: its row must end.
  private mutating func hidesChain(_ index: Int, _ evidence: Evidence) -> Bool {
    guard evidence == .unknown || evidence == .inferred(.besideGap), waits[index].chain >= 0 else { return false }
    return rows.chains[waits[index].chain].evidence != evidence
  }

  private mutating func chainEnd(_ terminal: ChainTerminal, _ world: inout World) -> ChainEnd {
    switch terminal {
    case .released: .released
    case .unknown: .unknown
    case .cycle: .deadlock
    case .task(let task):
      switch world.place(of: task) {
      case .running: .running
      case .queued: .runnable
      case .waking: .waking
      case .blocked, .asleep: .sleeping
      case .unknown: .unknown
      }
    }
  }

  mutating func endChain(_ index: Int, _ now: Timestamp) {
    let row = waits[index].chain
    guard row >= 0 else { return }
    waits[index].chain = -1
    rows.chains[row].end = now
    // One that lasted for no time is none.
    guard row == rows.chains.count - 1, rows.chains[row].begin >= now else { return }
    rows.links.truncate(to: rows.chains[row].links)
    rows.chains.truncate(to: row)
  }
}
