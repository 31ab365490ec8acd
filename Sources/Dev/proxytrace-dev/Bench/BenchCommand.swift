import ArgumentParser

/// The developer's tool behind docs/performance.md.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures proxytrace, its stages and its peer.",
    subcommands: [BenchRun.self, Stages.self, Threads.self])
}
