public import ProxyModel
public import TraceCore

/// The story of one wait: its lines in order of time, with what each means for the wait.
public struct WaitStory: Sendable {
  /// Index into ``Timeline/waits``.
  public var wait: Int
  /// Index into ``Timeline/inversions`` of the window that the reader asked for.
  public var window: Int?
  public var lines: [Line]

  /// One event of the capture, or one fact that the model adds to it.
  public struct Line: Sendable, Hashable {
    /// The instant of a record in the capture, so that the line can be found in `trace-cmd report` and KernelShark.
    public var time: Timestamp
    /// The CPU on which it happened; `nil` where it concerns none.
    public var cpu: CPU?
    public var kind: Kind
    /// Who acts: for a switch the task that leaves.
    public var actor: TaskLabel?
    /// On whom: for a switch the task that comes.
    public var other: TaskLabel?
    public var text: [TextFragment]
    /// How a fact is known; `nil` for what the record itself states.
    public var evidence: Evidence?
    /// How long the fact lasts, where it is a stretch.
    public var length: Int64?
    /// Never folded, however often it repeats.
    public var isNeverFolded: Bool
    /// Inside the window that the reader asked for.
    public var isHighlighted = false
  }

  /// What a line tells.
  public enum Kind: Sendable, Hashable {
    // Records of the capture.
    case switched, waking, wakeup, migrated, spins, queues, acquired, gaveUp, released
    case described, probed, lost
    // Facts of the model.
    case before, chain, ranFor, movedSilently, donated, hasReleased, inversionBegan, inversionEnded, handedOff, ended

    /// Whether it is a record of the capture, not a conclusion.
    public var isRecord: Bool {
      switch self {
      case .switched, .waking, .wakeup, .migrated, .spins, .queues, .acquired, .gaveUp, .released, .described, .probed,
        .lost:
        true
      case .before, .chain, .ranFor, .movedSilently, .donated, .hasReleased, .inversionBegan, .inversionEnded,
        .handedOff, .ended:
        false
      }
    }
  }

  /// The rules that the lines rest on, in the order of ``InferenceRule``.
  public func rules(in timeline: Timeline) -> [InferenceRule] {
    var used = Set(lines.compactMap { $0.evidence?.rule })
    for evidence in [timeline.waits[wait].ownerEvidence, timeline.verdict.evidence] {
      if let rule = evidence.rule { used.insert(rule) }
    }
    return InferenceRule.allCases.filter(used.contains)
  }
}
