import ArgumentParser

/// What goes to standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, csv, json

  /// The choice of `--format` and `--json` together; `nil` where neither is given.
  /// - Throws: `ValidationError` where they exclude each other.
  static func choice(_ format: OutputFormat?, json: Bool) throws(ValidationError) -> OutputFormat? {
    guard json else { return format }
    if let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
    return .json
  }
}
