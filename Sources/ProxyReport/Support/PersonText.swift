package import ProxyAnalysis
package import ProxyModel
package import TraceCore

/// Text for people as the text report has it, for formats in other rooms: escaped as for a terminal, so that control characters and
/// marks of direction are visible. What markup needs besides is the format's own business.
package struct PersonText {
  private let fragments: FragmentText
  private let clock: TraceClock

  /// Text about a capture.
  package init(_ context: ReportContext) {
    fragments = FragmentText(context)
    clock = context.capture.clock
  }

  /// Fragments one after the other, with their units.
  package func sentence(_ text: [TextFragment]) -> String { fragments.sentence(text) }

  /// The same, with priorities as nice or real-time priority alone.
  package func brief(_ text: [TextFragment]) -> String { fragments.sentence(text, isBrief: true) }

  /// `name:pid`.
  package func task(_ task: TaskLabel) -> String { fragments.sentence([.task(task.withoutPriority)]) }

  /// The lock's symbol, or its address where it has none.
  package func lock(_ lock: LockAddress) -> String { fragments.short(lock) }

  /// An instant as `trace-cmd report` prints it.
  package func instant(_ time: Timestamp) -> String { clock.format(time) }

  /// A duration with its unit.
  package func duration(_ steps: Int64) -> String { fragments.sentence([.duration(steps)]) }

  /// Part of a whole as per cent, with the sign.
  package func share(_ part: Int64, of whole: Int64) -> String { fragments.sentence([.share(of: part, in: whole)]) }

  /// A fragment as a cell of a small table, whose heading names the unit.
  package func cell(_ fragment: TextFragment) -> String { fragments.cell(fragment) }

  /// Hostile text.
  package func quote(_ text: String) -> String { TextEscape.terminal(text) }

  /// The first lines of the text report: what the capture is, the verdict and the totals, what is missing or chosen.
  package func firstLines(_ report: Report) -> [String] {
    let style = TextStyle(isColoured: false, width: 1000)
    let capture = CaptureText(report.context, style)
    let verdict = FirstScreen(report, style).verdict.joined(separator: " ")
    return capture.head + [verdict] + capture.warnings + FilterText.lines(report, style)
  }

  /// The unit of durations in small tables.
  package var durationUnit: String { fragments.durationUnit }

  /// Whether clock steps are nanoseconds.
  package var countsNanoseconds: Bool { fragments.countsNanoseconds }

  /// The value of a table's cell, exact; `-` where it is not known.
  package static func cell(_ cell: Cell) -> String { TextCell.text(cell) }
}
