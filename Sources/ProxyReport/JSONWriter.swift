public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The whole report, or one table, as a JSON document. Integers are numbers of up to 64 bits; addresses are strings `0x…`;
/// what is not known is null; bytes of a name that are no UTF-8 become U+FFFD.
public struct JSONWriter {
  /// The program's version, for the document's head.
  public var version: String

  public init(version: String) { self.version = version }

  public func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.key("proxytrace")
      try json.string(version)
      try json.key("capture")
      try write(capture: report.context, to: &json)
      try write(filter: report.context.filter, to: &json)
      try write(schedExtOf: report.context, to: &json)
      try json.key("diagnostics")
      try json.array { json throws(OutputError) in
        for diagnostic in report.context.diagnostics.all { try write(diagnostic, to: &json) }
      }
      try json.key("findings")
      try json.array { json throws(OutputError) in
        for finding in report.findings { try write(finding, report.context, to: &json) }
      }
      try json.key("not_available")
      try json.array { json throws(OutputError) in
        for limit in report.limits { try write(limit, to: &json) }
      }
      try json.key("tables")
      try json.object { json throws(OutputError) in
        for table in report.tables {
          try json.key(table.name)
          try json.object { json throws(OutputError) in try write(table, report.context, to: &json) }
        }
      }
    }
  }

  /// One table: its name and what the report has under it.
  public func write(_ table: Report.TableResult, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.key("table")
      try json.string(table.name)
      try write(filter: context.filter, to: &json)
      try write(table, context, to: &json)
    }
  }
}

// MARK: - Tables

extension JSONWriter {
  private func write(
    _ result: Report.TableResult, _ context: ReportContext, to json: inout JSONStream
  ) throws(OutputError) {
    if !result.missing.isEmpty {
      try json.key("not_available")
      try json.string(result.missing.explanation)
      return
    }
    if !context.filter.isEmpty {
      try json.key("unfiltered_rows")
      try json.number(Int64(result.table.unfilteredCount))
    }
    let columns = result.table.columns
    try json.key("columns")
    try json.array { json throws(OutputError) in
      for column in columns {
        try json.object(inline: true) { json throws(OutputError) in
          try json.key("name")
          try json.string(column.name)
          let unit = column.unit(of: context.capture.clock)
          if !unit.isEmpty {
            try json.key("unit")
            try json.string(unit)
          }
          try json.key("doc")
          try json.string(column.doc)
        }
      }
    }
    try json.key("rows")
    try json.array { json throws(OutputError) in
      try result.table.forEachRow { cells throws(OutputError) in
        try json.object(inline: true) { json throws(OutputError) in
          for index in cells.indices {
            try json.key(columns[index].name)
            try write(cells[index], to: &json)
          }
        }
      }
    }
  }

  private func write(_ cell: Cell, to json: inout JSONStream) throws(OutputError) {
    switch cell {
    case .empty: try json.null()
    case .integer(let value): try json.number(value)
    case .count(let value): try json.number(value)
    case .instant(let time): try json.number(time.rawValue)
    case .secondsFromStart(let value): try json.literal(HumanNumbers.exactSeconds(value))
    case .address(let value): try json.string("0x" + String(value, radix: 16))
    case .word(let word): try json.string(word)
    case .text(let text): try json.string(text)
    case .comm(let comm): try json.string(comm.text)
    case .evidence(let evidence): try json.string(evidence.name)
    }
  }
}

// MARK: - Everything else

extension JSONWriter {
  /// What was chosen; nothing where no choice was made.
  private func write(filter: RowFilter, to json: inout JSONStream) throws(OutputError) {
    guard !filter.isEmpty else { return }
    try json.key("filter")
    try json.object { json throws(OutputError) in
      for (name, text) in [
        ("cpus", filter.cpus?.description), ("pids", filter.pids?.description), ("comm", filter.comm?.text),
      ] {
        try json.key(name)
        if let text { try json.string(text) } else { try json.null() }
      }
      for (name, time) in [("from", filter.from), ("to", filter.to)] {
        try json.key(name)
        if let time { try json.number(time.rawValue) } else { try json.null() }
      }
      try json.key("notes")
      try json.array { json throws(OutputError) in
        for note in FilterText.notes(filter) { try json.string(note) }
      }
    }
  }

  private func write(capture context: ReportContext, to json: inout JSONStream) throws(OutputError) {
    let (capture, timeline) = (context.capture, context.timeline)
    let words = [
      ("path", capture.path), ("format", capture.format.isText ? "text" : "trace.dat"),
      ("compression", capture.format.compression),
      ("byte_order", capture.format.isBigEndian ? "big" : "little"), ("uname", capture.uname),
      ("recorder", capture.recorderVersion), ("instance", capture.instance), ("clock", capture.clock.name),
      ("clock_unit", capture.clock.unit == .nanoseconds ? "ns" : "clock steps"),
    ]
    let numbers: [(String, UInt64?)] = [
      ("version", UInt64(clamping: capture.format.version)), ("long_size", UInt64(clamping: capture.format.longSize)),
      ("cpu_count", UInt64(clamping: capture.cpuCount)), ("begin", timeline.begin.rawValue),
      ("end", timeline.end.rawValue), ("span", UInt64(clamping: timeline.span)), ("events", timeline.eventCount),
      ("lost_events", context.lostEvents),
    ]
    try json.object { json throws(OutputError) in
      for (name, word) in words {
        try json.key(name)
        try json.string(word)
      }
      for (name, number) in numbers {
        try json.key(name)
        if let number { try json.number(number) } else { try json.null() }
      }
      try json.key("cpus")
      try json.array(inline: true) { json throws(OutputError) in
        for cpu in timeline.cpus { try json.number(Int64(cpu.cpu)) }
      }
    }
  }

  private func write(_ diagnostic: Diagnostic, to json: inout JSONStream) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      let words = [
        ("kind", diagnostic.kind.rawValue), ("severity", diagnostic.kind.severity.name),
        ("summary", diagnostic.kind.summary), ("advice", diagnostic.kind.advice), ("detail", diagnostic.detail),
      ]
      for (name, word) in words {
        try json.key(name)
        try json.string(word)
      }
      let numbers: [(String, UInt64?)] = [
        ("cpu", diagnostic.cpu.map { UInt64(clamping: $0) }), ("count", diagnostic.count),
        ("offset", diagnostic.offset), ("time", diagnostic.time?.rawValue),
      ]
      for (name, number) in numbers {
        guard let number else { continue }
        try json.key(name)
        try json.number(number)
      }
    }
  }

  private func write(
    _ finding: Finding, _ context: ReportContext, to json: inout JSONStream
  ) throws(OutputError) {
    let phrases = PhraseText(context)
    try json.object(inline: true) { json throws(OutputError) in
      try json.key("kind")
      try json.string(finding.kind)
      try json.key("time")
      try json.number(finding.time.rawValue)
      try json.key("cost")
      try json.number(finding.cost)
      if let lock = finding.lock {
        try json.key("lock")
        try json.string(lock.description)
      }
      try json.key("text")
      try json.string(phrases.sentence(finding.text))
      try json.key("table")
      try json.string(finding.table)
      try json.key("id")
      try json.number(Int64(finding.row))
    }
  }

  private func write(_ limit: Limit, to json: inout JSONStream) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      try json.key("result")
      try json.string(limit.result)
      try json.key("reason")
      try json.string(limit.needs.explanation)
    }
  }
}

extension Severity {
  /// As reports print it.
  var name: String {
    switch self {
    case .note: "note"
    case .warning: "warning"
    case .damage: "damage"
    }
  }
}
