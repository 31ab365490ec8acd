public import ProxyAnalysis
import ProxyModel
public import ProxyReport
import TraceCore

/// A report as one HTML file: no other file and no request. What is in it is said by the text report too; pictures and tables besides.
public struct Page {
  private let report: Report
  private let subjects: PageSubjects
  private let scenes: [Scene]
  private let text: PictureText
  private let version: String

  /// Pictures take so many bytes at most, and so do tables.
  private static let budget = 900_000

  /// - Parameters:
  ///   - report: What is shown.
  ///   - subjects: What is drawn.
  ///   - scenes: The scenes of ``PageSubjects/windows``, in their order.
  ///   - version: The program's version.
  public init(_ report: Report, _ subjects: PageSubjects, _ scenes: [Scene], version: String) {
    (self.report, self.subjects, self.scenes, self.version) = (report, subjects, scenes, version)
    text = PictureText(report.context)
  }

  /// Writes the page.
  /// - Throws: `OutputError` where the sink cannot write.
  public func write(to sink: ByteSink) throws(OutputError) {
    let title = report.context.capture.path
    try sink.write(PageFrame.head("proxytrace: \(text.person.quote(title))"))
    try sink.write("<header><h1>\(Markup.escape(text.person.quote(title)))</h1>\n")
    // The title has the path already.
    let path = text.person.quote(title) + ": "
    let lines = text.person.firstLines(report).map { $0.hasPrefix(path) ? String($0.dropFirst(path.count)) : $0 }
    for line in lines { try sink.write("<p>\(Markup.escape(line))</p>\n") }
    try sink.write("</header>\n<main>\n")
    try sink.write("<div class=\"cols\"><section id=\"finds\"><h2>Look at this first</h2>\n")
    try writeFindings(to: sink)
    try sink.write("</section>\n<div>")
    try writeBlocks(to: sink) { $0 == .waitingTime }
    try sink.write("</div></div>\n")
    try writePicture(to: sink)
    try sink.write("<div class=\"blocks\">")
    try writeBlocks(to: sink) { $0 == .top || $0 == .proxyExecution }
    try sink.write("</div>\n")
    try writeUnavailable(to: sink)
    try sink.write(PageFrame.tables)
    try sink.write("</main>\n")
    try writeData(to: sink)
    try sink.write("<footer>proxytrace \(Markup.escape(version))</footer>\n")
    try sink.write(PageFrame.foot)
  }

  // MARK: First screen

  private func writeFindings(to sink: ByteSink) throws(OutputError) {
    if report.findings.isEmpty { return try sink.write("<p>Nothing that stands out.</p>\n") }
    try sink.write("<ol>\n")
    for place in report.findings.indices.prefix(Self.first) { try writeFinding(place, to: sink) }
    try sink.write("</ol>\n")
    // The picture should be seen without scrolling.
    let more = report.findings.indices.prefix(Self.most).dropFirst(Self.first)
    if !more.isEmpty {
      try sink.write("<details><summary>\(more.count) more</summary><ol start=\"\(Self.first + 1)\">\n")
      for place in more { try writeFinding(place, to: sink) }
      try sink.write("</ol></details>\n")
    }
    let rest = report.findings.count - Self.most
    if rest > 0 { try sink.write("<p>and \(rest) more in the text report</p>\n") }
  }

  /// Findings that are seen at once, and those that a click shows.
  private static let (first, most) = (5, 20)

  private func writeFinding(_ place: Int, to sink: ByteSink) throws(OutputError) {
    let finding = report.findings[place]
    let cost = finding.cost > 0 ? text.person.duration(finding.cost) : ""
    let picture = subjects.subjects.firstIndex { $0.finding == place }
    let open = picture.map { "<a href=\"#p=\($0)\" data-p=\"\($0)\">" } ?? "<span>"
    try sink.write("<li>\(open)<b>\(Markup.escape(cost))</b> \(Markup.escape(text.person.brief(finding.headline)))")
    try sink.write(" <i>\(EvidenceMark(finding.evidence).glyph) \(Markup.escape(counts(finding)))</i>")
    try sink.write(picture == nil ? "</span></li>\n" : "</a></li>\n")
  }

  /// How often, and the worst instance.
  private func counts(_ finding: Finding) -> String {
    var parts: [String] = []
    if finding.waits > 0 { parts.append("\(finding.waits) wait\(finding.waits == 1 ? "" : "s")") }
    if finding.windows > max(1, finding.waits) { parts.append("\(finding.windows) windows") }
    if finding.windows > 1, finding.worst.length > 0 {
      parts.append("worst \(text.person.duration(finding.worst.length))")
    }
    parts.append("at \(text.person.instant(finding.worst.begin))")
    return parts.joined(separator: ", ")
  }

  private func writeBlocks(to sink: ByteSink, _ isWanted: (ReportPart) -> Bool) throws(OutputError) {
    for block in report.blocks where isWanted(block.part) {
      try sink.write("<section><h2>\(Markup.escape(block.title))</h2>\n")
      for content in block.content {
        switch content {
        case .line(let line): try sink.write("<p>\(Markup.escape(text.person.sentence(line)))</p>\n")
        case .bars(let bars): try write(bars, to: sink)
        case .table(let table): try write(table, to: sink)
        }
      }
      try sink.write("</section>\n")
    }
  }

  private func write(_ bars: [Bar], to sink: ByteSink) throws(OutputError) {
    let most = max(bars.map(\.part).max() ?? 1, 1)
    try sink.write("<table class=\"bars\">\n")
    for bar in bars {
      let width = max(Double(bar.part) / Double(most) * 100, bar.part > 0 ? 0.5 : 0)
      let style = BarStyle(plainName: bar.label)?.rawValue ?? "other"
      try sink.write("<tr><th>\(Markup.escape(bar.label))</th><td>\(text.person.duration(bar.part))</td>")
      try sink.write(
        "<td>\(text.person.share(bar.part, of: bar.whole))</td><td class=\"w\"><svg class=\"pt\" width=\"100%\" ")
      try sink.write(
        "height=\"14\"><rect class=\"k \(style)\" width=\"\(Int(width * 10) / 10)%\" height=\"14\"/></svg></td></tr>\n")
    }
    try sink.write("</table>\n")
  }

  private func write(_ table: SummaryTable, to sink: ByteSink) throws(OutputError) {
    try sink.write("<table class=\"sum\"><tr>")
    for column in table.columns {
      try sink.write("<th\(column.kind == .text ? "" : " class=\"r\"")>\(Markup.escape(column.title))")
      try sink.write(column.kind == .duration ? " \(text.person.durationUnit)</th>" : "</th>")
    }
    try sink.write("</tr>\n")
    for row in table.rows {
      try sink.write("<tr>")
      for (cell, column) in zip(row, table.columns) {
        try sink.write("<td\(column.kind == .text ? "" : " class=\"r\"")>\(Markup.escape(text.person.cell(cell)))</td>")
      }
      try sink.write("</tr>\n")
    }
    try sink.write("</table>\n")
  }

  private func writeUnavailable(to sink: ByteSink) throws(OutputError) {
    guard !report.unavailableResults.isEmpty else { return }
    try sink.write("<section><h2>Not computed</h2>\n")
    for result in report.unavailableResults {
      try sink.write("<p>\(Markup.escape("\(result.result): \(result.needs.explanation)"))</p>\n")
    }
    try sink.write("</section>\n")
  }

  // MARK: Pictures and data

  private func writePicture(to sink: ByteSink) throws(OutputError) {
    guard let first = scenes.first else { return }
    try sink.write(PageFrame.picture)
    try sink.write("<h3 id=\"pt\">\(Markup.escape(first.title))</h3>\n<div id=\"pf\">")
    for fact in first.facts { try sink.write("<p>\(Markup.escape(fact))</p>") }
    try sink.write("</div>\n<div id=\"pic\">")
    // The first one is there without a script.
    try sink.write(SVGDrawing.draw(first, for: .page))
    try sink.write("</div>\n<p id=\"leg\">")
    for style in BarStyle.allCases where scenes.contains(where: { $0.legend.contains(style) }) {
      try sink.write(
        "<span><svg class=\"pt\" width=\"16\" height=\"12\"><rect class=\"k \(style.rawValue)\" width=\"16\" ")
      try sink.write("height=\"12\"/></svg> \(style.words(isProxying: text.isProxying))</span> ")
    }
    for mark in EvidenceMark.allCases { try sink.write("<span>\(mark.glyph) \(mark.rawValue)</span> ") }
    try sink.write("</p>\(PageFrame.keys)</section>\n")
  }

  private func writeData(to sink: ByteSink) throws(OutputError) {
    var bytes = 0
    for (place, scene) in scenes.enumerated() {
      let drawing = Packing.pack(Array(SVGDrawing.draw(scene, for: .page).utf8))
      bytes += drawing.count
      if bytes > Self.budget, place > 0 { break }
      let window = subjects.subjects[place].window
      try sink.write("<script type=\"text/plain\" class=\"pic\" data-wait=\"\(window.wait + 1)\" ")
      if let inversion = window.inversion { try sink.write("data-inversion=\"\(inversion + 1)\" ") }
      if let finding = window.finding { try sink.write("data-finding=\"\(finding.rank)\" ") }
      try sink.write(
        "data-title=\"\(Markup.escape(scene.title))\" data-facts=\"\(Markup.escape(scene.facts.joined(separator: "\n")))\" "
      )
      try sink.write("data-b=\"\(scene.begin.rawValue)\" data-e=\"\(scene.end.rawValue)\">")
      try sink.write(String(decoding: drawing, as: UTF8.self))
      try sink.write("</script>\n")
    }
    // As many rows as should fit by the size of those that did not: at most half of them, for short tables stay as long as they are.
    var rows = 50_000
    var tables = PageTables(mostRows: rows).packed(report)
    while tables.count > Self.budget, rows > 500 {
      rows = max(500, min(rows / 2, rows * Self.budget / tables.count))
      tables = PageTables(mostRows: rows).packed(report)
    }
    try sink.write("<script type=\"text/plain\" id=\"tables\">")
    try sink.write(String(decoding: tables, as: UTF8.self))
    try sink.write("</script>\n")
  }
}
