public import ProxyAnalysis
import ProxyModel
import TraceCore

/// The whole report, or one table, as a JSON document (RFC 8259). Integers are numbers of up to 64 bits; addresses are strings `0x…`;
/// what is not known is null; bytes of a name that are no UTF-8 become U+FFFD.
public struct JSONWriter: Sendable {
  /// The program's version, for the document's head.
  public var version: String

  /// Number of threads at most; the output does not depend on it.
  public var jobs: Int

  /// A writer for a version of the program.
  public init(version: String, jobs: Int = 1) {
    self.version = version
    self.jobs = jobs
  }

  /// Writes the whole report as one document.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ report: Report, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.key("capture")
      try write(capture: report.context, to: &json)
      try json.key("verdict")
      try write(report.context.timeline.verdict, to: &json)
      try write(filter: report.context.filter, to: &json)
      try write(schedExtOf: report.context, to: &json)
      try json.key("diagnostics")
      try json.array { json throws(OutputError) in
        for diagnostic in report.context.diagnostics.all { try write(diagnostic, to: &json) }
      }
      try json.key("findings")
      try json.array { json throws(OutputError) in
        let findings = report.findings
        try json.pieces(findings.batchCount, jobs: jobs) { batch, json throws(OutputError) in
          for finding in findings.batch(batch) { try write(finding, report.context, to: &json) }
        }
      }
      try json.key("not_available")
      try json.array { json throws(OutputError) in
        for limit in report.unavailableResults { try write(limit, to: &json) }
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

  /// Writes what tables there are and what their columns mean, whatever the capture.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func writeTableDescriptions(to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("proxytrace", version)
      try json.key("tables")
      try json.array { json throws(OutputError) in
        for table in Report.allTables {
          try json.object { json throws(OutputError) in
            try json.member("table", table.name)
            try json.key("columns")
            try write(table.columns, TraceClock(name: "", unit: .nanoseconds), to: &json)
          }
        }
      }
    }
  }

  /// Writes one table as a document: its name, and what the whole report holds under that name.
  /// - Throws: ``OutputError`` where the sink cannot write.
  public func write(_ table: Report.TableResult, of context: ReportContext, to sink: ByteSink) throws(OutputError) {
    var json = JSONStream(sink)
    try json.object { json throws(OutputError) in
      try json.member("table", table.name)
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
      try json.member("not_available", result.missing.explanation)
    } else if !context.filter.isEmpty {
      try json.member("unfiltered_rows", Int64(result.table.unfilteredCount))
    }
    let columns = result.table.columns
    try json.key("columns")
    try write(columns, context.capture.clock, to: &json)
    // No rows, which an empty table would have.
    if !result.missing.isEmpty { return }
    try json.key("rows")
    try json.array { json throws(OutputError) in try json.rows(of: result.table, jobs: jobs) }
  }
}

extension JSONWriter {
  private func write(_ columns: [Column], _ clock: TraceClock, to json: inout JSONStream) throws(OutputError) {
    try json.array { json throws(OutputError) in
      for column in columns {
        try json.object(inline: true) { json throws(OutputError) in
          try json.member("name", column.name)
          let unit = column.unit(of: clock)
          if !unit.isEmpty {
            try json.member("unit", unit)
          }
          try json.member("doc", column.doc)
        }
      }
    }
  }
}

// MARK: - Everything else

extension JSONWriter {
  /// The filter; nothing where there is none.
  private func write(filter: RowFilter, to json: inout JSONStream) throws(OutputError) {
    guard !filter.isEmpty else { return }
    try json.key("filter")
    try json.object { json throws(OutputError) in
      for (name, text) in [
        ("cpus", filter.cpus?.description), ("pids", filter.pids?.description), ("comm", filter.comm?.text),
      ] {
        try json.member(name, text)
      }
      try json.member("from", filter.from?.rawValue)
      try json.member("to", filter.to?.rawValue)
      try json.member("notes", FilterText.notes(filter))
    }
  }

  private func write(_ verdict: ProxyVerdict, to json: inout JSONStream) throws(OutputError) {
    try json.object { json throws(OutputError) in
      try json.member("proxies", verdict.answer.rawValue)
      try json.member("evidence", verdict.evidence.name)
      try json.member("rule", verdict.rule)
      try json.member("reason", verdict.reasonText)
      try json.member("proxied_if_on", literal: verdict.ifProxied.map { "\($0)" })
    }
  }

  private func write(capture context: ReportContext, to json: inout JSONStream) throws(OutputError) {
    let (capture, timeline) = (context.capture, context.timeline)
    // A text says nothing of the machine.
    let data = capture.format.isText || capture.format.isPerfetto ? nil : capture.format
    let words: [(String, String?)] = [
      ("path", capture.path),
      ("format", capture.format.isText ? "text" : capture.format.isPerfetto ? "perfetto" : "trace.dat"),
      ("compression", capture.format.compression), ("byte_order", data.map { $0.isBigEndian ? "big" : "little" }),
      ("uname", capture.uname), ("recorder", capture.recorderVersion), ("instance", capture.instance),
      ("clock", capture.clock.name), ("clock_unit", capture.clock.unit == .nanoseconds ? "ns" : "clock steps"),
    ]
    let numbers: [(String, UInt64?)] = [
      ("version", data.map { UInt64(clamping: $0.version) }), ("long_size", data.map { UInt64(clamping: $0.longSize) }),
      ("cpu_count", UInt64(clamping: capture.cpuCount)), ("begin", timeline.begin.rawValue),
      ("end", timeline.end.rawValue), ("span", UInt64(clamping: timeline.span)), ("events", timeline.eventCount),
      ("lost_events", context.lostEvents),
    ]
    try json.object { json throws(OutputError) in
      for (name, word) in words { try json.member(name, word) }
      for (name, number) in numbers { try json.member(name, number) }
      if let resolution = capture.format.textResolution { try json.member("text_resolution_ns", resolution) }
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
      for (name, word) in words { try json.member(name, word) }
      let numbers: [(String, UInt64?)] = [
        ("cpu", diagnostic.cpu.map { UInt64(clamping: $0) }), ("count", diagnostic.count),
        ("offset", diagnostic.offset), ("time", diagnostic.time?.rawValue),
      ]
      for (name, number) in numbers {
        guard let number else { continue }
        try json.member(name, number)
      }
    }
  }

  private func write(
    _ finding: Finding, _ context: ReportContext, to json: inout JSONStream
  ) throws(OutputError) {
    let fragments = FragmentText(context)
    try json.object(inline: true) { json throws(OutputError) in
      try json.member("kind", finding.kind.rawValue)
      try json.member("cost_ns", finding.cost)
      try json.member("waits", Int64(finding.waits))
      try json.member("windows", Int64(finding.windows))
      try json.member("worst_ns", finding.worst.length)
      try json.member("begin_ns", finding.begin.rawValue)
      try json.member("end_ns", finding.end.rawValue)
      if let lock = finding.lock { try json.member("lock", lock.description) }
      try json.member("evidence", finding.evidence.name)
      if let rule = finding.evidence.rule { try json.member("rule", rule.rawValue) }
      try json.member("matters", literal: finding.matters ? "true" : "false")
      try json.member("text", fragments.sentence(finding.text))
      try json.member("explain", "explain \(finding.worst.place.option)")
    }
  }

  private func write(_ limit: UnavailableResult, to json: inout JSONStream) throws(OutputError) {
    try json.object(inline: true) { json throws(OutputError) in
      try json.member("result", limit.result)
      try json.member("reason", limit.needs.explanation)
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
