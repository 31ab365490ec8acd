import ProxyAnalysis
public import ProxyCompare
import ProxyModel
import TraceCore

/// A comparison as a JSON document: the sides, the figures with their changes, and what could not be matched.
///
/// Durations are in steps of the trace clock, which are nanoseconds unless the clock counts something else; null is not known.
public struct CompareJSON {
  /// The program's version, for the document's head.
  public var version: String

  /// A writer for a version of the program.
  public init(version: String) { self.version = version }

  /// Writes a comparison.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ comparison: Comparison, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.member("figures_judged", Int64(comparison.judged))
      try json.key("sides")
      try json.array { json throws(OutputError) in
        for side in comparison.sides { try write(side, &json) }
      }
      for (name, figures) in [
        ("figures", comparison.figures), ("tasks", comparison.tasks), ("locks", comparison.locks),
      ] {
        try json.key(name)
        try json.array { json throws(OutputError) in
          for figure in figures { try write(figure, of: comparison, &json) }
        }
      }
      try json.key("not_matched")
      try json.array { json throws(OutputError) in
        for (kind, figure) in comparison.unmatched {
          try json.object(inline: true) { json throws(OutputError) in
            try json.member(kind, figure.group)
            try json.member("sides", comparison.labels(with: figure))
          }
        }
      }
    }
  }

  private func write(_ side: ComparedSide, _ json: inout JSONStream) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      try json.member("label", side.label)
      try json.member("files", side.captures.map(\.capture.path))
      try json.member("proxy_execution", side.captures.map(\.timeline.verdict.answer.rawValue))
      try json.key("evidence")
      try json.object { json throws(OutputError) in
        for (rows, counts) in side.evidence {
          try json.key(rows.replacing(" ", with: "_"))
          try json.object { json throws(OutputError) in
            for (name, count) in counts { try json.member(name, Int64(count)) }
          }
        }
      }
      try json.member("waits_left_out", Int64(side.excludedWaits))
      try json.member("waits_skipped_of_each_lock", Int64(side.skipped))
      try json.member("clocks", side.captures.map(\.capture.clock.name))
    }
  }

  private func write(
    _ figure: FigureRow, of comparison: Comparison, _ json: inout JSONStream
  ) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      try json.member("name", figure.group)
      try json.member("figure", figure.name)
      try json.member("unit", comparison.unitName(figure.unit))
      try json.key("values")
      try json.array { json throws(OutputError) in
        for value in figure.values { try json.literal(value.map(NumberText.exact) ?? "null") }
      }
      try json.key("changes")
      try json.array { json throws(OutputError) in
        for change in figure.changes { try write(change, &json) }
      }
    }
  }

  private func write(_ change: Change?, _ json: inout JSONStream) throws(OutputError) {
    guard let change else { return try json.null() }
    try json.object { json throws(OutputError) in
      try json.member("absolute", literal: NumberText.exact(change.absolute))
      try json.member("relative", literal: change.relative.map(NumberText.exact))
      for (key, interval) in [("interval_95", change.interval), ("relative_interval_95", change.relativeInterval)] {
        try json.key(key)
        if let interval {
          try json.array { json throws(OutputError) in
            try json.literal(NumberText.exact(interval.lowerBound))
            try json.literal(NumberText.exact(interval.upperBound))
          }
        } else {
          try json.null()
        }
      }
      try json.member("verdict", change.outcome?.rawValue)
      switch change.test {
      case .bootstrap: try json.member("test", "bootstrap")
      case .permutation(let test):
        try json.member("test", test.name)
        try json.member("p", literal: NumberText.probability(test.p))
        try json.member("permutations", literal: NumberText.exact(test.permutations))
      case nil: break
      }
    }
  }
}

extension PermutationTest {
  /// The test's name in data.
  var name: String { isExact ? "permutation, exact" : "permutation, drawn" }
}
