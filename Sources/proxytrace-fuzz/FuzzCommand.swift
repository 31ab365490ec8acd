import ArgumentParser

/// The developer's tool for everything that goes wrong: see `docs/robustness.md`.
@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxytrace-fuzz", abstract: "Damages captures, and looks whether the program bears it.",
    subcommands: [Sweep.self, ShowMap.self])
}
