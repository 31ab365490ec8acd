public import ProxyModel
public import TraceCore

/// The story of one wait: lines in order of time, each with what it means for the wait.
public struct WaitStory: Sendable {
  /// Index into `Timeline.waits`.
  public var wait: Int
  /// Index into `Timeline.inversions` of the window that the reader asked for; `nil` for none.
  public var window: Int?
  /// The stretch of time that the reader asked for; `nil` for none.
  public var highlight: ClosedRange<Timestamp>?
  /// The lines in order of time.
  public var lines: [Line]

  /// One event of the capture, or one fact that the model adds.
  public struct Line: Sendable, Hashable {
    /// The instant of a record in the capture, so that the line can be found in `trace-cmd report` and KernelShark.
    public var time: Timestamp
    /// The CPU on which it happened; `nil` where it concerns none.
    public var cpu: CPU?
    /// What happens.
    public var kind: Kind
    /// The task that acts: in a switch the previous task.
    public var actor: TaskLabel?
    /// The task that is acted on: in a switch the next task.
    public var other: TaskLabel?
    /// The line's text, without time and CPU.
    public var text: [TextFragment]
    /// How a fact is known; `nil` for what the record itself states.
    public var evidence: Evidence?
    /// How long the fact lasts, in steps of the trace clock; `nil` where it has no length.
    public var length: Int64?
    /// Whether it is never folded, however often it repeats.
    public var isNeverFolded: Bool
    /// The kernel's stack when it happened; `nil` where it was not recorded, or is that of a line before.
    public var stack: KernelStack?
    /// Whether it is inside the window that the reader asked for.
    public var isHighlighted = false
  }

  /// What happens in a line.
  public enum Kind: Sendable, Hashable {
    // Records of the capture.
    case switched, waking, wakeup, migrated, spins, queues, acquired, gaveUp, released
    case described, probed, marked, lost
    // Facts of the model.
    case before, chain, ranFor, movedSilently, donated, hasReleased, inversionBegan, inversionEnded, handedOff, ended

    /// Whether it is a record of the capture, and not a conclusion.
    public var isRecord: Bool {
      switch self {
      case .switched, .waking, .wakeup, .migrated, .spins, .queues, .acquired, .gaveUp, .released, .described, .probed,
        .marked, .lost:
        true
      case .before, .chain, .ranFor, .movedSilently, .donated, .hasReleased, .inversionBegan, .inversionEnded,
        .handedOff, .ended:
        false
      }
    }
  }

  /// The rules that the lines, the owner and the verdict rest on, in the order of `InferenceRule`.
  /// - Parameter timeline: the one that the story was built of.
  public func rules(in timeline: Timeline) -> [InferenceRule] {
    var used = Set(lines.compactMap { $0.evidence?.rule })
    for evidence in [timeline.waits[wait].ownerEvidence, timeline.verdict.evidence] {
      if let rule = evidence.rule { used.insert(rule) }
    }
    return InferenceRule.allCases.filter(used.contains)
  }
}
