public import ProxyModel
public import TraceCore

/// What a reader sees of a story: lines, and stretches of the same in one line each.
public enum StoryEntry: Sendable, Hashable {
  case line(WaitStory.Line)
  case fold(StoryFold)
}

/// A stretch of lines that repeat what has been told.
public struct StoryFold: Sendable, Hashable {
  public var begin: Timestamp
  public var end: Timestamp
  /// Folded lines that are records of the capture.
  public var records = 0
  public var switches = 0
  /// The tasks that were switched most often, at most two, without the idle task.
  public var tasks: [TaskLabel] = []
  /// How many more took part.
  public var otherTasks = 0
  /// Windows of inversion that end in it, and their sum.
  public var windows = 0
  public var inverted: Int64 = 0
  /// Stretches on a donor's account that begin in it, and their sum.
  public var donations = 0
  public var donated: Int64 = 0
  public var isHighlighted = false
}

extension WaitStory {
  /// What is the same, but for its instant and its length.
  private struct Key: Hashable {
    var kind: Kind
    var actor, other: Pid?
    var evidence: Evidence?
  }

  /// So often the same is told before it is folded: seldom in a long story.
  private var toldTimes: Int { lines.count <= 150 ? 2 : 1 }
  /// Fewer lines than this are not worth folding.
  private static let shortest = 4

  /// The story with its repetitions folded.
  ///
  /// What is new is always told; in a highlighted window everything is new once more.
  public func folded() -> [StoryEntry] {
    var entries: [StoryEntry] = []
    var run: [Line] = []
    var counts: [Key: Int] = [:]
    var isHighlighted = false
    let toldTimes = toldTimes
    func close() {
      entries += run.count < Self.shortest ? run.map { .line($0) } : [.fold(StoryFold(run))]
      run = []
    }
    for line in lines {
      if line.isHighlighted != isHighlighted {
        close()
        counts = [:]
        isHighlighted = line.isHighlighted
      }
      let key = Key(
        kind: line.kind, actor: line.actor?.pid, other: line.other?.pid, evidence: line.evidence)
      counts[key, default: 0] += 1
      if line.isNeverFolded || counts[key, default: 0] <= toldTimes {
        close()
        entries.append(.line(line))
      } else {
        run.append(line)
      }
    }
    close()
    return entries
  }
}

extension StoryFold {
  /// - Parameter lines: at least one.
  fileprivate init(_ lines: [WaitStory.Line]) {
    (begin, end) = (lines[0].time, lines[lines.count - 1].time)
    isHighlighted = lines[0].isHighlighted
    var counts: [TaskLabel: Int] = [:]
    for line in lines {
      if line.kind.isRecord { records += 1 }
      switch line.kind {
      case .switched:
        switches += 1
        for task in [line.actor, line.other].compactMap({ $0 }) where task.pid != 0 { counts[task, default: 0] += 1 }
      case .inversionEnded:
        windows += 1
        inverted &+= line.length ?? 0
      case .ranFor:
        donations += 1
        donated &+= line.length ?? 0
      default: break
      }
    }
    let ranked = counts.sorted { ($1.value, $0.key.pid) < ($0.value, $1.key.pid) }
    tasks = ranked.prefix(2).map(\.key)
    otherTasks = max(0, ranked.count - 2)
  }
}
