public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The first part of the text report: what the capture is, then what is missing in it.
public struct CaptureText {
  private let context: ReportContext
  private let style: TextStyle

  init(_ context: ReportContext, _ style: TextStyle) {
    self.context = context
    self.style = style
  }

  /// File, kernel, length and losses, for the first screen.
  var head: [String] {
    let (capture, timeline) = (context.capture, context.timeline)
    var parts = [capture.kernelRelease.map { "Linux \(TextEscape.terminal($0))" } ?? capture.format.text]
    if !capture.instance.isEmpty { parts.append("instance \(TextEscape.terminal(capture.instance))") }
    parts += [cpus, length, NumberText.counted(timeline.eventCount, "event")]
    if timeline.gaps.isEmpty, context.lostEvents == 0 { parts.append("none lost") }
    return style.wrap(
      words: [TextEscape.terminal(capture.path) + ":"] + parts.dropLast().map { $0 + "," } + parts.suffix(1))
  }

  /// All that the head does not tell of the file.
  var details: [String] { style.wrap(words: summary, indent: 2) + diagnosticLines { $0 == .note } }

  /// Losses, and what was skipped or could not be decided; a line each.
  var problems: [String] { lossLines + diagnosticLines { _ in true } }

  /// The same without notes.
  var warnings: [String] { lossLines + diagnosticLines { $0 > .note } }

  private var cpus: String {
    let (capture, timeline) = (context.capture, context.timeline)
    let cpus = NumberText.counted(UInt64(max(capture.cpuCount, timeline.cpus.count)), "CPU")
    return timeline.cpus.count < capture.cpuCount ? "\(timeline.cpus.count) of \(cpus)" : cpus
  }

  private var length: String {
    let (span, clock) = (context.timeline.span, context.capture.clock)
    return clock.unit == .nanoseconds ? "\(NumberText.seconds(span)) s" : "\(span) clock steps"
  }

  /// What a capture's figures lack, for output that does not contain it: `FILE: warning: …`, a line for each kind of diagnostic
  /// that is at least a warning, and for a clock without nanoseconds. Nothing but details is escaped.
  public static func problems(of context: ReportContext) -> [String] {
    let found = context.diagnostics.all
    return DiagnosticKind.allCases.compactMap { kind in
      let entries = found.filter { $0.kind == kind }
      guard !entries.isEmpty, kind.severity > .note || kind == .clockNotNanoseconds else { return nil }
      return "\(context.capture.path): \(line(kind, entries, context.capture.clock))"
    }
  }

  /// What the capture is, in pieces that no line break divides.
  private var summary: [String] {
    let (capture, timeline) = (context.capture, context.timeline)
    var parts = [capture.format.text]
    if let kernel = capture.kernelRelease { parts.append("Linux \(TextEscape.terminal(kernel))") }
    if !capture.instance.isEmpty { parts.append("instance \(TextEscape.terminal(capture.instance))") }
    parts.append(cpus)
    parts.append(capture.clock.name.isEmpty ? "clock unknown" : "clock \(TextEscape.terminal(capture.clock.name))")
    parts.append(CaptureText.span(from: timeline.begin, to: timeline.end, capture.clock))
    parts.append(NumberText.counted(timeline.eventCount, "event"))
    return parts.dropLast().map { $0 + "," } + parts.suffix(1)
  }

  /// `1.234568 s from 12.345678 to 13.580246`, or in clock steps.
  static func span(from begin: Timestamp, to end: Timestamp, _ clock: TraceClock) -> String {
    let length = clock.unit == .nanoseconds ? "\(NumberText.seconds(end - begin)) s" : "\(end - begin) clock steps"
    return "\(length) from \(clock.format(begin)) to \(clock.format(end))"
  }

  /// The number of lost events, and their share of the CPUs' time.
  private var lossLines: [String] {
    // Without switches there is none that could be missing.
    let countsTime = context.records(.switched)
    let cpus = context.timeline.cpus.filter { $0.lost > $0.quiet && countsTime || $0.lostEvents != 0 }
    guard !cpus.isEmpty else { return [] }
    let lost = countsTime ? cpus.reduce(0) { $0 &+ $1.lost &- $1.quiet } : 0
    let count = context.lostEvents.map { NumberText.counted($0, "event") } ?? "an unknown number of events"
    // Damaged records count as lost too; a larger buffer would not have kept them.
    let isDamaged = context.diagnostics.hasDamage
    var text = "lost\(isDamaged ? " or damaged" : ""): \(count) on CPU \(NumberText.list(cpus.map(\.cpu)))"
    if lost > 0 {
      text += "; for \(NumberText.percent(lost, of: context.cpuTime)) % of the CPUs' time nothing is known"
    }
    if context.timeline.gaps.contains(where: { !$0.isQuiet }), !isDamaged {
      text += "; \(DiagnosticKind.lostEvents.advice)"
    }
    return paint(style.wrap(text), ink: .warning)
  }

  /// A line for every kind of diagnostic, the most severe first.
  private func diagnosticLines(_ isWanted: (Severity) -> Bool) -> [String] {
    var lines: [String] = []
    for kind in DiagnosticKind.allCases.sorted(by: { $0.severity > $1.severity })
    where kind != .lostEvents && isWanted(kind.severity) {
      let found = context.diagnostics.all.filter { $0.kind == kind }
      if !found.isEmpty {
        lines += paint(style.wrap(Self.line(kind, found, context.capture.clock)), kind.severity)
      }
    }
    return lines
  }

  /// `warning: a record is damaged (3 times; first: CPU 1, offset 4096, too long); its records are treated as lost events`
  static func line(_ kind: DiagnosticKind, _ found: [Diagnostic], _ clock: TraceClock) -> String {
    let count = found.reduce(0) { $0 &+ $1.count }
    var places: [String] = []
    if let first = found.first {
      if let cpu = first.cpu { places.append("CPU \(cpu)") }
      if let offset = first.offset { places.append("offset \(offset)") }
      if let time = first.time { places.append("at \(clock.format(time))") }
      if !first.detail.isEmpty { places.append(TextEscape.terminal(first.detail)) }
    }
    let unit = kind.countsRecords ? "records" : "times"
    if count > 1 {
      places = ["\(count) \(unit)" + (places.isEmpty ? "" : "; first: \(places.joined(separator: ", "))")]
    }
    let note = places.isEmpty ? "" : " (\(places.joined(separator: ", ")))"
    return "\(kind.severity.name): \(kind.summary)\(note); \(kind.advice)"
  }

  private func paint(_ lines: [String], _ severity: Severity) -> [String] {
    switch severity {
    case .note: lines
    case .warning: paint(lines, ink: .warning)
    case .damage: paint(lines, ink: .damage)
    }
  }

  private func paint(_ lines: [String], ink: TextStyle.Ink) -> [String] { lines.map { style.paint($0, ink) } }
}

extension CaptureFormat {
  /// `trace.dat v7 zstd`, `Perfetto trace gzip`.
  var text: String {
    if let resolution = textResolution { return "ftrace text" + packing + TextResolution.clause(resolution) }
    if isPerfetto { return "Perfetto trace" + packing }
    return "trace.dat v\(version)" + packing
      + (isBigEndian ? " big-endian" : "") + (longSize == 4 ? " 32-bit" : "")
  }

  private var packing: String { compression == "none" ? "" : " \(TextEscape.terminal(compression))" }
}

/// How exact a text's times are, in words.
enum TextResolution {
  static func clause(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case 0, 1: ""
    case 1000: " with times to the microsecond"
    case 1_000_000: " with times to the millisecond"
    default: " with times to \(nanoseconds) ns"
    }
  }
}
