import ArgumentParser

/// Options of commands that print in one of the output formats: compare and check.
struct OutputOptions: ParsableArguments {
  @Option(help: "What to print: text, json, csv.")
  var format: OutputFormat?

  @Flag(help: "The same as --format json.")
  var json = false

  /// The format; text where the user names none.
  var choice: OutputFormat { (try? OutputFormat.choice(format, json: json)) ?? .text }

  /// Whether the user names one.
  var isChosen: Bool { format != nil || json }

  func validate() throws { _ = try OutputFormat.choice(format, json: json) }
}
