import ArgumentParser
import Glibc
import ProxyAnalysis
import ProxyExport
import ProxyReport
import ProxyTraceKit
import TraceCore

/// One HTML page.
struct HTMLExport: ExportOption {
  @Option(
    help: ArgumentHelp(
      "Write the report as one HTML page with pictures and tables, which needs no other file and no network.",
      valueName: "file"), completion: .file())
  var html: String?

  var isChosen: Bool { html != nil }
  var takesMany: Bool { false }
  var needsFindings: Bool { true }

  func begin() -> (any ExportFormat)? { html.map { Export(path: $0) } }

  private struct Export: ExportFormat {
    let path: String

    func add(_ capture: ExportSource) throws {
      try PageOutput(capture.report, capture.session, capture.model).write(to: path)
    }
    func finish() {}
  }
}

/// A trace for Perfetto.
struct PerfettoExport: ExportOption {
  @Option(
    help: ArgumentHelp(
      "Write a trace for ui.perfetto.dev: who ran where, and tracks of donors, waits, holds, inversions and findings.",
      valueName: "file"), completion: .file())
  var perfetto: String?

  var isChosen: Bool { perfetto != nil }
  var takesMany: Bool { false }
  var needsFindings: Bool { true }

  func begin() -> (any ExportFormat)? { perfetto.map { Export(path: $0) } }

  private struct Export: ExportFormat {
    let path: String

    func add(_ capture: ExportSource) throws {
      guard capture.report.context.countsNanoseconds else {
        throw TraceError(
          .unsupported, path: capture.report.context.capture.path,
          "its clock does not count nanoseconds, and Perfetto's does",
          advice: "record with another clock, such as trace-cmd record -C mono")
      }
      var failure: (any Error)?
      do {
        try WholeFile.write(to: path) { sink throws(OutputError) in
          var trace = PerfettoTrace(capture.report, to: sink)
          try trace.writeTracks()
          failure = Self.read(capture, into: &trace)
          // Whatever ended the reading: nothing is kept of the file.
          if failure != nil { throw OutputError.closed }
          try trace.finish()
        }
      } catch {
        throw failure ?? error
      }
      let out = ByteSink(descriptor: STDOUT_FILENO, place: "standard output")
      try out.write("open \(PerfettoTrace.link)\nand in it \(TextEscape.terminal(path))\n")
      try out.flush()
    }

    /// - Returns: Why the reading ended early, if it did.
    private static func read(_ capture: ExportSource, into trace: inout PerfettoTrace) -> (any Error)? {
      var failure: (any Error)?
      do {
        // A text's batches may begin again, and what is written cannot be taken back.
        if capture.session.isText {
          try capture.session.forEachEvent { event in
            do { try trace.add(event) } catch { failure = error }
            return failure == nil
          }
        } else {
          try capture.session.forEachBatch { batch in
            guard failure == nil else { return }
            do { try trace.add(batch.events) } catch { failure = error }
          }
        }
      } catch {
        failure = error
      }
      return failure
    }

    func finish() {}
  }
}
