import ArgumentParser

/// Everything for developing proxytrace that is no product: making captures, scoring, measuring, attacking.
@main
struct DevCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxytrace-dev", abstract: "Tools for developing proxytrace.",
    groupedSubcommands: [
      CommandGroup(name: "Captures for tests", subcommands: [Shrink.self, Generate.self, Repeat.self]),
      CommandGroup(name: "What it is worth", subcommands: [Score.self, BenchCommand.self]),
      CommandGroup(name: "What it withstands", subcommands: [FuzzCommand.self]),
    ])
}
