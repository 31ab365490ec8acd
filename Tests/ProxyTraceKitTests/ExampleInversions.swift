import ProxyReport
import ProxyTraceKit

/// Writes the three longest inversion windows of a capture and, as CSV, the table of its tasks.
func writeInversionsAndTasks(of path: String, to sink: ByteSink) throws {
  let capture = try CaptureSession(path: path).load()
  let report = Report(capture.context())
  if let reason = report.table("inversions")?.notAvailable { try sink.write("inversions \(reason)\n") }
  let windows = capture.timeline.inversions.sorted { $0.length > $1.length }
  for window in windows.prefix(3) {
    let waiter = TextEscape.terminal(window.waiter.comm)
    let owner = TextEscape.terminal(window.owner.comm)
    try sink.write("\(window.begin.rawValue) \(window.length) \(waiter) waits for \(owner)\n")
  }
  if let tasks = report.table("tasks") { try CSVWriter().write(tasks, to: sink) }
  try sink.flush()
}
