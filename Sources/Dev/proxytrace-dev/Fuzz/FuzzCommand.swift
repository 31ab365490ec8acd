import ArgumentParser

/// The developer's tool for everything that goes wrong: see `docs/robustness.md`.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Damages captures, and checks what the program makes of them.",
    subcommands: commands)

  /// With libFuzzer only in builds that have it: see `.ci/fuzz`.
  private static var commands: [any ParsableCommand.Type] {
    #if LIBFUZZER
      [Sweep.self, Losses.self, Hostile.self, ShowMap.self, Seeds.self, Replay.self, FuzzRun.self]
    #else
      [Sweep.self, Losses.self, Hostile.self, ShowMap.self, Seeds.self, Replay.self]
    #endif
  }
}
