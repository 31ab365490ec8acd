import ArgumentParser
import ProxyAnalysis
import ProxyModel
import TraceCore

/// Options that choose what is reported.
struct FilterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Report rows of these CPUs only, e.g. 0,2-3; tables without a CPU stay.", valueName: "list"))
  var cpu: String?

  @Option(
    help: ArgumentHelp(
      "Report rows that end at this time or later: seconds as printed (clock steps where the clock has no seconds).",
      valueName: "s"))
  var from: String?

  @Option(help: ArgumentHelp("Report rows that begin at this time or earlier.", valueName: "s"))
  var to: String?

  @Option(help: ArgumentHelp("Report rows that name a task with one of these pids, e.g. 61,70-79.", valueName: "list"))
  var pid: String?

  @Option(
    help: ArgumentHelp(
      "Report rows that name a task with such a name: * ? [a-z]; with --pid the same task.", valueName: "glob"))
  var comm: String?

  /// Everything but what only the capture's clock decides.
  func validate() throws {
    _ = try list(cpu, "--cpu", "CPUs")
    _ = try list(pid, "--pid", "pids")
    _ = try pattern()
    let (begin, end) = (try time(from, "--from"), try time(to, "--to"))
    if let from, let to, let begin, let end, begin > end {
      throw ValidationError("--from \(from) is later than --to \(to)")
    }
  }

  /// Whether all rows are wanted.
  var isEmpty: Bool { [cpu, from, to, pid, comm].allSatisfy { $0 == nil } }

  /// The filter for a capture.
  /// - Throws: `ValidationError` for a time that its clock does not have, and for CPUs none of which it has.
  func rowFilter(for context: ReportContext) throws -> RowFilter {
    let capture = context.capture
    let (begin, end) = (try time(from, "--from"), try time(to, "--to"))
    let clock = capture.clock
    let cpus = try list(cpu, "--cpu", "CPUs")
    let present = context.timeline.cpus.map(\.cpu)
    if let cpu, let cpus, !present.contains(where: cpus.contains) {
      throw ValidationError(
        "\(capture.path): --cpu \(cpu): the capture has records of CPU \(NumberList(present)) alone")
    }
    return RowFilter(
      cpus: cpus,
      from: try begin.map { try known($0.earliest(on: clock), from, "--from", capture) },
      to: try end.map { try known($0.latest(on: clock), to, "--to", capture) },
      pids: try list(pid, "--pid", "pids"), comm: try pattern())
  }

  private func list(_ text: String?, _ option: String, _ noun: String) throws -> NumberList? {
    guard let text else { return nil }
    guard let list = NumberList(text) else {
      throw ValidationError("\(option) takes a list of \(noun) such as 0,2-3, not '\(text)'")
    }
    return list
  }

  private func time(_ text: String?, _ option: String) throws -> PrintedTime? {
    guard let text else { return nil }
    guard let time = PrintedTime(text) else {
      throw ValidationError(
        "\(option) takes a time as the report prints it, seconds with up to nine decimals such as 15.000400, not '\(text)'"
      )
    }
    return time
  }

  private func pattern() throws -> CommPattern? {
    guard let comm else { return nil }
    guard let pattern = CommPattern(comm) else { throw ValidationError("--comm takes a pattern such as 'kworker/*'") }
    return pattern
  }

  private func known(_ time: Timestamp?, _ text: String?, _ option: String, _ capture: CaptureInfo) throws -> Timestamp
  {
    if let time { return time }
    let reason =
      capture.clock.unit == .nanoseconds
      ? "is beyond what the clock can count" : "has decimals, and the clock counts whole steps"
    throw ValidationError("\(capture.path): \(option) \(text ?? "") \(reason)")
  }
}
