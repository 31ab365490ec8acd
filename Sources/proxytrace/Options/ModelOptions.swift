import ArgumentParser

/// Whether the traced kernel proxies: found by the model (`auto`), or stated by the user.
enum ProxyChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, on, off

  /// `nil` where the capture decides.
  var answer: Bool? { self == .auto ? nil : self == .on }
}

/// Options of every command that runs the model.
struct ModelOptions: ParsableArguments {
  @Flag(help: "Leave the events of the proxytrace probes out, as if they had not been recorded.")
  var ignoreProbes = false

  @Option(help: "Whether the traced kernel proxies: auto (the capture decides, and the report says how), on, off.")
  var proxyExec = ProxyChoice.auto
}
