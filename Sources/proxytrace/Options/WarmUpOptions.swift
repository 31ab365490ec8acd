import ArgumentParser

/// Which samples are a benchmark's warm-up.
struct WarmUpOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Leave out the first N waits of each lock, with their windows and handoffs, and the holds that are over before the next wait.",
      valueName: "n"))
  var skip = 0

  func validate() throws {
    if skip < 0 { throw ValidationError("--skip \(skip): name how many waits to leave out, from 0") }
  }
}
