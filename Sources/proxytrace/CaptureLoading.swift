import ProxyAnalysis
import ProxyModel
import ProxyTraceKit
import TraceCore

extension ReadingOptions {
  /// Opens a capture as the user wants it read.
  /// - Parameters:
  ///   - kinds: what the model must make.
  ///   - rows: rows to make that can be as many as events.
  /// - Throws: what ``CaptureSession`` throws; `cannotOpen`, `badMap` for the event map.
  func session(
    _ file: String, _ model: ModelOptions? = nil, kinds: RowKinds = .all, making rows: OptionalRows = []
  ) throws(TraceError) -> CaptureSession {
    let events = try events.choice()
    var options = CaptureSession.Options()
    options.instance = instance
    (options.events, options.marks) = (events.map, events.marks)
    if let model { (options.ignoresProbes, options.proxyExecution) = (model.ignoreProbes, model.proxyExec.answer) }
    options.jobs = jobs
    (options.kinds, options.rows) = (kinds, rows)
    return try CaptureSession(path: file, options)
  }
}

extension CaptureSession {
  /// Reads all of the capture, and shows on a terminal how far it is.
  func loadShowingProgress() throws(TraceError) -> LoadedCapture {
    var progress = ProgressLine(path)
    let capture = try load { progress.tick($0.events.count, $0.progress) }
    progress.erase()
    return capture
  }

  /// The same, and counts records by CPU and by event.
  func loadCounting() throws(TraceError) -> (LoadedCapture, CaptureCensus) {
    var progress = ProgressLine(path)
    var census = CaptureCensus()
    let capture = try load { batch in
      if batch.isFirst { census = CaptureCensus() }
      for event in batch.events { census.count(event) }
      progress.tick(batch.events.count, batch.progress)
    }
    progress.erase()
    return (capture, census)
  }
}
