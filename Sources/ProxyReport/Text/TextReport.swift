public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The report for people, in the parts of `ReportPart`.
public struct TextReport {
  /// Whether to use colours.
  public var isColoured: Bool

  /// Columns of a line.
  public var width: Int

  /// A renderer; without colours unless asked for.
  public init(isColoured: Bool = false, width: Int = TextWidth.narrow) {
    self.isColoured = isColoured
    self.width = width
  }

  private var style: TextStyle { TextStyle(isColoured: isColoured, width: width) }

  /// Writes the whole report.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    let (screen, more) = FirstScreen(report, style).lines
    for line in screen + more { try put(line, sink) }
    for part in ReportPart.allCases {
      switch part {
      case .findings, .waitingTime: break
      case .capture:
        try heading("Capture", sink)
        for line in CaptureText(report.context, style).details { try put(line, sink) }
      case .unavailableResults: try write(unavailable: report, to: sink)
      case .proxyExecution, .top:
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
      for line in TextLayout.lines(content, fragments, style) { try put(line, sink) }
    }
  }

  private func write(unavailable report: Report, to sink: ByteSink) throws(OutputError) {
    guard !report.unavailableResults.isEmpty else { return }
    try heading("Not computed", sink)
    for result in report.unavailableResults {
      for line in style.wrap("\(result.result): \(result.needs.explanation)", indent: 2) { try put(line, sink) }
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

/// A cell as text for people, every figure as the other formats have it.
struct TextCell: CellWriter {
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
  mutating func write(billionths: Int64) { text = NumberText.exactSeconds(billionths) }
  mutating func write(address: UInt64) { text = LockAddress(address).description }
  mutating func write(word: String) { text = word }
  mutating func write(text: String) { self.text = TextEscape.terminal(text) }
  mutating func write(comm: Comm) { text = TextEscape.terminal(comm) }
}
