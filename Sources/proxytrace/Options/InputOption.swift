import ArgumentParser

/// The capture in trace-cmd's way: `-i FILE`.
struct InputOption: ParsableArguments {
  @Option(
    name: [.customShort("i"), .customLong("input")],
    help: ArgumentHelp("A capture, as trace-cmd takes it; the same as naming it alone.", valueName: "file"),
    completion: .file())
  var files: [String] = []
}
