import TraceCore

// What may have changed unseen while a CPU's records are missing.

extension Replay {
  /// How well a chain is known that ``walk(from:)`` has just passed.
  ///
  /// As long as records of a CPU are missing, whoever is not seen to run may run there: take a lock, release one, or begin to
  /// wait. Only an owner that runs in sight, and that nobody else stands between, does none of these. Nor is it known of a task
  /// whose place a gap has hidden that it waits for nothing.
  func besideGap(_ evidence: Evidence, _ terminal: ChainTerminal) -> Evidence {
    switch terminal {
    case .unknown: return evidence
    case .released, .cycle: break
    case .task(let owner):
      switch self[owner].place {
      case .unknown: return evidence.combined(with: .inferred(.besideGap))
      case .running where walkedTasks.count <= 2: return evidence
      default: break
      }
    }
    return lanesInGap == 0 ? evidence : evidence.combined(with: .inferred(.besideGap))
  }

  /// Whether a wait's chain, the same as before, is not known as well any more: its row must end.
  func hidesChain(_ index: Int, _ evidence: Evidence) -> Bool {
    guard evidence == .unknown || evidence == .inferred(.besideGap), let row = waits[index].chain else { return false }
    return row.evidence != evidence
  }
}
