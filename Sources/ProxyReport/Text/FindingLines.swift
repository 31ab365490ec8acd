import ProxyAnalysis
import TraceCore

/// Findings as lines: rank, cost, what is wrong, and under it how often, the worst instance and how to see it.
struct FindingLines {
  private let fragments: FragmentText
  private let style: TextStyle
  private let rankWidth: Int
  private let costWidth: Int

  /// - Parameter shown: all findings that are to be shown, so that their columns align.
  init(_ shown: some Collection<(rank: Int, finding: Finding)>, _ context: ReportContext, _ style: TextStyle) {
    let fragments = FragmentText(context)
    (self.fragments, self.style) = (fragments, style)
    rankWidth = shown.map { String($0.rank).count }.max() ?? 1
    costWidth = shown.map { fragments.sentence([.duration($0.finding.cost)]).count }.max() ?? 1
  }

  /// - Parameter isBrief: without the details of the worst instance, so that it is two lines of 80 columns as a rule.
  func lines(_ rank: Int, _ finding: Finding, isBrief: Bool = false) -> [String] {
    let head = [
      "", TextLayout.flushRight(String(rank), rankWidth),
      TextLayout.flushRight(fragments.sentence([.duration(finding.cost)]), costWidth), "",
    ].joined(separator: "  ").dropFirst()
    let breaker = LineBreaker(width: style.width, cutsLongWords: false)
    var text = fragments.wrappable(finding.headline, isBrief: true)
    // Where it says who waits, the counts below say it as well.
    if !isBrief, !finding.detail.isEmpty, !finding.kind.isAboutUrgency {
      text += "; " + fragments.wrappable(finding.detail, isBrief: true)
    }
    let words = "\(text):".split(separator: " ").map(String.init) + facts(rank, finding)
    return breaker.lines(words: words, head: String(head), hanging: head.count)
  }

  /// How often, the worst instance, how it is known, and how to see it; pieces that no line break divides.
  private func facts(_ rank: Int, _ finding: Finding) -> [String] {
    var counts: [[String]] = []
    if finding.waits > 0 { counts.append(waits(finding)) }
    if finding.windows > max(1, finding.waits) {
      counts.append([NumberText.counted(UInt64(finding.windows), "window")])
    }
    if finding.windows > 1, finding.worst.length > 0 {
      counts.append(["worst \(fragments.sentence([.duration(finding.worst.length)]))"])
    }
    for place in counts.indices.dropLast() { counts[place][counts[place].count - 1] += "," }
    var pieces =
      counts.joined() + ["at \(fragments.cell(.instant(finding.worst.begin)))", "[\(finding.evidence.name)]"]
    if finding.worst.place != .capture { pieces.append("explain \(rank)") }
    return pieces.map { $0.split(separator: " ").joined(separator: LineBreaker.noBreakSpace) }
  }

  /// `3 waits`, `of`, `vip:61 (nice -20)`, `and 2 more`.
  private func waits(_ finding: Finding) -> [String] {
    var pieces = [NumberText.counted(UInt64(finding.waits), "wait")]
    if let waiter = finding.waiters.first {
      let label = finding.kind.isAboutUrgency ? waiter : waiter.withoutPriority
      pieces += ["of", fragments.wrappable([.task(label)], isBrief: true)]
      if finding.waiters.count > 1 { pieces.append("and \(finding.waiters.count - 1) more") }
    }
    return pieces
  }

  /// What is too little for a line each, by kind.
  static func small(_ findings: Findings, _ context: ReportContext) -> String {
    let fragments = FragmentText(context)
    let small = findings.indices.filter { !findings.matters(at: $0) }
    let kinds = Finding.Kind.allCases.compactMap { kind -> String? in
      let costs = small.filter { findings.kind(at: $0) == kind }.map { findings.cost(at: $0) }
      guard let worst = costs.max() else { return nil }
      let name = kind.rawValue.split(separator: "-").joined(separator: " ")
      return "\(costs.count) × \(name) (up to \(fragments.sentence([.duration(worst)])))"
    }
    return "too little for a line each: " + kinds.joined(separator: ", ")
  }
}
