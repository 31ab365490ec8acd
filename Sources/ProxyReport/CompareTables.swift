import ProxyAnalysis
public import ProxyCompare
import ProxyModel
import TraceCore

/// A comparison as data: a row for each figure and each side but the base.
public struct CompareTables {
  private let comparison: Comparison

  public init(_ comparison: Comparison) { self.comparison = comparison }

  private static let columns = [
    "scope", "name", "figure", "unit", "base_label", "new_label", "base", "new", "delta", "delta_share", "low_95",
    "high_95", "verdict",
  ]

  private struct Row {
    var scope: String
    var figure: FigureRow
    var side: Int
  }

  private var rows: [Row] {
    let scopes = [("capture", comparison.figures), ("task", comparison.tasks), ("lock", comparison.locks)]
    let alone = comparison.unmatched.map { ($0.kind, [$0.figure]) }
    return (scopes + alone).flatMap { scope, figures in
      figures.flatMap { figure in
        (1..<max(2, comparison.sides.count)).map { Row(scope: scope, figure: figure, side: $0) }
      }
    }
  }

  /// Durations in steps of the trace clock, which are nanoseconds unless the clock counts something else.
  public func writeCSV(with writer: CSVWriter, to sink: ByteSink) throws(OutputError) {
    try sink.write(Self.columns.joined(separator: ",") + "\n")
    let labels = comparison.sides.map(\.label)
    for row in rows {
      let (figure, change) = (row.figure, row.figure.changes[row.side - 1])
      try sink.write(row.scope + ",")
      try writer.write(hostile: figure.group, to: sink)
      try sink.write(",\(figure.name.replacing(" ", with: "_")),\(unit(figure.unit)),")
      try writer.write(hostile: labels[0], to: sink)
      try sink.write(",")
      try writer.write(hostile: labels[row.side], to: sink)
      let numbers = [
        figure.values[0], figure.values[row.side], change?.absolute, change?.relative, change?.interval?.lowerBound,
        change?.interval?.upperBound,
      ]
      for number in numbers { try sink.write("," + (number.map(CompareNumbers.exact) ?? "")) }
      try sink.write(",\(change?.outcome?.rawValue ?? "")\n")
    }
  }

  private func unit(_ unit: FigureRow.Unit) -> String {
    guard unit == .duration else { return unit.rawValue }
    return comparison.sides.allSatisfy(\.countsNanoseconds) ? "ns" : "clock steps"
  }

  public func writeJSON(version: String, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.key("sides")
      try json.array { json throws(OutputError) in
        for side in comparison.sides { try write(side, &json) }
      }
      for (name, figures) in [
        ("figures", comparison.figures), ("tasks", comparison.tasks), ("locks", comparison.locks),
      ] {
        try json.key(name)
        try json.array { json throws(OutputError) in
          for figure in figures { try write(figure, &json) }
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
    }
  }

  private func write(_ figure: FigureRow, _ json: inout JSONStream) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      try json.member("name", figure.group)
      try json.member("figure", figure.name)
      try json.member("unit", unit(figure.unit))
      try json.key("values")
      try json.array { json throws(OutputError) in
        for value in figure.values { try json.literal(value.map(CompareNumbers.exact) ?? "null") }
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
      try json.member("absolute", literal: CompareNumbers.exact(change.absolute))
      try json.member("relative", literal: change.relative.map(CompareNumbers.exact))
      try json.key("interval_95")
      if let interval = change.interval {
        try json.array { json throws(OutputError) in
          try json.literal(CompareNumbers.exact(interval.lowerBound))
          try json.literal(CompareNumbers.exact(interval.upperBound))
        }
      } else {
        try json.null()
      }
      try json.member("verdict", change.outcome?.rawValue)
    }
  }
}
