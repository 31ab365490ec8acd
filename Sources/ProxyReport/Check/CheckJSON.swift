import ProxyCompare
import TraceCore

/// The results of rules as a JSON document. Figures are in nanoseconds, shares of 1, or counts; null is not known.
public struct CheckJSON {
  /// The program's version, for the document's head.
  public var version: String

  /// A writer for a version of the program.
  public init(version: String) { self.version = version }

  /// Writes the results.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ captures: [CheckedCapture], to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.key("rules")
      try json.array { json throws(OutputError) in
        for capture in captures {
          for result in capture.results { try write(capture.path, result, &json) }
        }
      }
    }
  }

  private func write(_ path: String, _ result: RuleResult, _ json: inout JSONStream) throws(OutputError) {
    try json.object { json throws(OutputError) in
      for (key, text) in [
        ("file", path), ("rule", result.rule.text), ("outcome", result.outcome.rawValue), ("reason", result.reason),
        ("table", result.table),
      ] {
        try json.member(key, text)
      }
      for (key, number) in [("value", result.value), ("bound", result.bound)] {
        try json.member(key, literal: number.map(NumberText.exact))
      }
      try json.key("rows")
      try json.array(inline: true) { json throws(OutputError) in
        for row in result.rows { try json.number(Int64(row.id)) }
      }
      try json.member("more_rows", Int64(result.moreRows))
    }
  }
}
