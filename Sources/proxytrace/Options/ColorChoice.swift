import ArgumentParser
import Glibc

/// When to use colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// For output on standard output. `NO_COLOR` (any value but the empty one) decides for `auto`.
  var isColoured: Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      StandardStreams.isTerminal(STDOUT_FILENO) && environment("NO_COLOR").isEmpty && environment("TERM") != "dumb"
    }
  }

  private func environment(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
}
