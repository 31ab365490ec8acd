import ArgumentParser

/// The developer's tool behind docs/performance.md.
@main
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxytrace-bench", abstract: "Measures proxytrace, its stages and its peer.",
    subcommands: [Run.self, Stages.self])
}
