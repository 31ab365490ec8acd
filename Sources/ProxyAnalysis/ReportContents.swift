public import ProxyModel

/// What somebody wants of a report. Nothing else is made: neither by the analyses, nor by the model, if it is asked for no more than
/// ``rows(of:)``.
public struct ReportContents: Sendable, Hashable {
  /// Names of the tables to make; `nil` for all of them.
  public var tables: Set<String>?
  /// Whether to make findings, and to say what could not be computed.
  public var hasFindings: Bool
  /// Whether to make the blocks of the text report.
  public var hasBlocks: Bool

  /// Contents by all of their parts.
  public init(tables: Set<String>?, hasFindings: Bool = false, hasBlocks: Bool = false) {
    self.tables = tables
    self.hasFindings = hasFindings
    self.hasBlocks = hasBlocks
  }

  /// Everything.
  public static let all = ReportContents(tables: nil, hasFindings: true, hasBlocks: true)
  /// All tables, and nothing else.
  public static let tables = ReportContents(tables: nil)
  /// Findings and blocks, and no table.
  public static let summary = ReportContents(tables: [], hasFindings: true, hasBlocks: true)
  /// None of them: what the capture is, and which analyses it allows.
  public static let availability = ReportContents(tables: [])

  /// One table, and nothing else.
  public static func table(_ name: String) -> ReportContents { ReportContents(tables: [name]) }

  /// What is in one of two.
  public func union(_ other: ReportContents) -> ReportContents {
    ReportContents(
      tables: tables.flatMap { own in other.tables.map(own.union) }, hasFindings: hasFindings || other.hasFindings,
      hasBlocks: hasBlocks || other.hasBlocks)
  }

  /// The rows that the model must make for it.
  public func rows(of analyses: [any Analysis.Type] = AnalysisRegistry.all) -> RowKinds {
    analyses.reduce([]) { rows, analysis in
      rows.union(hasTables(of: analysis) ? analysis.tableRows : [])
        .union(hasFindings || hasBlocks ? analysis.summaryRows : [])
    }
  }

  /// Whether a table of an analysis is in it.
  func hasTables(of analysis: any Analysis.Type) -> Bool {
    guard let tables else { return true }
    return !tables.isEmpty && analysis.tables(.empty).contains { tables.contains($0.name) }
  }

  /// Whether a table is in it.
  func has(_ table: Table) -> Bool { tables?.contains(table.name) ?? true }
}
