import ArgumentParser
import EventMaps
import TraceCore

/// Which events have which role, and what marks look like.
struct CaptureEvents {
  var map = EventMap.standard
  var marks = MarkPattern.standard
}

/// Options of every command that reads a capture: for kernels and schedulers that name things otherwise.
struct EventOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which events play which role, for kernels out of tree; info --print-event-map prints the standard map.",
      valueName: "map.yaml"), completion: .file())
  var events: String?

  @Option(
    help: ArgumentHelp(
      "How a sched_ext scheduler marks its callbacks in bpf_trace_printk: a regular expression with a group (?<pid>…) "
        + "and (?<mark>…), or (?<running>…) and (?<stopping>…).", valueName: "regex"))
  var marks: String?

  func validate() throws { _ = try pattern() }

  private func pattern() throws(ValidationError) -> MarkPattern {
    guard let marks else { return .standard }
    do throws(MarkPattern.Problem) {
      return try MarkPattern(marks)
    } catch {
      throw ValidationError("--marks: \(error.text)")
    }
  }

  /// Reads the map.
  /// - Throws: `cannotOpen`, `badMap`.
  func choice() throws(TraceError) -> CaptureEvents {
    var choice = CaptureEvents()
    if let events { choice.map = try EventMap(path: events) }
    // validate() has refused what is no pattern.
    choice.marks = (try? pattern()) ?? .standard
    return choice
  }
}
