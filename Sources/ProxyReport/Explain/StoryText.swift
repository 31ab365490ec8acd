public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The story of one wait as text of 80 columns: a header, the lines, the classes, the inversions and a legend.
public struct StoryText {
  private let showsAll: Bool
  private let style: TextStyle

  /// A renderer.
  /// - Parameters:
  ///   - showsAll: whether to print every line, without folding.
  ///   - isColoured: whether to use colours.
  public init(showsAll: Bool = false, isColoured: Bool = false) {
    self.showsAll = showsAll
    style = TextStyle(isColoured: isColoured)
  }

  /// Writes a story.
  /// - Parameters:
  ///   - story: what to write.
  ///   - context: of the capture that the story is of.
  ///   - sink: where to write it.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ story: WaitStory, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    let page = StoryPage(story, context, style)
    var lines = page.header + [""]
    for entry in showsAll ? story.lines.map({ .line($0) }) : story.folded() { lines += page.lines(entry) }
    lines += [""] + page.classes
    lines += page.inversions
    lines += [""] + page.legend
    for line in lines { try sink.write(line + "\n") }
  }
}

/// A story with what is needed to print it.
private struct StoryPage {
  let story: WaitStory
  let context: ReportContext
  let fragments: FragmentText
  let style: TextStyle
  let row: WaitRow
  /// Columns of the longest instant.
  let timeWidth: Int

  init(_ story: WaitStory, _ context: ReportContext, _ style: TextStyle) {
    (self.story, self.context, self.style) = (story, context, style)
    fragments = FragmentText(context)
    row = context.timeline.waits[story.wait]
    let clock = context.capture.clock
    timeWidth = story.lines.map { clock.format($0.time).count }.max() ?? 0
  }

  private func wrap(_ text: [TextFragment], first: Int = 0, hanging: Int) -> [String] {
    LineBreaker.story.lines(fragments.wrappable(text), head: String(repeating: " ", count: first), hanging: hanging)
  }

  /// ` [rule]`, with the mark of what is inferred before it; empty for `nil`.
  private func mark(_ evidence: Evidence?) -> String {
    switch evidence {
    case nil: ""
    case .inferred(let rule): " [~\(rule.rawValue)]"
    case .some(let known): " [\(known.name)]"
    }
  }
}

// MARK: - Header

extension StoryPage {
  var header: [String] {
    var lines = wrap(
      [
        .plain("wait \(story.wait + 1): "), .task(row.waiter), " waits for ", .lock(row.lock),
        .plain(" (\(row.kind.rawValue))"),
      ], hanging: 2
    ).map { style.paint($0, .heading) }
    lines += wrap(
      ["from ", .instant(row.begin), " for ", .duration(row.length), .plain(": \(result)")], first: 2, hanging: 4)
    if row.isCutAtBegin { lines += wrap(["it began before that, out of sight"], first: 2, hanging: 4) }
    lines += wrap(owner, first: 2, hanging: 4)
    lines += verdict
    lines += gaps
    if let window = story.window {
      lines += highlighted(window)
    } else if let highlight = story.highlight {
      lines += wrap(
        [
          "marked with > below: from ", .instant(highlight.lowerBound), " for ",
          .duration(highlight.upperBound - highlight.lowerBound),
        ], first: 2, hanging: 4)
    }
    return lines
  }

  private var result: String {
    switch row.result {
    case .acquired: "acquired"
    case .failed(let errno): "failed, errno \(0 &- errno)"
    case .open: "still waiting when the trace ends"
    case .lost: "a gap hides its end"
    }
  }

  private var owner: [TextFragment] {
    if let owner = row.owner {
      return ["owner when it began: ", .task(owner), .plain(mark(row.ownerEvidence))]
    }
    if row.kind != .mutex { return ["owner when it began: not followed, only mutexes proxy"] }
    let what = row.ownerEvidence == .unknown ? "not known" : "nobody, the lock was being handed over"
    return [.plain("owner when it began: \(what)\(row.ownerEvidence == .unknown ? "" : mark(row.ownerEvidence))")]
  }

  private var verdict: [String] {
    let verdict = context.timeline.verdict
    let how = verdict.evidence == .unknown ? "" : mark(verdict.evidence)
    let why = TextEscape.terminal(verdict.reasonText)
    return wrap([.plain("proxy execution: \(verdict.answer.rawValue), \(why)\(how)")], first: 2, hanging: 4)
  }

  /// The gaps that overlap the wait, and what they hide.
  private var gaps: [String] {
    guard row.touchesGap else { return [] }
    let end = row.begin + row.length
    var lines: [String] = []
    let overlapping = context.timeline.gaps.filter { $0.begin <= end && $0.end > row.begin }
    for gap in overlapping.prefix(4) {
      let count = gap.lostEvents.map { NumberText.counted($0, "record") } ?? "an unknown number of records"
      let what = gap.isQuiet ? "has no record" : "lost \(count)"
      lines += wrap(
        [
          "gap: ", .cpu(gap.cpu), .plain(" \(what) from "), .instant(gap.begin), " to ", .instant(gap.end),
        ], first: 2, hanging: 4)
    }
    if overlapping.count > 4 { lines += wrap([.plain("and \(overlapping.count - 4) more gaps")], first: 2, hanging: 4) }
    return lines
      + wrap(
        ["hidden: who ran on these CPUs, releases, wakings and moves; what they may have changed counts as unknown"],
        first: 2, hanging: 4)
  }

  private func highlighted(_ index: Int) -> [String] {
    let window = context.timeline.inversions[index]
    return wrap(
      [
        .plain("inversion \(index + 1): marked with > below, from "), .instant(window.begin), " for ",
        .duration(window.length), ", ", .task(window.owner), " kept from ", .cpu(window.cpu),
      ], first: 2, hanging: 4)
  }
}

// MARK: - Lines

extension StoryPage {
  func lines(_ entry: StoryEntry) -> [String] {
    switch entry {
    case .line(let line):
      var text = line.text
      text.append(.plain(mark(line.evidence)))
      let lines = lines(line.time, line.cpu, isFact: !line.kind.isRecord, isHighlighted: line.isHighlighted, text)
      return lines + (line.stack.map { stack($0) } ?? [])
    case .fold(let fold): return lines(fold.begin, nil, isFact: false, isHighlighted: fold.isHighlighted, text(fold))
    }
  }

  private func lines(
    _ time: Timestamp, _ cpu: CPU?, isFact: Bool, isHighlighted: Bool, _ text: [TextFragment]
  ) -> [String] {
    let instant = context.capture.clock.format(time)
    let place = cpu.map { "[\(NumberText.zeroPadded($0, 3))]" } ?? "     "
    // What the model adds is indented under the record that it follows from.
    let head =
      (isHighlighted ? "> " : "  ") + TextLayout.flushRight(instant, timeWidth) + " " + place + (isFact ? "   - " : " ")
    let lines = LineBreaker.story.lines(
      fragments.wrappable(text), head: head, hanging: TextEscape.width(head) + (isFact ? 0 : 4))
    return isHighlighted ? lines.map { style.paint($0, .warning) } : lines
  }

  /// Functions, innermost first: how the task came to wait. The tracepoint's own are left out.
  private func stack(_ stack: KernelStack) -> [String] {
    let frames = stack.frames.drop { name in
      ["trace_event_raw_event_", "trace_contention_", "__traceiter_", "perf_trace_", "__do_trace_"].contains {
        name.hasPrefix($0)
      }
    }
    let indent = timeWidth + 15
    var lines = frames.prefix(Self.mostFrames).flatMap {
      wrap([.plain("<- "), .quote($0)], first: indent, hanging: indent + 3)
    }
    if frames.count > Self.mostFrames {
      lines += wrap([.plain("and \(frames.count - Self.mostFrames) more callers")], first: indent, hanging: indent)
    }
    return lines
  }

  /// More frames say nothing more of a wait.
  private static let mostFrames = 32

  private func text(_ fold: StoryFold) -> [TextFragment] {
    var text: [TextFragment] = []
    if fold.switches > 0 {
      text = ["… ", .plain(NumberText.counted(UInt64(fold.switches), "switch", plural: "switches"))]
      for (place, task) in fold.tasks.enumerated() { text += [place == 0 ? " between " : " and ", .task(task)] }
      if fold.tasks.count == 1 { text.append(" and idle") }
      if fold.otherTasks > 0 { text.append(.plain(" (and \(fold.otherTasks) more tasks)")) }
      let others = fold.records - fold.switches
      if others > 0 { text.append(.plain(", \(NumberText.counted(UInt64(others), "other event"))")) }
    } else if let picked = fold.picked, fold.picks * 2 >= fold.records {
      text = ["… the scheduler picks ", .task(picked), .plain(" \(fold.picks) times")]
      let others = fold.records - fold.picks
      if others > 0 { text.append(.plain(", \(NumberText.counted(UInt64(others), "other event"))")) }
    } else {
      text = ["… ", .plain(NumberText.counted(UInt64(fold.records), "event") + " like these")]
    }
    text += [" in ", .duration(fold.end - fold.begin)]
    if fold.windows > 0 { text += [.plain("; \(fold.windows) inversions, "), .duration(fold.inverted)] }
    if fold.donations > 0 {
      text += [.plain("; on donors' accounts \(fold.donations) times, "), .duration(fold.donated)]
    }
    return text
  }
}

// MARK: - Footer

extension StoryPage {
  var classes: [String] {
    [style.paint("where the time went (\(fragments.durationUnit))", .heading)]
      + TextLayout.bars(row.times, context, style)
  }

  /// Who ran instead, and the longest windows.
  var inversions: [String] {
    let windows = context.timeline.inversions.enumerated().filter { $0.element.wait == story.wait }
    guard !windows.isEmpty else { return [] }
    let total = windows.reduce(Int64(0)) { $0 &+ $1.element.length }
    var lines =
      [""]
      + wrap(
        [
          .plain(NumberText.counted(UInt64(windows.count), "inversion") + ", "), .duration(total),
          " in all; who ran instead:",
        ], hanging: 2)
    lines += culprits(windows.map(\.element))
    let longest = windows.sorted { ($1.element.length, $0.offset) < ($0.element.length, $1.offset) }.prefix(5)
    for (index, window) in longest.sorted(by: { $0.offset < $1.offset }) {
      lines += wrap(
        [
          .plain("inversion \(index + 1): "), .instant(window.begin), " for ", .duration(window.length), " on ",
          .cpu(window.cpu), ", ", .task(window.owner.withoutPriority), " behind ",
          window.culprits.first.map { .task($0.task.withoutPriority) } ?? .unknown, .plain(mark(window.evidence)),
        ], first: 2, hanging: 4)
    }
    if windows.count > 5 { lines.append("  and \(windows.count - 5) shorter ones") }
    return lines
  }

  private func culprits(_ windows: [InversionRow]) -> [String] {
    var ran: [TaskLabel: Int64] = [:]
    for culprit in windows.flatMap(\.culprits) { ran[culprit.task, default: 0] &+= culprit.ran }
    let ranked = ran.sorted { ($1.value, $0.key.pid) < ($0.value, $1.key.pid) }
    return ranked.prefix(5).flatMap { wrap([.task($0.key), " ", .duration($0.value)], first: 4, hanging: 6) }
      + (ranked.count > 5 ? ["    and \(ranked.count - 5) more"] : [])
  }

  var legend: [String] {
    var lines = LineBreaker.story.lines(
      "no mark: the record says so; - : what follows from it; [event]: stated by an event, here or later;"
        + " [probe]: read in the kernel; [~rule]: inferred", head: "", hanging: 2)
    for rule in story.rules(in: context.timeline) {
      lines += LineBreaker.story.lines("\(rule.rawValue): \(rule.summary)", head: "  ~", hanging: 4)
    }
    return lines
  }
}
