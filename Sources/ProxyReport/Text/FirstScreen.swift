import ProxyAnalysis
import ProxyModel
import TraceCore

/// The beginning of the text report, in 24 lines of a terminal where the capture's own problems leave room for it: what the capture
/// is, the verdict and the totals, the costliest findings, and where the waiting time went.
struct FirstScreen {
  /// Lines of a terminal, without the one for the next prompt.
  private static let height = 23
  private static let mostFindings = 5

  private let report: Report
  private let style: TextStyle
  private let fragments: FragmentText
  private let findings: Findings
  /// Places of the findings that are worth a line.
  private let places: [Int]

  init(_ report: Report, _ style: TextStyle) {
    (self.report, self.style) = (report, style)
    fragments = FragmentText(report.context)
    let findings = report.findings
    self.findings = findings
    places = findings.indices.filter { findings.matters(at: $0) }
  }

  private var context: ReportContext { report.context }

  /// Its lines, and the findings that had no room, as far as `--top` allows.
  var lines: (screen: [String], more: [String]) {
    let capture = CaptureText(context, style)
    let head = capture.head + style.wrap(words: verdict) + capture.warnings + FilterText.lines(report, style)
    let waiting = waitingTime
    var blocks = places.prefix(max(context.top, Self.mostFindings)).map { (rank: $0 + 1, finding: findings[$0]) }[...]
    let texts = FindingLines(blocks, context, style)
    var found: [String] = []
    var shown = 0
    while shown < Self.mostFindings, let next = blocks.first {
      let lines = texts.lines(next.rank, next.finding, isBrief: true)
      // At least one is shown, whatever the head takes; and a line may say that there are more.
      guard shown == 0 || head.count + 2 + found.count + lines.count + 1 + waiting.count <= Self.height else { break }
      found += lines
      shown += 1
      blocks.removeFirst()
    }
    if places.count > shown { found.append("  and \(places.count - shown) more below") }
    let title = places.isEmpty ? nothing : ["", style.paint("Look at this first", .heading)]
    return (head + title + found + waiting, more(blocks, texts))
  }

  /// Where tasks waited and no finding matters, the screen says so: a blank would leave open whether somebody has looked.
  private var nothing: [String] {
    guard WaitTotals(context).count > 0 else { return [] }
    let limit = context.countsNanoseconds ? "1 ms or 1 % of the waiting" : "1 % of the waiting"
    return [""] + style.wrap(words: words("Nothing stands out: no problem cost \(limit)."))
  }

  private func more(_ blocks: ArraySlice<(rank: Int, finding: Finding)>, _ texts: FindingLines) -> [String] {
    var lines = blocks.flatMap { texts.lines($0.rank, $0.finding) }
    let rest = places.count - max(context.top, Self.mostFindings)
    if rest > 0 { lines.append("  and \(rest) more: --top \(places.count)") }
    if places.count < findings.count { lines += style.wrap(FindingLines.small(findings, context), indent: 2) }
    return lines.isEmpty ? [] : ["", style.paint("More findings", .heading)] + lines
  }

  private var waitingTime: [String] {
    report.blocks.filter { $0.part == .waitingTime }.flatMap { block -> [String] in
      ["", style.paint("\(block.title) (\(fragments.durationUnit))", .heading)]
        + block.content.flatMap { TextLayout.lines($0, fragments, style) }
    }
  }

  // MARK: Verdict and totals

  var verdict: [String] {
    let verdict = context.timeline.verdict
    let how = verdict.evidence == .unknown ? "" : " (\(verdict.evidence.name))"
    return words("Proxy execution: \(verdict.answer.rawValue)\(how).") + totals
  }

  /// How many waits for mutexes, what they cost, the lock with most of it, and what donors gave: words that stay whole, a number with
  /// its unit.
  private var totals: [String] {
    // Nothing is not the same as nothing that was recorded, or that the filter chooses.
    if let missing = report.availability.first(where: { $0.name == "waits" })?.missing, !missing.isEmpty {
      return words("Who waits is not recorded: \(missing.explanation).")
    }
    let totals = WaitTotals(context)
    guard totals.count > 0 else {
      return words(context.filter.isEmpty ? "No task waited for a mutex." : "The filter chooses no wait for a mutex.")
    }
    var words = words("\(NumberText.counted(UInt64(totals.count), "mutex wait")) cost")
    words.append(fragments.sentence([.duration(totals.length)]))
    if let top = totals.topLock {
      words[words.count - 1] += ","
      words += self.words(totals.lockCount == 1 ? "all" : "\(top.waits) of them")
      words += self.words("on \(fragments.short(top.lock))")
    }
    if totals.proxied > 0 {
      words[words.count - 1] += ";"
      words += self.words("owners ran on donors' accounts for")
      words.append(fragments.sentence([.duration(totals.proxied)]))
      words += ["of", "it", "(\(NumberText.percent(totals.proxied, of: totals.length)) %)"]
    }
    words[words.count - 1] += "."
    return words
  }

  private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
