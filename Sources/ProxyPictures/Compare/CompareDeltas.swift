import ProxyAnalysis
import ProxyCompare
import ProxyReport
import TraceCore

/// All figures of two sides with their changes, how sure they are, and how they are known.
struct CompareDeltas {
  private let comparison: Comparison
  private let names: [String]
  private let person: PersonText
  private let isTime: Bool
  /// How the rows are known that a figure is made of, by its group.
  private let evidence: [String: [[(name: String, count: Int)]]]

  init(_ comparison: Comparison, _ names: [String], _ person: PersonText) {
    (self.comparison, self.names, self.person) = (comparison, names, person)
    isTime = comparison.sides.allSatisfy(\.countsNanoseconds)
    var evidence: [String: [[(name: String, count: Int)]]] = [:]
    for row in comparison.figures where evidence[row.group] == nil {
      evidence[row.group] = comparison.sides.map { $0.evidence(of: row.group) }
    }
    self.evidence = evidence
  }

  func write(to sink: ByteSink) throws(OutputError) {
    try sink.write("<section id=\"delta\"><h2>All figures</h2>\n<table class=\"sum\">\n<thead><tr><th>figure</th>")
    for name in names { try sink.write("<th class=\"r side\">\(name)</th>") }
    try sink.write(
      "<th class=\"r\">change</th><th>95 %</th><th>−100 … +100 %</th><th>verdict</th><th>known by</th></tr></thead>\n<tbody>\n"
    )
    try write(comparison.figures, "", to: sink)
    try write(comparison.tasks, "waits of task ", to: sink)
    try write(comparison.locks, "waits for lock ", to: sink)
    try sink.write("</tbody></table>\n")
    for (kind, figure) in comparison.unmatched.prefix(50) {
      let places = comparison.labels(with: figure).map { person.quote($0) }.joined(separator: ", ")
      try sink.write(
        "<p class=\"how\">\(Markup.escape("\(kind) \(person.quote(figure.group)): waits in \(places) alone"))</p>\n")
    }
    for line in notes { try sink.write("<p class=\"how\">\(Markup.escape(line))</p>\n") }
    try sink.write("</section>\n")
  }

  private func write(_ rows: [FigureRow], _ prefix: String, to sink: ByteSink) throws(OutputError) {
    var group: String?
    for row in rows {
      if row.group != group {
        group = row.group
        try sink.write(
          "<tr class=\"g\"><th colspan=\"8\">\(Markup.escape(prefix + person.quote(row.group)))</th></tr>\n")
      }
      let change = row.changes[0]
      try sink.write("<tr><td>\(Markup.escape(FigureText.name(row) + FigureText.unit(row.unit, isTime: isTime)))</td>")
      for value in row.values {
        try sink.write("<td class=\"r\">\(Markup.escape(FigureText.value(value, row.unit, isTime: isTime)))</td>")
      }
      try sink.write("<td class=\"r\">\(Markup.escape(FigureText.relative(change)))</td>")
      try sink.write("<td>\(Markup.escape(FigureText.interval(change)))</td><td>\(Self.picture(change))</td>")
      try sink.write("<td>\(Self.verdict(change))</td><td>\(known(row, prefix))</td></tr>\n")
    }
  }

  /// `better, p 1.1e-5`.
  static func verdict(_ change: Change?) -> String {
    guard let outcome = change?.outcome else { return "" }
    let style =
      switch outcome {
      case .better: "better"
      case .worse: "worse"
      case .noDifference, .tooFew: "few"
      }
    let probability = FigureText.probability(change)
    return "<span class=\"\(style)\">\(outcome.rawValue)</span>" + (probability.isEmpty ? "" : ", \(probability)")
  }

  /// The interval as a bar with the change in it, between −100 and +100 % of the base. What lies beyond ends in an arrow.
  private static func picture(_ change: Change?) -> String {
    guard let change, let interval = change.relativeInterval, let relative = change.relative else { return "" }
    func x(_ share: Double) -> Double { 70 + min(max(share, -1), 1) * 62 }
    let (low, high) = (x(interval.lowerBound), x(interval.upperBound))
    let mark =
      relative > 1
      ? "<path class=\"m\" d=\"M130 1l8 5l-8 5z\"/>"
      : "<circle class=\"m\" cx=\"\(px(x(relative)))\" cy=\"6\" r=\"4\"/>"
    let beyond = interval.upperBound > 1 && relative <= 1 ? "<path class=\"m\" d=\"M132 2l6 4l-6 4z\"/>" : ""
    return "<svg class=\"iv\" width=\"140\" height=\"12\"><line class=\"z\" x1=\"8\" x2=\"132\" y1=\"6\" y2=\"6\"/>"
      + "<line class=\"z\" x1=\"70\" x2=\"70\" y1=\"0\" y2=\"12\"/>"
      + "<line class=\"r\" x1=\"\(px(low))\" x2=\"\(px(max(high, low + 1)))\" y1=\"6\" y2=\"6\"/>\(mark)\(beyond)</svg>"
  }

  /// `● 61 / ◇ 111`, with words for the pointer.
  func known(_ row: FigureRow, _ prefix: String) -> String {
    guard let sides = evidence[prefix.isEmpty ? row.group : "mutex wait"] else { return "" }
    // Of a task or a lock the waits are known as all waits are; their number is another.
    let counts = sides.map { side in
      side.map { "\(EvidenceMark(rawValue: $0.name)?.glyph ?? "?")" + (prefix.isEmpty ? " \($0.count)" : "") }.joined(
        separator: " ")
    }
    let words = zip(names, sides).map { name, side in
      "\(name): " + (side.isEmpty ? "nothing" : side.map { "\($0.count) \($0.name)" }.joined(separator: ", "))
    }
    if counts.allSatisfy(\.isEmpty) { return "" }
    let text =
      Set(counts).count == 1 && !prefix.isEmpty
      ? counts[0] : counts.map { $0.isEmpty ? "–" : $0 }.joined(separator: " / ")
    return "<span title=\"\(words.joined(separator: "; "))\">\(Markup.escape(text))</span>"
  }

  private var notes: [String] {
    var notes = [
      "known by: " + EvidenceMark.allCases.map { "\($0.glyph) \($0.rawValue)" }.joined(separator: ", ")
        + "; the numbers are rows, of the base / of the other side",
      "95 %: bootstrap interval of the difference, in per cent of the base; better or worse: the difference is more than chance explains, shorter is better",
    ]
    notes += FigureText.tests(comparison)
    notes.append("– means: not known. docs/compare.md tells how each figure is made.")
    return notes
  }
}
