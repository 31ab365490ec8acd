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
    var reader = try CaptureReader(
      path: path, instance: instance, events: events.map, marks: events.marks, skipsLossScan: true)
    var options = options
    options.savedComms = reader.savedComms
    var machine = ProxyMachine(options)
    var progress = ProgressLine(path)
    repeat {
      options.cpuCount = reader.info.cpuCount
      machine = ProxyMachine(options)
      census = CaptureCensus()
      var ahead = ReadAhead(reader, onThread: jobs > 1)
      while let events = ahead.nextBatch() {
        if counts { for event in events { census.count(event) } }
        Self.follow(events, ahead.names, &machine)
        progress.tick(events.count) { ahead.progress }
      }
      reader = ahead.finish()
    } while reader.restart()
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

  private static func follow(
    _ events: EventBatch, _ names: [TaskName], _ machine: inout ProxyMachine
  ) {
    var done = 0
    for name in names {
      machine.apply(events, done..<name.place)
      machine.learn(name.pid, name.comm)
      done = name.place
    }
    machine.apply(events, done..<events.count)
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
