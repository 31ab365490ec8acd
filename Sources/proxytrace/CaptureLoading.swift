import ProxyAnalysis
import ProxyModel
import TraceCore
import TraceReader

/// A capture that was read to its end.
struct LoadedCapture {
  var context: ReportContext
  /// What it holds, if that was asked for.
  var census = CaptureCensus()

  /// Reads a capture and runs the model over it.
  /// - Parameter counts: Also count records by CPU and by event.
  /// - Throws: what the reader throws.
  init(
    path: String, instance: String?, events: CaptureEvents = CaptureEvents(), top: Int, jobs: Int,
    counts: Bool = false, options: ProxyMachine.Options = ProxyMachine.Options()
  ) throws(TraceError) {
    var reader = try CaptureReader(path: path, instance: instance, events: events.map, marks: events.marks)
    var options = options
    options.savedComms = reader.savedComms
    options.cpuCount = reader.info.cpuCount
    var machine = ProxyMachine(options)
    var progress = ProgressLine(path)
    // A text's names come with its events, and reading it is all the work there is.
    if !reader.isText {
      var ahead = ReadAhead(reader, onThread: jobs > 1)
      while let events = ahead.nextBatch() {
        if counts { for event in events { census.count(event) } }
        machine.apply(events)
        progress.tick(events.count) { ahead.progress }
      }
      reader = ahead.finish()
    } else {
      var event = SchedEvent(timestamp: Timestamp(0), cpu: 0, pid: 0, body: .other)
      while reader.next(into: &event) {
        if counts { census.count(event) }
        if reader.hasNames { for (pid, comm) in reader.takeNames() { machine.learn(pid, comm) } }
        machine.apply(event)
        progress.tick { reader.progress }
      }
    }
    progress.erase()
    let timeline = machine.finish()
    var diagnostics = reader.diagnostics
    diagnostics.merge(timeline.diagnostics)
    let symbols = Self.symbols(timeline, &reader)
    var info = reader.info
    // What is ignored must not count as recorded.
    if options.ignoresProbes { info.events.removeAll { $0.role?.isProbe == true } }
    context = ReportContext(
      capture: info, timeline: timeline, diagnostics: diagnostics, symbols: symbols, top: top)
  }

  /// Farther from a symbol than this, a lock lies in something that the file has no name for.
  private static let symbolReach: UInt64 = 1 << 12

  /// Names of the locks that were waited for and are not in allocated memory.
  private static func symbols(_ timeline: Timeline, _ reader: inout CaptureReader) -> [LockAddress: String] {
    var names: [LockAddress: String] = [:]
    for lock in Set(timeline.waits.map(\.lock)) {
      guard let symbol = reader.symbol(for: lock.rawValue), symbol.offset < symbolReach else { continue }
      let offset = symbol.offset == 0 ? "" : "+0x" + String(symbol.offset, radix: 16)
      names[lock] = symbol.name + offset + (symbol.module.map { " [\($0)]" } ?? "")
    }
    return names
  }
}

extension EventRole {
  fileprivate var isProbe: Bool { self == .probedSwitch || self == .probedWait || self == .probedSetNext }
}
