public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The report for people, in the parts of `ReportPart`.
public struct TextReport {
  /// Whether to use colours.
  public var isColoured: Bool

  /// A renderer; without colours unless asked for.
  public init(isColoured: Bool = false) { self.isColoured = isColoured }

  private var style: TextStyle { TextStyle(isColoured: isColoured) }

  /// Writes the whole report.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    for line in CaptureText(report.context, style).lines + FilterText.lines(report) { try put(line, sink) }
    for part in ReportPart.allCases {
      switch part {
      case .capture: break
      case .findings: try write(findings: report, to: sink)
      case .unavailableResults: try write(unavailable: report, to: sink)
      case .proxyExecution, .waitingTime, .cpus, .top:
        for block in report.blocks where block.part == part { try write(block, report.context, to: sink) }
      }
    }
  }

  /// Writes one table, aligned, with every column. Its rows are made twice: once for the widths.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ result: Report.TableResult, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    if let reason = result.notAvailable {
      try put("\(result.name): \(reason)", sink)
      return
    }
    if result.isEmptiedByFilter {
      try put(FilterText.nothingChosen(in: result), sink)
      return
    }
    var columns = result.table.columns.map {
      AlignedCell(text: $0.name, width: $0.name.utf8.count, isFlushRight: $0.kind.isNumeric)
    }
    result.table.forEachRow { cells in
      for index in cells.indices {
        columns[index].width = max(columns[index].width, TextEscape.width(TextCell.text(cells[index])))
      }
    }
    try put(style.paint(columns.line(), .faint), sink)
    try result.table.forEachRow { cells throws(OutputError) in
      for index in cells.indices { columns[index].text = TextCell.text(cells[index]) }
      try put(columns.line(), sink)
    }
  }

  private func write(_ block: SummaryBlock, _ context: ReportContext, to sink: ByteSink) throws(OutputError) {
    let fragments = FragmentText(context)
    try heading(block.title, sink)
    for content in block.content {
      let lines =
        switch content {
        case .table(let table): TextLayout.table(table, fragments, style)
        case .bars(let bars): TextLayout.bars(bars, fragments, style)
        case .line(let line): TextLayout.wrap(fragments.wrappable(line), indent: 2)
        }
      for line in lines { try put(line, sink) }
    }
  }

  private func write(findings report: Report, to sink: ByteSink) throws(OutputError) {
    guard !report.findings.isEmpty else { return }
    let fragments = FragmentText(report.context)
    try heading("Findings", sink)
    let shown = Array(report.findings.prefix(report.context.top))
    let costs = shown.map { $0.cost > 0 ? fragments.sentence([.duration($0.cost)]) : "" }
    let width = costs.map(\.count).max() ?? 0
    for (finding, cost) in zip(shown, costs) {
      let head = [fragments.cell(.instant(finding.time)), String(repeating: " ", count: width - cost.count) + cost]
      var text = "\(finding.label): \(fragments.wrappable(finding.text))"
      if let lock = finding.lock { text += "; lock " + fragments.wrappable([.lock(lock)]) }
      let words = [head.joined(separator: "  ") + " "] + text.split(separator: " ").map(String.init)
      for line in TextLayout.wrap(words: words, indent: 2) { try put(line, sink) }
    }
    let rest = report.findings.count - report.context.top
    if rest > 0 { try put("  and \(rest) more", sink) }
  }

  private func write(unavailable report: Report, to sink: ByteSink) throws(OutputError) {
    guard !report.unavailableResults.isEmpty else { return }
    try heading("Not computed", sink)
    for result in report.unavailableResults {
      for line in TextLayout.wrap("\(result.result): \(result.needs.explanation)", indent: 2) { try put(line, sink) }
    }
  }

  private func heading(_ title: String, _ sink: ByteSink) throws(OutputError) {
    try put("", sink)
    try put(style.paint(title, .heading), sink)
  }

  private func put(_ line: String, _ sink: ByteSink) throws(OutputError) {
    try sink.write(line)
    try sink.write(UInt8(ascii: "\n"))
  }
}

extension Finding {
  /// The kind, and where its row is: `inversion 5`, `deadlock (chain 2)`.
  fileprivate var label: String {
    let row = "\(table.hasSuffix("s") ? String(table.dropLast()) : table) \(row)"
    return row.hasPrefix(kind + " ") ? row : "\(kind) (\(row))"
  }
}

/// A cell as text for people, every figure as the other formats have it.
private struct TextCell: CellWriter {
  private var text = ""

  static func text(_ cell: Cell) -> String {
    var writer = TextCell()
    writer.write(cell)
    return writer.text
  }

  typealias Failure = Never

  mutating func writeEmpty() { text = "-" }
  mutating func write(integer: Int64) { text = String(integer) }
  mutating func write(count: UInt64) { text = String(count) }
  mutating func write(decimal: String) { text = decimal }
  mutating func write(word: String) { text = word }
  mutating func write(text: String) { self.text = TextEscape.terminal(text) }
  mutating func write(comm: Comm) { text = TextEscape.terminal(comm) }
}
