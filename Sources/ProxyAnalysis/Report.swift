import Dispatch
import ProxyModel
import Synchronization

/// All that there is to render. Renderers see reports; they know no analysis.
public struct Report: Sendable {
  /// The capture, with the rows that the filter chooses.
  public let context: ReportContext
  /// Every analysis, in the registry's order, with what the capture lacks for it.
  public let availability: [Availability]
  /// The tables that are asked for, in the registry's order.
  public let tables: [TableResult]
  /// What is wrong, the costliest first; empty where nobody asks for it.
  public var findings: Findings { hasFindings ? context.findings : Findings(nil, context) }
  private let hasFindings: Bool
  /// Blocks of the text report, sorted by part and by place.
  public let blocks: [SummaryBlock]
  /// What could not be computed, and which events would give it.
  public let unavailableResults: [UnavailableResult]

  /// Whether a capture allows an analysis.
  public struct Availability: Sendable, Hashable {
    /// The analysis's name.
    public var name: String
    /// What the analysis shows, as a clause.
    public var purpose: String
    /// Needs that the capture does not meet; empty where the analysis is available.
    public var missing: [EventNeed]
  }

  /// A table, or why there is none.
  public struct TableResult: Sendable {
    /// The table, even where it is not available: it has a name and columns then.
    public var table: Table
    /// Needs that the capture does not meet; where there are any, the table's rows mean nothing.
    public var missing: [EventNeed]

    /// The table's name.
    public var name: String { table.name }

    /// A table of a capture that does not meet some needs.
    public init(table: Table, missing: [EventNeed]) {
      self.table = table
      self.missing = missing
    }

    /// `not available: needs lock:contention_begin`; `nil` where the table is available.
    public var notAvailable: String? { missing.isEmpty ? nil : "not available: \(missing.explanation)" }

    /// Whether there are rows and the filter chooses none of them. A table without rows is another matter.
    public var isEmptiedByFilter: Bool { missing.isEmpty && table.rowCount == 0 && table.unfilteredCount > 0 }
  }

  /// Runs analyses over a context.
  /// - Parameters:
  ///   - context: the capture. Its timeline must have the rows that the contents need.
  ///   - contents: what to make; the rest stays empty.
  ///   - analyses: at most 256.
  ///   - jobs: number of threads at most; the report does not depend on it.
  public init(
    _ context: ReportContext, _ contents: ReportContents = .all,
    analyses: [any Analysis.Type] = AnalysisRegistry.all, jobs: Int = 1
  ) {
    precondition(
      context.timeline.rowKinds.isSuperset(of: contents.rows(of: analyses)), "the model was not asked for all rows")
    hasFindings = contents.hasFindings
    var context = context
    context.select(
      hasLocks: contents.hasBlocks && !context.filter.isEmpty || contents.hasTables(of: LocksAnalysis.self))
    self.context = context
    availability = analyses.map { Availability(name: $0.name, purpose: $0.purpose, missing: $0.missing(in: context)) }
    // A table whose rows nobody has asked for is left out: without a row it would say that there is nothing.
    let analyses = analyses.filter { $0.rows.isSubset(of: context.timeline.made) }
    var tables: [TableResult] = []
    var blocks: [SummaryBlock] = []
    var unavailableResults: [UnavailableResult] = []
    let parts = Self.parts(analyses, context, contents, jobs: jobs) { [context] in
      // Made when it is first asked for: beside the analyses, where there is a thread for it.
      if contents.hasFindings, jobs > 1 { _ = context.findings.count }
    }
    for place in parts.indices {
      let part = parts[place]
      tables += part.tables
      blocks += part.blocks
      unavailableResults += part.unavailableResults
    }
    self.tables = tables
    self.blocks = blocks.enumerated().sorted { a, b in
      (a.element.part.rawValue, a.element.place, a.offset) < (b.element.part.rawValue, b.element.place, b.offset)
    }.map(\.element)
    self.unavailableResults = unavailableResults
    context.timeline.rest()
  }

  /// What one analysis adds.
  private struct Part {
    var tables: [TableResult] = []
    var blocks: [SummaryBlock] = []
    var unavailableResults: [UnavailableResult] = []

    init() {}

    init(_ analysis: any Analysis.Type, _ context: ReportContext, _ contents: ReportContents) {
      let missing = analysis.missing(in: context)
      if contents.hasTables(of: analysis) {
        tables = analysis.tables(context).filter(contents.has).map { TableResult(table: $0, missing: missing) }
      }
      guard missing.isEmpty else {
        if contents.hasFindings { unavailableResults = [UnavailableResult(analysis.purpose, needs: missing)] }
        return
      }
      if contents.hasBlocks { blocks = analysis.blocks(context) }
      if contents.hasFindings { unavailableResults = analysis.unavailableResults(context) }
      context.timeline.rest()
    }
  }

  /// - Parameter besides: what one of the threads does first.
  private static func parts(
    _ analyses: [any Analysis.Type], _ context: ReportContext, _ contents: ReportContents, jobs: Int,
    besides: @Sendable () -> Void
  ) -> [Part] {
    let jobs = min(jobs, analyses.count)
    guard jobs > 1 else { return analyses.map { Part($0, context, contents) } }
    var parts = Array(repeating: Part(), count: analyses.count)
    // Whoever is done takes the next: they cost as differently as can be.
    let next = Atomic(0)
    parts.withUnsafeMutableBufferPointer { parts in
      // Each place is written once, and all iterations have ended when the call returns.
      nonisolated(unsafe) let parts = parts
      DispatchQueue.concurrentPerform(iterations: jobs) { job in
        if job == 0 { besides() }
        while true {
          let place = next.add(1, ordering: .relaxed).oldValue
          if place >= parts.count { break }
          parts[place] = Part(analyses[place], context, contents)
        }
      }
    }
    return parts
  }

  /// The table with a name; `nil` where no analysis has one, or it was not asked for.
  public func table(_ name: String) -> TableResult? { tables.first { $0.name == name } }

  /// Names of all tables, in the registry's order.
  public static let tableNames = allTables.map(\.name)

  /// All tables of no capture, in the registry's order: their columns, and no row.
  public static let allTables = Report(.empty, .tables).tables.map(\.table)
}
