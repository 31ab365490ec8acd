import ProxyModel
import TraceCore

/// The cgroup of each task, as `proxytrace record` writes it into the capture's fact `cgroups`: a line a cgroup, its path, a tab, the
/// pids of its tasks. Hostile text: the traced machine chose the paths.
struct TaskCgroups: Sendable {
  private var paths: [Pid: String] = [:]

  /// - Parameter tasks: all of the capture. The fact names pids; which task had a pid that was used twice, it does not say.
  init(_ fact: String?, of tasks: [TaskRow]) {
    guard let fact else { return }
    for line in fact.split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let path = Self.unescaped(parts[0])
      for pid in parts[1].split(separator: " ").compactMap({ Pid($0) }) { paths[pid] = path }
    }
    for task in tasks where task.id.life > 1 { paths[task.id.pid] = nil }
  }

  /// `nil` where it is not known.
  func path(of task: TaskRow) -> String? { paths[task.id.pid] }

  /// Line ends, tabs and backslashes stand as three octal digits.
  private static func unescaped(_ text: Substring) -> String {
    String(text).replacing("\\012", with: "\n").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
  }
}
