import ArgumentParser

/// The developer's tool for everything that goes wrong: see `docs/robustness.md`.
@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxytrace-fuzz", abstract: "Damages captures, and looks whether the program bears it.",
    subcommands: commands)

  /// With libFuzzer only in builds that have it: see `.ci/fuzz`.
  private static var commands: [any ParsableCommand.Type] {
    #if LIBFUZZER
      [Sweep.self, Losses.self, Hostile.self, ShowMap.self, Seeds.self, Replay.self, Fuzz.self]
    #else
      [Sweep.self, Losses.self, Hostile.self, ShowMap.self, Seeds.self, Replay.self]
    #endif
  }
}
