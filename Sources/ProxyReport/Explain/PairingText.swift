public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The story of a sched_ext callback without a partner as text of 80 columns.
public struct PairingText {
  private let style: TextStyle

  /// A renderer, with colours or without.
  public init(isColoured: Bool = false) { style = TextStyle(isColoured: isColoured) }

  /// Writes a story.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ story: PairingStory, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    let fragments = FragmentText(context)
    let row = context.timeline.pairing[story.place]
    let clock = context.capture.clock
    var text: [TextFragment] = [
      .plain("pairing \(story.place + 1): \(row.kind.rawValue): \(row.callback.name) of "), .task(row.task), " on ",
      .cpu(row.cpu), " at ", .instant(row.time),
    ]
    if let clash = row.clash {
      let what = clash.what == .switchedIn ? "the switch to" : "\(clash.what.rawValue) of"
      text += [.plain("; it clashes with \(what) "), .task(clash.task), " at ", .instant(clash.time)]
    }
    var lines = LineBreaker.story.lines(fragments.wrappable(text), hanging: 2).map { style.paint($0, .heading) } + [""]
    let width = story.lines.map { clock.format($0.time).count }.max() ?? 0
    for line in story.lines {
      let head =
        (line.isMarked ? "> " : "  ") + TextLayout.flushRight(clock.format(line.time), width)
        + " [\(NumberText.zeroPadded(line.cpu, 3))] "
      let broken = LineBreaker.story.lines(fragments.wrappable(line.text), head: head, hanging: head.count + 2)
      lines += line.isMarked ? broken.map { style.paint($0, .warning) } : broken
    }
    if story.leftOut > 0 { lines.append("  and \(NumberText.counted(UInt64(story.leftOut), "more event"))") }
    lines +=
      [""] + LineBreaker.story.lines("marked with >: the callback, and the event that it clashes with", hanging: 2)
    for line in lines { try sink.write(line + "\n") }
  }
}
