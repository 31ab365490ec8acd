public import ProxyModel
import TraceCore

/// What the capture is, in one row: beside the rows of many captures it says which of them can be compared.
public enum CaptureAnalysis: Analysis {
  public static let name = "capture"
  public static let purpose = "what the capture is"
  public static let needs: [EventNeed] = []
  public static let tableRows: RowKinds = []
  public static let summaryRows: RowKinds = []

  public static func tables(_ context: ReportContext) -> [Table] {
    [Table(name, of: ChosenRows([context]), in: context, Columns())]
  }

  private struct Columns: RowColumns {
    typealias Row = ReportContext

    func put<Output: CellOutput>(in output: inout Output) where Output.Row == ReportContext {
      output.text("path", "the file, as it was named") { $0.capture.path }
      output.text("format", "what kind of file it is") { $0.capture.format.name }
      output.text("kernel", "release of the traced kernel") { known($0.capture.kernelRelease) }
      output.text("clock", "name of the trace clock") { known($0.capture.clock.name) }
      output.count("cpus", "CPUs of the traced machine") {
        UInt64(max($0.capture.cpuCount, $0.timeline.cpus.count))
      }
      output.instant("begin_ns", "the first record") { $0.timeline.begin }
      output.instant("end_ns", "the last record") { $0.timeline.end }
      output.duration("span_ns", "from begin_ns to end_ns") { $0.timeline.span }
      output.count("events", "records in the capture") { $0.timeline.eventCount }
      putLosses(in: &output)
      output.word("verdict", "whether the kernel proxies: on, off or undecided") {
        $0.timeline.verdict.answer.rawValue
      }
      output.cell(Column("verdict_evidence", .evidence, "how that is known")) {
        .evidence($0.timeline.verdict.evidence)
      }
      output.word(Column("verdict_rule", .word, "the rule by which it is inferred, or what states it")) {
        $0.timeline.verdict.rule
      }
      output.text("scheduler", "name of the BPF scheduler, as the recorder found it or sched_ext_exit says it") {
        known($0.schedulerName)
      }
      output.text("not_available", "tables that the capture does not allow, each with what it needs") {
        known(CaptureAnalysis.notAvailable($0))
      }
      output.text("tool_version", "the proxytrace that read the capture") { _ in ToolVersion.text }
      output.count("schema_version", "version of the tables") { _ in ToolVersion.schema }
    }

    private func putLosses<Output: CellOutput>(in output: inout Output) where Output.Row == ReportContext {
      output.count("lost_events", "records that the ring buffers lost; empty where one of them did not count") {
        $0.lostEvents
      }
      output.cell(
        Column(
          "lost_share", .share, "part of all CPUs' time in which records are missing; empty where there is no time")
      ) {
        CaptureAnalysis.lostShare($0)
      }
      output.count("damage", "how often part of the file could not be used") { context in
        context.diagnostics.all.reduce(0) { $1.kind.severity == .damage ? $0 &+ $1.count : $0 }
      }
    }

    private func known(_ text: String?) -> String? { text?.isEmpty == true ? nil : text }
  }

  private static func lostShare(_ context: ReportContext) -> Cell {
    let lost = context.timeline.cpus.reduce(0) { $0 &+ $1.lost &- $1.quiet }
    guard context.cpuTime > 0, lost >= 0, lost <= context.cpuTime else { return .empty }
    let (high, low) = UInt64(lost).multipliedFullWidth(by: 1_000_000_000)
    return .share(billionths: Int64(UInt64(context.cpuTime).dividingFullWidth((high, low)).quotient))
  }

  /// `pairing: needs proxytrace:running; waits: needs lock:contention_begin`; `nil` where every table is available.
  private static func notAvailable(_ context: ReportContext) -> String? {
    var reasons: [String] = []
    for analysis in AnalysisRegistry.all where analysis.name != name {
      let missing = analysis.missing(in: context)
      if missing.isEmpty { continue }
      reasons += analysis.tables(context).map { "\($0.name): \(missing.explanation)" }
    }
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
  }
}

extension CaptureFormat {
  /// `trace.dat v7 zstd`, `ftrace text`. Hostile text: the compression's name is the file's.
  fileprivate var name: String {
    (isText ? "ftrace text" : isPerfetto ? "Perfetto trace" : "trace.dat v\(version)")
      + (compression == "none" ? "" : " \(compression)")
  }
}
