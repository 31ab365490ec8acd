public import ProxyAnalysis
import ProxyModel
import TraceCore

/// What a capture is, as text for people: file, kernel, clock, CPUs, events, losses, and which results it allows.
public struct InfoText {
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

  /// Writes the text.
  /// - Parameters:
  ///   - report: of the capture.
  ///   - census: the records of the same capture.
  ///   - sink: where to write it.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ report: Report, _ census: CaptureCensus, to sink: ByteSink) throws(OutputError) {
    let context = report.context
    var lines = [style.paint(TextEscape.terminal(context.capture.path), .heading)] + head(context)
    lines += CaptureText(context, style).problems
    if context.capture.instances.count > 1 { lines += section("Instances", instances(context.capture)) }
    lines += section("CPUs", cpus(context, census))
    lines += section("Events", events(context, census))
    lines += section("Results", results(report))
    for line in lines {
      try sink.write(line)
      try sink.write(UInt8(ascii: "\n"))
    }
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    ["", style.paint(title, .heading)] + lines
  }

  private func name(of format: CaptureFormat) -> String {
    if format.isPerfetto { return "Perfetto trace" }
    return format.isText ? "ftrace text" : "trace.dat version \(format.version)"
  }

  private func head(_ context: ReportContext) -> [String] {
    let (capture, timeline) = (context.capture, context.timeline)
    let format = capture.format
    var fields = [
      ("format", "\(name(of: format)), \(compression(format))"),
      ("machine", machine(format)),
      ("kernel", capture.uname.isEmpty ? "not told by the file" : TextEscape.terminal(capture.uname)),
      ("recorder", recorder(capture.recorderVersion)),
      ("clock", capture.clock.meaning),
    ]
    fields += facts(capture)
    if !capture.instance.isEmpty { fields.append(("instance", TextEscape.terminal(capture.instance))) }
    if let buffer = capture.instances.first(where: { $0.name == capture.instance }) {
      fields.append(("sub-buffers", "\(buffer.subBufferSize) bytes"))
    }
    fields.append(("time", CaptureText.span(from: timeline.begin, to: timeline.end, capture.clock)))
    fields.append(
      ("events", "\(timeline.eventCount), lost \(context.lostEvents.map(String.init) ?? "an unknown number")"))
    let width = fields.reduce(0) { max($0, $1.0.count) }
    return fields.map { "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1)" }
  }

  private func machine(_ format: CaptureFormat) -> String {
    if format.isPerfetto { return "not told by the file" }
    guard let resolution = format.textResolution else {
      return "\(format.isBigEndian ? "big" : "little")-endian, \(format.longSize * 8)-bit long"
    }
    return "not told by text" + TextResolution.clause(resolution)
  }

  private func compression(_ format: CaptureFormat) -> String {
    format.compression == "none" ? "not compressed" : "compressed with \(TextEscape.terminal(format.compression))"
  }

  private func recorder(_ version: String) -> String {
    if version.hasPrefix("proxytrace ") || version.hasPrefix("Perfetto ") { return TextEscape.terminal(version) }
    return version.isEmpty ? "not told by the file" : "trace-cmd \(TextEscape.terminal(version))"
  }

  /// What the recorder wrote about the machine, as far as it fits a line.
  private func facts(_ capture: CaptureInfo) -> [(String, String)] {
    let facts = capture.machineFacts
    let shown = [
      ("command line", "cmdline"), ("sched_ext", "sched_ext.state"), ("scheduler", "sched_ext.ops"),
      ("its flags", "sched_ext.flags"), ("probes", "probes"), ("filter", "filter"), ("command", "command"),
    ]
    return shown.compactMap { label, key in facts[key].map { (label, TextEscape.terminal($0)) } }
  }

  private func instances(_ capture: CaptureInfo) -> [String] {
    let all = capture.instances
    return TextLayout.lines(
      [
        TextColumn(
          title: "name", isFlushRight: false,
          cells: all.map { $0.name.isEmpty ? "(top)" : TextEscape.terminal($0.name) }),
        TextColumn(title: "clock", isFlushRight: false, cells: all.map { TextEscape.terminal($0.clockName) }),
        TextColumn(title: "sub-buffer", isFlushRight: true, cells: all.map { String($0.subBufferSize) }),
        TextColumn(title: "CPUs", isFlushRight: false, cells: all.map { NumberText.list($0.cpus) }),
      ], style)
  }

  private func cpus(_ context: ReportContext, _ census: CaptureCensus) -> [String] {
    let (counts, clock) = (census.cpus, context.capture.clock)
    let lost = counts.map { count in context.timeline.cpus.first { $0.cpu == count.cpu } }
    var columns = [
      TextColumn(title: "cpu", isFlushRight: true, cells: counts.map { String($0.cpu) }),
      TextColumn(title: "events", isFlushRight: true, cells: counts.map { String($0.events) }),
      TextColumn(title: "first", isFlushRight: true, cells: counts.map { clock.format($0.first) }),
      TextColumn(title: "last", isFlushRight: true, cells: counts.map { clock.format($0.last) }),
      TextColumn(
        title: "lost events", isFlushRight: true,
        cells: lost.map { $0.map { $0.lostEvents.map(String.init) ?? "?" } ?? "" }),
    ]
    if context.records(.switched), lost.contains(where: { ($0?.lost ?? 0) > ($0?.quiet ?? 0) }) {
      let span = context.timeline.span
      columns.append(
        TextColumn(
          title: "lost time %", isFlushRight: true, cells: lost.map { NumberText.percent($0?.lost ?? 0, of: span) }))
    }
    return TextLayout.lines(columns, style)
  }

  /// Recorded events, those with a role first.
  private func events(_ context: ReportContext, _ census: CaptureCensus) -> [String] {
    let recorded = context.capture.events.filter { $0.role != nil || census.count(of: $0) > 0 }
    let sorted = recorded.sorted { a, b in
      if (a.role == nil) != (b.role == nil) { return a.role != nil }
      return (a.system, a.name) < (b.system, b.name)
    }
    guard !sorted.isEmpty else { return ["  none"] }
    return TextLayout.lines(
      [
        TextColumn(
          title: "event", isFlushRight: false, cells: sorted.map { TextEscape.terminal("\($0.system):\($0.name)") }),
        TextColumn(title: "records", isFlushRight: true, cells: sorted.map { String(census.count(of: $0)) }),
        TextColumn(title: "used for", isFlushRight: false, cells: sorted.map { $0.role?.details.use ?? "-" }),
      ], style)
  }

  private func results(_ report: Report) -> [String] {
    let outcomes = report.availability
    return TextLayout.lines(
      [
        TextColumn(title: "result", isFlushRight: false, cells: outcomes.map(\.name)),
        TextColumn(title: "tells", isFlushRight: false, cells: outcomes.map(\.purpose)),
        TextColumn(
          title: "", isFlushRight: false,
          cells: outcomes.map { $0.missing.isEmpty ? "available" : "not available: \($0.missing.explanation)" }),
      ], style)
  }
}

extension TraceClock {
  /// The clock's name and what its steps mean.
  fileprivate var meaning: String {
    guard !name.isEmpty else { return "not told by the file; nanoseconds are assumed" }
    let shown = TextEscape.terminal(name)
    guard unit == .nanoseconds else {
      return
        "\(shown): \(name == "counter" ? "counts events" : "counts its own steps"), not nanoseconds; no times are shown"
    }
    return "\(shown): nanoseconds, "
      + (isGlobal ? "the same on every CPU" : "each CPU's own; CPUs may be off by some time")
  }
}
