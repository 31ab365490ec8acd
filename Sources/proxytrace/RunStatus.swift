import ArgumentParser
import ProxyReport
import TraceCore

/// The exit status of a run, by the worst that happened to one of its inputs.
struct RunStatus {
  private var hasFailed = false
  private var hasSkippedDamage = false
  private var hasBrokenRule = false

  /// Notes whether an input has damage that was skipped.
  mutating func note(damage: Bool) { hasSkippedDamage = hasSkippedDamage || damage }

  /// Notes whether a rule is broken or cannot be decided.
  mutating func note(brokenRule: Bool) { hasBrokenRule = hasBrokenRule || brokenRule }

  /// Notes an error, and prints it in one line on standard error.
  mutating func fail(_ error: TraceError) { fail(error.description) }

  /// The same for output. That the reader of a pipe has gone is no failure; the run just ends.
  mutating func fail(_ error: OutputError) {
    guard case .failed(let place, let problem, let advice) = error else { return }
    fail("\(place): \(problem); \(advice)")
  }

  private mutating func fail(_ line: String) {
    hasFailed = true
    Self.warn(line)
  }

  /// `proxytrace: LINE` on standard error; a single line whatever file names and the capture hold.
  static func warn(_ line: String) { StandardStreams.writeError("proxytrace: \(TextEscape.terminal(line))\n") }

  /// Ends the run with the status for what was noted.
  func exit() throws {
    if hasFailed { throw ExitCode(1) }
    if hasBrokenRule { throw ExitCode(2) }
    if hasSkippedDamage { throw ExitCode(3) }
  }
}
