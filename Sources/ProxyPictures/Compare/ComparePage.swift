import ProxyAnalysis
public import ProxyCompare
import ProxyModel
public import ProxyReport
import TraceCore

/// A comparison of two sides as one HTML file: no other file, no request and no script. What is in it is said by the text too; pictures of
/// the distributions besides.
public struct ComparePage {
  private let comparison: Comparison
  private let version: String
  private let person: PersonText
  private let names: [String]

  /// - Parameters:
  ///   - comparison: Of two sides, each of at least one capture.
  ///   - version: The program's version.
  public init(_ comparison: Comparison, version: String) {
    (self.comparison, self.version) = (comparison, version)
    let person = PersonText(comparison.sides[0].captures[0])
    self.person = person
    names = comparison.sides.map { Markup.escape(person.quote($0.label)) }
  }

  private var sides: [ComparedSide] { comparison.sides }

  /// Writes the page.
  /// - Throws: `OutputError` where the sink cannot write.
  public func write(to sink: ByteSink) throws(OutputError) {
    let title = sides.map { person.quote($0.label) }.joined(separator: " against ")
    try sink.write(PageFrame.head("proxytrace: \(title)", style: PageFrame.compareStyle))
    try sink.write("<header><h1>\(names.joined(separator: " against "))</h1>\n")
    try sink.write(
      "<p>differences are \(names[1]) minus \(names[0]), the base</p></header>\n<main>\n<div class=\"two\" id=\"sides\">\n"
    )
    for side in sides.indices { try writeCard(side, to: sink) }
    try sink.write("</div>\n")
    try writeAnswers(to: sink)
    try writePlots(to: sink)
    try sink.write(CompareClasses(comparison, names, person).html)
    try sink.write(CompareParts(comparison, names, person).html)
    try CompareDeltas(comparison, names, person).write(to: sink)
    try sink.write("</main>\n<footer>proxytrace \(Markup.escape(version))</footer>\n</body></html>\n")
  }

  // MARK: What is compared

  private func writeCard(_ index: Int, to sink: ByteSink) throws(OutputError) {
    let side = sides[index]
    try sink.write("<section class=\"card s\(index)\"><h2>\(names[index])\(index == 0 ? " (base)" : "")</h2>\n")
    for context in side.captures {
      let verdict = context.timeline.verdict
      let kernel = context.capture.kernelRelease.map { "Linux \(person.quote($0)), " } ?? ""
      let span = PersonText(context).duration(context.timeline.span)
      let known =
        "\(EvidenceMark(verdict.evidence).glyph) \(verdict.evidence.name)"
        + (verdict.evidence.rule.map { ": \($0.rawValue)" } ?? "")
      try write(person.quote(context.capture.path), to: sink)
      try write(
        "\(kernel)\(context.timeline.cpus.count) \(context.timeline.cpus.count == 1 ? "CPU" : "CPUs"), clock \(person.quote(context.capture.clock.name)), \(span)",
        to: sink)
      try write("proxy execution \(verdict.answer.rawValue) (\(known))", to: sink)
    }
    let known = side.evidence.map { rows, counts in
      "\(rows) "
        + counts.map { "\(EvidenceMark(rawValue: $0.name)?.glyph ?? "?") \($0.count) \($0.name)" }.joined(
          separator: ", ")
    }
    if !known.isEmpty { try write("known by: \(known.joined(separator: "; "))", to: sink) }
    if side.excludedWaits > 0 {
      try write("\(side.excludedWaits) mutex waits left out that the trace's ends cut or lost records touch", to: sink)
    }
    if side.skipped > 0 {
      try write("without the first \(side.skipped == 1 ? "wait" : "\(side.skipped) waits") of each lock", to: sink)
    }
    let (lost, all) = side.lost
    if lost > 0 { try write("lost records: \(person.share(lost, of: all)) of the CPUs' time", to: sink) }
    try sink.write("</section>\n")
  }

  private func write(_ line: String, to sink: ByteSink) throws(OutputError) {
    try sink.write("<p>\(Markup.escape(line))</p>\n")
  }

  // MARK: What has changed

  /// The figures that are looked for first.
  private static let first = [
    ("mutex wait", "mean"), ("mutex wait", "p50"), ("mutex wait", "p90"), ("mutex wait", "p99"),
    ("inversion", "share of waiting"),
    ("inversion", "inverted time"), ("proxied", "time"), ("release, mutex", "p50"), ("donation latency", "mean"),
    ("sched_ext", "blocked enqueues"),
  ]

  private func writeAnswers(to sink: ByteSink) throws(OutputError) {
    try sink.write("<section id=\"answers\"><h2>What has changed</h2>\n<table class=\"sum\">\n<tr><th></th>")
    for name in names { try sink.write("<th class=\"r side\">\(name)</th>") }
    try sink.write("<th class=\"r\">change</th><th>95 %</th><th>verdict</th><th>known by</th></tr>\n")
    let deltas = CompareDeltas(comparison, names, person)
    for (group, name) in Self.first {
      guard let row = comparison.figures.first(where: { $0.group == group && $0.name == name }),
        row.values.contains(where: { ($0 ?? 0) != 0 })
      else { continue }
      let change = row.changes[0]
      try sink.write("<tr><th>\(Markup.escape("\(group), \(name)"))</th>")
      for value in row.values {
        try sink.write("<td class=\"r\">\(Markup.escape(FigureText.withUnit(value, row.unit, isTime: isTime)))</td>")
      }
      try sink.write("<td class=\"r\">\(Markup.escape(FigureText.relative(change)))</td>")
      try sink.write("<td>\(Markup.escape(FigureText.interval(change)))</td><td>\(CompareDeltas.verdict(change))</td>")
      try sink.write("<td>\(deltas.known(row, ""))</td></tr>\n")
    }
    try sink.write("</table>\n")
    for line in AdmissionText(comparison).lines { try write(line, to: sink) }
    try sink.write("</section>\n")
  }

  private var isTime: Bool { sides.allSatisfy(\.countsNanoseconds) }

  // MARK: Distributions

  private func writePlots(to sink: ByteSink) throws(OutputError) {
    var sets = [PlottedSet("Waits for mutexes", sides.map(\.mutexWaits), figure("mutex wait"))]
    if let task = mainTask {
      sets.append(
        PlottedSet(
          "Waits of \(person.quote(task))", sides.map { side in side.mutexWaits.filter { $0.comm == task } },
          comparison.tasks.first { $0.group == task && $0.name == "mean" }))
    }
    sets += [
      PlottedSet("Holds of mutexes, from the first waiter on", sides.map(\.holds), figure("mutex hold")),
      PlottedSet(
        "Releases of mutexes: from release to acquisition", sides.map(\.mutexReleases), figure("release, mutex")),
      PlottedSet("Donations: from block until the owner runs", sides.map(\.donations), figure("donation latency")),
    ]
    let drawn = sets.compactMap { set in ECDFPlot(set.values, person).map { (set, $0) } }
    try sink.write("<section id=\"ecdf\"><h2>How long: the part of all that took at most so long</h2>\n")
    if drawn.isEmpty { return try sink.write("<p>no wait, hold or handoff has a length to draw</p></section>\n") }
    try sink.write("<p class=\"key\">")
    for side in sides.indices {
      try sink.write(
        "<span><svg width=\"34\" height=\"10\"><line class=\"s\(side)\" x1=\"0\" x2=\"34\" y1=\"5\" y2=\"5\"/></svg>\(names[side])</span>"
      )
    }
    try sink.write("<span>band: 95 % for the whole curve; dots: p50, p90, p99</span></p>\n<div class=\"two\">\n")
    for (set, plot) in drawn {
      let counts = set.values.map { String($0.count) }.joined(separator: " and ") + " samples"
      try sink.write("<div class=\"plot\"><h3>\(Markup.escape("\(set.title) (\(plot.axisNote))"))</h3>\n")
      try sink.write("<p class=\"say\">\(counts)\(mean(set.mean))</p>\n\(plot.draw())</div>\n")
    }
    try sink.write("</div></section>\n")
  }

  /// The mean of a group.
  private func figure(_ group: String) -> FigureRow? {
    comparison.figures.first { $0.group == group && $0.name == "mean" }
  }

  /// The task whose waits took longest among those that wait on both sides, where others wait too: the waits of all tasks together can
  /// change because others wait.
  private var mainTask: String? {
    let names = Set(
      comparison.tasks.map(\.group) + comparison.unmatched.filter { $0.kind == "task" }.map(\.figure.group))
    guard names.count > 1 else { return nil }
    var times: [String: Int64] = [:]
    for side in sides { for wait in side.mutexWaits { times[wait.comm, default: 0] &+= wait.value } }
    return Set(comparison.tasks.map(\.group)).max { (times[$0] ?? 0, $1) < (times[$1] ?? 0, $0) }
  }

  /// `; mean 25.210 → 11.478 ms (-54.5 %, better)`.
  private func mean(_ row: FigureRow?) -> String {
    guard let row, let change = row.changes[0] else { return "" }
    let values = row.values.map { FigureText.value($0, row.unit, isTime: isTime) }.joined(separator: " → ")
    let words = [FigureText.relative(change), change.outcome?.rawValue ?? ""].filter { !$0.isEmpty }.joined(
      separator: ", ")
    return Markup.escape(
      "; mean \(values)\(FigureText.unit(row.unit, isTime: isTime))" + (words.isEmpty ? "" : " (\(words))"))
  }
}

/// What one plot shows.
private struct PlottedSet {
  let title: String
  /// Durations of each side, ascending.
  let values: [[Int64]]
  /// The figure that is its mean.
  let mean: FigureRow?

  init(_ title: String, _ sides: [some Collection<Sample>], _ mean: FigureRow?) {
    (self.title, self.mean) = (title, mean)
    values = sides.map { $0.map(\.value).sorted() }
  }
}
