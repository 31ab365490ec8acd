import Dispatch
import ProxyModel

/// All that there is to render: what the renderers see instead of analyses.
public struct Report: Sendable {
  public let context: ReportContext
  /// Every analysis, in the registry's order, and whether the capture allows it.
  public let availability: [Availability]
  /// Every table of every analysis, in the registry's order.
  public let tables: [TableResult]
  /// Worst first.
  public let findings: Findings
  /// In the order of their parts, and of their places there.
  public let blocks: [SummaryBlock]
  /// What could not be computed, and why.
  public let unavailableResults: [UnavailableResult]

  /// Whether a capture allows an analysis.
  public struct Availability: Sendable, Hashable {
    public var name: String
    public var purpose: String
    public var missing: [EventNeed]
  }

  /// A table, or why there is none.
  public struct TableResult: Sendable {
    public var table: Table
    /// Needs that the capture does not meet; where there are any, the table's rows mean nothing.
    public var missing: [EventNeed]

    public var name: String { table.name }

    public init(table: Table, missing: [EventNeed]) {
      self.table = table
      self.missing = missing
    }

    /// `not available: needs lock:contention_begin`; `nil` where the table is available.
    public var notAvailable: String? { missing.isEmpty ? nil : "not available: \(missing.explanation)" }

    /// Whether there are rows, and the filter chooses none of them: not the same as a table without rows.
    public var isEmptiedByFilter: Bool { missing.isEmpty && table.rowCount == 0 && table.unfilteredCount > 0 }
  }

  /// Runs analyses over a context.
  /// - Parameter jobs: On how many threads at most; the report is the same.
  public init(_ context: ReportContext, analyses: [any Analysis.Type] = AnalysisRegistry.all, jobs: Int = 1) {
    var context = context
    context.rows = RowSelection(context.timeline, context.filter)
    self.context = context
    availability = analyses.map { Availability(name: $0.name, purpose: $0.purpose, missing: $0.missing(in: context)) }
    var tables: [TableResult] = []
    var findings: [FindingKey] = []
    var blocks: [SummaryBlock] = []
    var unavailableResults: [UnavailableResult] = []
    var parts = Self.parts(analyses, context, jobs: jobs)
    for place in parts.indices {
      // Not copied, as far as that can be: there can be a finding for each row.
      var part = Part()
      swap(&part, &parts[place])
      tables += part.tables
      for index in part.findings.indices { part.findings[index].source = UInt8(place) }
      if findings.isEmpty { swap(&findings, &part.findings) } else { findings += part.findings }
      blocks += part.blocks
      unavailableResults += part.unavailableResults
    }
    self.tables = tables
    self.findings = Findings(findings, of: analyses, context)
    self.blocks = blocks.enumerated().sorted { a, b in
      (a.element.part.rawValue, a.element.place, a.offset) < (b.element.part.rawValue, b.element.place, b.offset)
    }.map(\.element)
    self.unavailableResults = unavailableResults
    context.timeline.rest()
  }

  /// What one analysis adds.
  private struct Part {
    var tables: [TableResult] = []
    var findings: [FindingKey] = []
    var blocks: [SummaryBlock] = []
    var unavailableResults: [UnavailableResult] = []

    init() {}

    init(_ analysis: any Analysis.Type, _ context: ReportContext) {
      let missing = analysis.missing(in: context)
      tables = analysis.tables(context).map { TableResult(table: $0, missing: missing) }
      guard missing.isEmpty else {
        unavailableResults = [UnavailableResult(analysis.purpose, needs: missing)]
        return
      }
      findings = analysis.findings(context)
      blocks = analysis.blocks(context)
      context.timeline.rest()
      unavailableResults = analysis.unavailableResults(context)
    }
  }

  private static func parts(_ analyses: [any Analysis.Type], _ context: ReportContext, jobs: Int) -> [Part] {
    let jobs = min(jobs, analyses.count)
    guard jobs > 1 else { return analyses.map { Part($0, context) } }
    var parts = Array(repeating: Part(), count: analyses.count)
    parts.withUnsafeMutableBufferPointer { parts in
      // Each place is written once, and all iterations have ended when the call returns.
      nonisolated(unsafe) let parts = parts
      DispatchQueue.concurrentPerform(iterations: jobs) { job in
        for place in stride(from: job, to: parts.count, by: jobs) { parts[place] = Part(analyses[place], context) }
      }
    }
    return parts
  }

  /// The table of that name; `nil` for a name that no analysis has.
  public func table(_ name: String) -> TableResult? { tables.first { $0.name == name } }

  /// Names of all tables, whatever a capture holds.
  public static let tableNames = Report(.empty).tables.map(\.name)
}
