public import ProxyModel
public import TraceCore

/// An entry of a story whose repetitions are folded.
public enum StoryEntry: Sendable, Hashable {
  /// A line of the story.
  case line(WaitStory.Line)
  /// Several lines that repeat earlier ones.
  case fold(StoryFold)
}

/// Consecutive lines that repeat earlier ones, summed up. All durations are in steps of the trace clock.
public struct StoryFold: Sendable, Hashable {
  /// Time of the first line.
  public var begin: Timestamp
  /// Time of the last line.
  public var end: Timestamp
  /// Number of lines that are records of the capture.
  public var records = 0
  /// Number of `sched_switch` records among them.
  public var switches = 0
  /// The tasks that were switched most often, at most two, without the idle task.
  public var tasks: [TaskLabel] = []
  /// Number of other tasks that were switched.
  public var otherTasks = 0
  /// Number of inversion windows that end in it.
  public var windows = 0
  /// Sum of the lengths of these windows.
  public var inverted: Int64 = 0
  /// Number of intervals on a donor's account that begin in it.
  public var donations = 0
  /// Sum of the lengths of these intervals.
  public var donated: Int64 = 0
  /// Number of times that a probe saw the scheduler pick a task without a switch.
  public var picks = 0
  /// Whom it picked most often.
  public var picked: TaskLabel?
  /// Whether it is in the window that the reader asked for.
  public var isHighlighted = false
}

extension WaitStory {
  /// Lines with equal keys repeat each other: they differ in time and length alone.
  private struct Key: Hashable {
    var kind: Kind
    var actor, other: Pid?
    var evidence: Evidence?
  }

  /// How often a line is shown before its repetitions are folded.
  private var shownRepetitions: Int { lines.count <= 150 ? 2 : 1 }
  /// Fewer lines than this are not worth folding.
  private static let shortest = 4

  /// A stretch of so great a part of the wait is never folded, nor are the lines at its ends.
  private static let greatPart: Int64 = 20

  /// Whether a line is about much of the wait: the fact that it states lasts so long, or so long passes before or after it.
  private func isGreat(_ place: Int, _ shortest: Int64) -> Bool {
    let line = lines[place]
    if let length = line.length, length >= shortest { return true }
    let before = place > 0 ? line.time - lines[place - 1].time : 0
    let after = place + 1 < lines.count ? lines[place + 1].time - line.time : 0
    return max(before, after) >= shortest
  }

  /// The story with its repetitions folded.
  ///
  /// The first lines with a key are never folded, nor are those that are about a twentieth of the story or more: what matters is how
  /// long something lasts. At the edges of a highlighted window the count of repetitions begins anew.
  public func folded() -> [StoryEntry] {
    var entries: [StoryEntry] = []
    var run: [Line] = []
    var counts: [Key: Int] = [:]
    var isHighlighted = false
    let shownRepetitions = shownRepetitions
    func close() {
      entries += run.count < Self.shortest ? run.map { .line($0) } : [.fold(StoryFold(run))]
      run = []
    }
    let whole = lines.isEmpty ? 0 : lines[lines.count - 1].time - lines[0].time
    let shortest = max(1, whole / Self.greatPart)
    for (place, line) in lines.enumerated() {
      if line.isHighlighted != isHighlighted {
        close()
        counts = [:]
        isHighlighted = line.isHighlighted
      }
      let key = Key(
        kind: line.kind, actor: line.actor?.pid, other: line.other?.pid, evidence: line.evidence)
      counts[key, default: 0] += 1
      if line.isNeverFolded || isGreat(place, shortest) || counts[key, default: 0] <= shownRepetitions {
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
    var picks: [TaskLabel: Int] = [:]
    for line in lines {
      if line.kind.isRecord { records += 1 }
      switch line.kind {
      case .switched:
        switches += 1
        for task in [line.actor, line.other].compactMap({ $0 }) where task.pid != 0 { counts[task, default: 0] += 1 }
      case .inversionEnded:
        windows += 1
        inverted &+= line.length ?? 0
      case .probed:
        if line.other == nil, let task = line.actor { picks[task, default: 0] += 1 }
      case .ranFor:
        donations += 1
        donated &+= line.length ?? 0
      default: break
      }
    }
    let ranked = counts.sorted { ($1.value, $0.key.pid) < ($0.value, $1.key.pid) }
    tasks = ranked.prefix(2).map(\.key)
    otherTasks = max(0, ranked.count - 2)
    self.picks = picks.values.reduce(0, +)
    picked = picks.max { ($0.value, $1.key.pid) < ($1.value, $0.key.pid) }?.key
  }
}
