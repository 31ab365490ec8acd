public import ProxyAnalysis
public import ProxyModel
public import TraceCore
import TraceReader

/// A capture that was read to its end, and what the model says of it.
public struct LoadedCapture: Sendable {
  /// What the capture is. Of text, with the events that it holds; without ignored probes.
  public var info: CaptureInfo
  /// Waits, chains, splits and all other rows.
  public var timeline: Timeline
  /// What was skipped or doubted, by the reader and by the model.
  public var diagnostics: DiagnosticLog
  /// Names of locks that were waited for and lie at a kernel symbol, or less than 4 KiB behind one:
  /// `name`, `name+0x20 [module]`. Hostile text: the capture holds them.
  public var symbols: [LockAddress: String]
  /// How often the model's fast path for stretches without a wait began; 0 where events came one by one.
  package var calmPeriods: Int

  init(_ machine: consuming ProxyMachine, _ reader: inout CaptureReader, _ options: CaptureSession.Options) {
    calmPeriods = machine.calmPeriodCount
    timeline = machine.finish()
    info = options.seen(reader.info)
    diagnostics = reader.diagnostics
    diagnostics.merge(timeline.diagnostics)
    // Without a single switch none was recorded, and there is none that could fail to continue another.
    if !timeline.seen.contains(.switched) { diagnostics.remove(.switchDiscontinuity) }
    // It was not the ring buffer, and a larger one would not help.
    if reader.isOnlyCut { diagnostics.remove(.lostEvents) }
    symbols = Self.symbols(timeline, &reader)
  }

  /// Farther behind a symbol than this, a lock lies in something that the file has no name for.
  private static let symbolReach: UInt64 = 1 << 12

  private static func symbols(_ timeline: Timeline, _ reader: inout CaptureReader) -> [LockAddress: String] {
    var names: [LockAddress: String] = [:]
    for lock in timeline.waitedLocks {
      guard let symbol = reader.symbol(for: lock.rawValue), symbol.offset < symbolReach else { continue }
      let offset = symbol.offset == 0 ? "" : "+0x" + String(symbol.offset, radix: 16)
      names[lock] = symbol.name + offset + (symbol.module.map { " [\($0)]" } ?? "")
    }
    return names
  }

  /// What the analyses take: `Report(capture.context())` has all tables and findings.
  /// - Parameter top: How many rows a list of the greatest shows; at least 1.
  public func context(top: Int = 10) -> ReportContext {
    ReportContext(capture: info, timeline: timeline, diagnostics: diagnostics, symbols: symbols, top: top)
  }
}
