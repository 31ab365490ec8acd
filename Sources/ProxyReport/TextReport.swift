public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The report for people, in seven parts.
public struct TextReport {
  /// Uses colours.
  public var isColoured: Bool

  public init(isColoured: Bool = false) { self.isColoured = isColoured }

  private var style: TextStyle { TextStyle(isColoured: isColoured) }

  public func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    for line in CaptureText(report.context, style).lines + FilterText.lines(report) { try put(line, sink) }
    for part in ReportPart.allCases {
      switch part {
      case .capture: break
      case .findings: try write(findings: report, to: sink)
      case .unavailableResults: try write(limits: report, to: sink)
      case .proxyExecution, .waitingTime, .cpus, .top:
        for block in report.blocks where block.part == part { try write(block, report.context, to: sink) }
      }
    }
  }

  /// One table, aligned, every column. Makes its rows twice: once for the widths.
  public func write(_ result: Report.TableResult, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    if let reason = result.notAvailable {
      try put("\(result.name): \(reason)", sink)
      return
    }
    if result.isEmptiedByFilter {
      try put(FilterText.nothingChosen(in: result), sink)
      return
    }
    let text = TableText(clock: context.capture.clock)
    var widths = result.table.columns.map { $0.name.utf8.count }
    result.table.forEachRow { cells in
      for index in cells.indices { widths[index] = max(widths[index], TextEscape.width(text.cell(cells[index]))) }
    }
    let head = text.line(result.table.columns.map(\.name), result.table.columns, widths)
    try put(style.paint(head, .faint), sink)
    try result.table.forEachRow { cells throws(OutputError) in
      try put(text.line(cells.map(text.cell), result.table.columns, widths), sink)
    }
  }

  private func write(_ block: SummaryBlock, _ context: ReportContext, to sink: ByteSink) throws(OutputError) {
    let phrases = FragmentText(context)
    try heading(block.title, sink)
    for content in block.content {
      let lines =
        switch content {
        case .table(let table): TextLayout.table(table, phrases, style)
        case .bars(let bars): TextLayout.bars(bars, phrases, style)
        case .line(let line): TextLayout.wrap(phrases.wrappable(line), indent: 2)
        }
      for line in lines { try put(line, sink) }
    }
  }

  private func write(findings report: Report, to sink: ByteSink) throws(OutputError) {
    guard !report.findings.isEmpty else { return }
    let phrases = FragmentText(report.context)
    try heading("Findings", sink)
    let shown = Array(report.findings.prefix(report.context.top))
    let costs = shown.map { $0.cost > 0 ? phrases.sentence([.duration($0.cost)]) : "" }
    let width = costs.map(\.count).max() ?? 0
    for (finding, cost) in zip(shown, costs) {
      let head = [phrases.cell(.instant(finding.time)), String(repeating: " ", count: width - cost.count) + cost]
      var text = "\(finding.label): \(phrases.wrappable(finding.text))"
      if let lock = finding.lock { text += "; lock " + phrases.wrappable([.lock(lock)]) }
      let words = [head.joined(separator: "  ") + " "] + text.split(separator: " ").map(String.init)
      for line in TextLayout.wrap(words: words, indent: 2) { try put(line, sink) }
    }
    let rest = report.findings.count - report.context.top
    if rest > 0 { try put("  and \(rest) more", sink) }
  }

  private func write(limits report: Report, to sink: ByteSink) throws(OutputError) {
    guard !report.unavailableResults.isEmpty else { return }
    try heading("Not computed", sink)
    for limit in report.unavailableResults {
      for line in TextLayout.wrap("\(limit.result): \(limit.needs.explanation)", indent: 2) { try put(line, sink) }
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

/// A table's cells as text for people, every figure as the other formats have it.
private struct TableText {
  var clock: TraceClock

  func cell(_ cell: Cell) -> String {
    switch cell {
    case .empty: "-"
    case .integer(let value): String(value)
    case .count(let value): String(value)
    case .instant(let time): String(time.rawValue)
    case .secondsFromStart(let value): HumanNumbers.exactSeconds(value)
    case .address(let value): "0x" + String(value, radix: 16)
    case .word(let word): word
    case .text(let text): TextEscape.terminal(text)
    case .comm(let comm): TextEscape.terminal(comm)
    case .evidence(let evidence): evidence.name
    }
  }

  func line(_ cells: [String], _ columns: [Column], _ widths: [Int]) -> String {
    var line = ""
    for index in cells.indices {
      let space = String(repeating: " ", count: max(0, widths[index] - TextEscape.width(cells[index])))
      line += (index > 0 ? "  " : "") + (columns[index].kind.isNumeric ? space + cells[index] : cells[index] + space)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
