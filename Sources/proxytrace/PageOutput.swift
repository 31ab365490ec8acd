import ProxyAnalysis
import ProxyPictures
import ProxyReport
import ProxyTraceKit
import TraceCore

/// A capture's page: reads the capture again for its pictures, and writes the file.
struct PageOutput {
  private let report: Report
  private let session: CaptureSession
  private let model: ModelOptions

  /// - Parameters:
  ///   - report: Of a timeline with stretches of wait classes.
  ///   - session: What the report was read from.
  init(_ report: Report, _ session: CaptureSession, _ model: ModelOptions) {
    (self.report, self.session, self.model) = (report, session, model)
  }

  /// Writes the page, whole or not at all.
  /// - Throws: `TraceError` where the capture cannot be read again, `OutputError` where the file cannot be written.
  func write(to path: String) throws {
    let subjects = PageSubjects(report)
    var events = PictureEvents(subjects.windows, report.context.timeline, ignoresProbes: model.ignoreProbes)
    if !subjects.windows.isEmpty {
      try session.forEachBatch { events.apply($0.events, isFirst: $0.isFirst) }
    }
    let scenes = events.scenes(PictureText(report.context))
    let page = Page(report, subjects, scenes, version: Proxytrace.programVersion)
    try WholeFile.write(to: path) { sink throws(OutputError) in try page.write(to: sink) }
  }
}
