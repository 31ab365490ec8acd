import ProxyAnalysis
public import ProxyModel
import ProxyReport
import ProxyTraceKit
public import TraceCore

/// What became of a capture that was read, analysed and rendered in this process as the program would do it.
public struct Examination: Sendable {
  /// The program's exit status: 0, 1 or 3 (spec of the exit statuses: docs/robustness.md).
  public var status: Int32 = 0
  /// Why it could not be analysed, if the status is 1.
  public var error: TraceError?
  public var diagnostics = DiagnosticLog()
  /// For each CPU its records in order, a number each that stands for time, id and pid.
  public var records: [CPU: [UInt64]] = [:]
  /// Events by number, for `info`.
  var census = CaptureCensus()
  /// Loss items in the stream.
  public var losses = 0
  /// What the program makes of the capture, reading it in batches.
  public var timeline = Timeline()
  /// How often the model's fast path for stretches without a wait began.
  public var calmPeriods = 0
  /// What no input may bring about, in words. Empty if all is well.
  public var violations: [String] = []

  /// Whether the reader of the report is told of anything that is missing or doubted.
  public var isTold: Bool { error != nil || diagnostics.all.contains { $0.kind.severity >= .warning } }

  fileprivate init() {}
}

/// Runs captures through the whole program, but for its flags.
public struct Examiner {
  /// What is rendered.
  public enum Rendering: Sendable {
    case nothing
    /// Text, JSON and every table as CSV, held against the rules of each.
    case all
  }

  public var rendering = Rendering.all
  /// The records are kept for comparison.
  public var keepsRecords = true
  /// Which events play which role.
  public var map = EventMap.standard

  public init() {}

  private var options: CaptureSession.Options {
    var options = CaptureSession.Options()
    options.events = map
    // Small pieces, so that a short text has some.
    options.chunkSize = 2048
    // Chunks are decompressed on another thread: all but each CPU's first, however few there are.
    (options.jobs, options.waitsForAhead) = (3, true)
    return options
  }

  public func examine(_ bytes: [UInt8]) -> Examination { bytes.withUnsafeBytes { examine($0) } }

  public func examine(_ bytes: UnsafeRawBufferPointer) -> Examination {
    examine { () throws(TraceError) in try CaptureSession(bytes: bytes, options) }
  }

  public func examine(path: String) -> Examination {
    examine { () throws(TraceError) in try CaptureSession(path: path, options) }
  }

  private func examine(_ open: () throws(TraceError) -> CaptureSession) -> Examination {
    var result = Examination()
    do throws(TraceError) {
      let session = try open()
      let context = try read(session, &result)
      check(context.timeline, &result)
      try context.requireSwitches()
      result.status = context.diagnostics.hasDamage ? 3 : 0
      if rendering == .all {
        render(context, &result)
        try explain(session, context, &result)
      }
    } catch {
      result.status = 1
      result.error = error
      check(error, &result)
    }
    return result
  }

  /// Reads the capture as the program does, in batches, and event by event, and compares.
  private func read(_ session: CaptureSession, _ result: inout Examination) throws(TraceError) -> ReportContext {
    var inBatches = EventDigest()
    let capture = try session.load { batch in
      if batch.isFirst { inBatches = EventDigest() }
      for event in batch.events { inBatches.add(event) }
    }
    var census = CaptureCensus()
    var digest = EventDigest()
    var losses = 0
    var records: [CPU: [UInt64]] = [:]
    let single = try session.loadSingleEvents { event in
      census.count(event)
      digest.add(event)
      if case .lost = event.body {
        losses += 1
      } else if keepsRecords {
        let who = UInt64(event.eventID) << 32 | UInt64(UInt32(bitPattern: event.pid))
        records[event.cpu, default: []].append(event.timestamp.rawValue &* 0x9e37_79b9_7f4a_7c15 ^ who)
      }
    }
    if inBatches != digest { result.violations.append("batches are other events") }
    result.violations += capture.differences(from: single).map { "batches differ in \($0)" }
    (result.census, result.losses, result.records) = (census, losses, records)
    (result.timeline, result.diagnostics) = (capture.timeline, capture.diagnostics)
    result.calmPeriods = capture.calmPeriods
    return capture.context()
  }

  /// The laws that hold for every input.
  private func check(_ timeline: Timeline, _ result: inout Examination) {
    for wait in timeline.waits where wait.times.total != wait.length {
      result.violations.append("the classes of a wait of \(wait.length) sum to \(wait.times.total)")
    }
    for cpu in timeline.cpus {
      if cpu.busy &+ cpu.idle &+ cpu.lost != timeline.span {
        result.violations.append("CPU \(cpu.cpu): busy + idle + lost is not the span")
      }
      if cpu.own &+ cpu.proxied &+ cpu.unknown != cpu.busy {
        result.violations.append("CPU \(cpu.cpu): self + proxied + unknown is not busy")
      }
    }
    for gap in timeline.gaps where gap.end < gap.begin { result.violations.append("a gap ends before it begins") }
  }

  /// One line that says what is wrong, where and what to do.
  private func check(_ error: TraceError, _ result: inout Examination) {
    let line = TextEscape.terminal(error.description)
    if line.contains("\n") || !OutputRules.text(Array(line.utf8)).isEmpty {
      result.violations.append("not a line: \(line)")
    }
    if error.problem.isEmpty || error.advice.isEmpty { result.violations.append("an error without words: \(error)") }
    // What the model finds impossible has a time or nothing instead.
    let isOfModel = result.diagnostics.all.contains { $0.kind == .timestampOutOfRange || $0.kind == .cpuOutOfRange }
    if error.reason == .damaged, error.offset == nil, !isOfModel {
      result.violations.append("an error without an offset: \(error)")
    }
    if error.reason == .cannotOpen { result.violations.append("the file could not be opened: \(error)") }
  }

  private func render(_ context: ReportContext, _ result: inout Examination) {
    let report = Report(context)
    result.violations += OutputRules.violations(of: report)
    let info = ByteSink()
    try? InfoText(isColoured: false).write(report, result.census, to: info)
    result.violations += OutputRules.text(info.bytes).map { "info: \($0)" }
  }

  /// What `explain` does: reads the capture again, for one wait.
  private func explain(_ session: CaptureSession, _ context: ReportContext, _ result: inout Examination)
    throws(TraceError)
  {
    guard !context.timeline.waits.isEmpty else { return }
    var builder = StoryBuilder(of: context.timeline.waits.count / 2, in: context.timeline)
    try session.forEachEventWithStack { event, stack in
      if builder.isPast(event) { return false }
      builder.apply(event, stack)
      return true
    }
    let sink = ByteSink()
    try? StoryText(showsAll: false, isColoured: false).write(builder.finish(), of: context, to: sink)
    result.violations += OutputRules.text(sink.bytes)
  }
}

/// What a stream of events comes to, but for their bodies.
private struct EventDigest: Equatable {
  private var count = 0
  private var sum: UInt64 = 0

  mutating func add(_ event: SchedEvent) {
    count += 1
    let who = UInt64(UInt32(bitPattern: event.pid)) << 32 | UInt64(event.eventID) << 16 | UInt64(event.context.rawValue)
    for word in [event.timestamp.rawValue, UInt64(UInt32(bitPattern: event.cpu)), who] {
      sum = (sum ^ word) &* 0x9e37_79b9_7f4a_7c15
      sum ^= sum >> 29
    }
  }
}
