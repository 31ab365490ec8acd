public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The story of one wait as text of 80 columns.
public struct StoryText {
  private static let width = 80
  /// Of a run of routine lines so many are told at its beginning and at its end.
  private static let toldAtEachEnd = 3

  private let showsAll: Bool

  /// - Parameter showsAll: every event, without folding.
  public init(showsAll: Bool = false) { self.showsAll = showsAll }

  public func write(_ story: Story, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    let phrases = PhraseText(context)
    var lines = header(story, context, phrases) + [""]
    lines += told(story.lines).flatMap { self.lines($0, context, phrases) }
    lines += [""] + classes(story.row, phrases)
    if !story.rules.isEmpty {
      lines += ["", "~ is inferred, by the rule in brackets (docs/inference.md):"]
      for rule in story.rules { lines += wrap("  \(rule.rawValue): \(rule.summary)", hanging: 4) }
    }
    for line in lines { try sink.write(line + "\n") }
  }

  private func header(_ story: Story, _ context: ReportContext, _ phrases: PhraseText) -> [String] {
    let row = story.row
    var text: [Phrase] = [.plain("wait \(story.wait + 1): "), .task(row.waiter), " waits for ", .lock(row.lock), " "]
    text += [
      .plain("(\(row.kind.rawValue)) from "), .instant(row.begin), " for ", .duration(row.length),
      .plain(", \(result(row))"),
    ]
    var lines = wrap(phrases.sentence(text), hanging: 2)
    lines += wrap("  owner when it began: " + owner(row, phrases), hanging: 4)
    let verdict = story.timeline.verdict
    lines += wrap(
      "  proxy execution: \(verdict.answer.rawValue) (\(evidence(verdict.evidence) ?? verdict.evidence.name))",
      hanging: 4)
    if row.touchesGap {
      lines += wrap("  a gap overlaps it: what the lost events hide is not told, and counts as unknown", hanging: 4)
    }
    return lines
  }

  private func result(_ row: WaitRow) -> String {
    switch row.result {
    case .acquired: "acquired"
    case .failed(let errno): "failed \(errno)"
    case .open: "open at the trace's end"
    case .lost: "its end is lost in a gap"
    }
  }

  private func owner(_ row: WaitRow, _ phrases: PhraseText) -> String {
    guard let owner = row.owner else {
      return row.ownerEvidence == .unknown ? "unknown" : "nobody, the lock was being handed over"
    }
    let how = evidence(row.ownerEvidence) ?? row.ownerEvidence.name
    return phrases.sentence([.task(owner)]) + " (\(how))"
  }

  /// How an inferred fact is marked; `nil` for one that is not.
  private func evidence(_ evidence: Evidence) -> String? { evidence.rule.map { "~ \($0.rawValue)" } }
}

// MARK: - Lines

extension StoryText {
  /// Long runs of routine are folded to their ends.
  private func told(_ lines: [StoryLine]) -> [[StoryLine]] {
    var groups: [[StoryLine]] = []
    var run: [StoryLine] = []
    func close() -> [[StoryLine]] {
      if showsAll || run.count <= 2 * Self.toldAtEachEnd + 1 { return run.map { [$0] } }
      let (head, tail) = (run.prefix(Self.toldAtEachEnd), run.suffix(Self.toldAtEachEnd))
      return head.map { [$0] } + [Array(run[head.endIndex..<tail.startIndex])] + tail.map { [$0] }
    }
    for line in lines {
      if line.weight == .routine {
        run.append(line)
      } else {
        groups += close() + [[line]]
        run = []
      }
    }
    return groups + close()
  }

  /// A group of one is a line, a group of several what was folded.
  private func lines(_ group: [StoryLine], _ context: ReportContext, _ phrases: PhraseText) -> [String] {
    guard let first = group.first, let last = group.last else { return [] }
    let indent = String(repeating: " ", count: 19)
    if group.count > 1 {
      let length = phrases.sentence([.duration(last.time - first.time)])
      return ["\(indent)… \(group.count) more events like these in \(length)"]
    }
    let time = context.capture.clock.format(first.time)
    let cpu = first.cpu.map { "CPU \($0)" } ?? ""
    let mark = first.evidence?.rule == nil ? "" : "~ "
    var text = mark + phrases.sentence(first.text)
    if let rule = first.evidence?.rule { text += " [\(rule.rawValue)]" }
    if let known = first.evidence, known.rule == nil { text += " [\(known.name)]" }
    let head = padded(time, 12) + padded(cpu, 7)
    return wrap(head + text, hanging: 21)
  }

  private func classes(_ row: WaitRow, _ phrases: PhraseText) -> [String] {
    var lines = ["where the time went"]
    for kind in WaitClass.allCases {
      let share = row.length > 0 ? Double(row.times[kind]) / Double(row.length) : 0
      let bar = String(repeating: "#", count: min(40, Int((share * 40).rounded())))
      let cells = [phrases.cell(.duration(row.times[kind])), HumanNumbers.percent(row.times[kind], of: row.length)]
      lines.append(
        "  " + padded(kind.name, 10) + left(cells[0], 12) + left(cells[1], 7) + (bar.isEmpty ? "" : "  \(bar)"))
    }
    return lines + ["  " + padded("sum", 10) + left(phrases.cell(.duration(row.times.total)), 12)]
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - TextEscape.width(text)))
  }

  private func left(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - TextEscape.width(text))) + text
  }

  /// Breaks a line at spaces; it keeps its indentation, and what follows stands `hanging` columns in.
  private func wrap(_ text: String, hanging: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var isFirstWord = true
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let joined = isFirstWord ? String(word) : "\(line) \(word)"
      if isFirstWord || TextEscape.width(joined) <= Self.width || line.allSatisfy({ $0 == " " }) {
        line = joined
      } else {
        lines.append(line)
        line = String(repeating: " ", count: hanging) + word
      }
      isFirstWord = false
    }
    return lines + [line]
  }
}
