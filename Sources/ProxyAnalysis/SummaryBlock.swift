/// The parts of the text report, in its order.
public enum ReportPart: Int, Sendable, Hashable, CaseIterable {
  /// The capture in one line, then losses and skipped damage.
  case capture = 1
  /// The findings.
  case findings
  /// Time in waits by class: the end of the first screen.
  case waitingTime
  /// Whether proxy execution was active, and how that is known.
  case proxyExecution
  /// Locks, tasks and CPUs with the greatest sums.
  case top
  /// What could not be computed, and which events would give it.
  case unavailableResults
}

/// A block of the text report: a heading, and small tables, bars and notes under it.
public struct SummaryBlock: Sendable, Hashable {
  /// The part of the report that it belongs to.
  public var part: ReportPart
  /// Its place among the blocks of its part; blocks with equal places are in the registry's order.
  public var place: Int
  /// The heading.
  public var title: String
  /// What is under the heading, in this order.
  public var content: [Content]

  /// A piece of a block.
  public enum Content: Sendable, Hashable {
    /// A small table.
    case table(SummaryTable)
    /// Bars under each other.
    case bars([Bar])
    /// A line of text.
    case line([TextFragment])
  }

  /// A block by all of its parts.
  public init(_ part: ReportPart, place: Int = 0, _ title: String, _ content: [Content]) {
    self.part = part
    self.place = place
    self.title = title
    self.content = content
  }
}

/// A small table for people.
public struct SummaryTable: Sendable, Hashable {
  /// A column of a small table.
  public struct Column: Sendable, Hashable {
    /// What a column holds, and how it is aligned.
    public enum Kind: Sendable, Hashable {
      /// Text, flush left.
      case text
      /// A number, flush right.
      case number
      /// A duration, flush right; the renderer adds the unit to the title.
      case duration
      /// Per cent, flush right.
      case share
    }

    /// The heading, without a unit.
    public var title: String
    /// What the column holds.
    public var kind: Kind
    /// Where the table is too wide, the columns with the smallest number are left out first; those with `nil` never.
    public var leaves: Int?

    /// A column by all of its parts.
    public init(_ title: String, _ kind: Kind, leaves: Int? = nil) {
      self.title = title
      self.kind = kind
      self.leaves = leaves
    }
  }

  /// The columns, from left to right.
  public var columns: [Column]
  /// A fragment for each column in each row.
  public var rows: [[TextFragment]]

  /// A table by its columns and rows.
  public init(columns: [Column], rows: [[TextFragment]]) {
    self.columns = columns
    self.rows = rows
  }
}

/// A part of a whole, to be drawn.
public struct Bar: Sendable, Hashable {
  /// The text before the bar.
  public var label: String
  /// Steps of the trace clock, 0 to ``whole``.
  public var part: Int64
  /// Steps of the trace clock.
  public var whole: Int64

  /// A bar by all of its parts.
  public init(_ label: String, part: Int64, whole: Int64) {
    self.label = label
    self.part = part
    self.whole = whole
  }
}
