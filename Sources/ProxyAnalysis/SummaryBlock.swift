/// The parts of the text report, in its order.
public enum ReportPart: Int, Sendable, Hashable, CaseIterable {
  /// The capture in one line, then losses and skipped damage.
  case capture = 1
  /// Whether proxy execution was active, and how that is known.
  case proxyExecution
  case findings
  case waitingTime
  case cpus
  case top
  /// What could not be computed, and which event would give it.
  case unavailableResults
}

/// A block of the text report: a heading, and small tables, bars and notes under it.
public struct SummaryBlock: Sendable, Hashable {
  public var part: ReportPart
  /// Its place among the blocks of its part; equal ones stand in the registry's order.
  public var place: Int
  public var title: String
  public var content: [Content]

  public enum Content: Sendable, Hashable {
    case table(SummaryTable)
    case bars([Bar])
    /// A line of text.
    case line([TextFragment])
  }

  public init(_ part: ReportPart, place: Int = 0, _ title: String, _ content: [Content]) {
    self.part = part
    self.place = place
    self.title = title
    self.content = content
  }
}

/// A small table for people.
public struct SummaryTable: Sendable, Hashable {
  public struct Column: Sendable, Hashable {
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

    public var title: String
    public var kind: Kind
    /// Its turn to be left out where the table would be too wide otherwise: the least goes first. `nil`: never.
    public var leaves: Int?

    public init(_ title: String, _ kind: Kind, leaves: Int? = nil) {
      self.title = title
      self.kind = kind
      self.leaves = leaves
    }
  }

  public var columns: [Column]
  /// As many phrases as columns in each.
  public var rows: [[TextFragment]]

  public init(columns: [Column], rows: [[TextFragment]]) {
    self.columns = columns
    self.rows = rows
  }
}

/// A part of a whole, to be drawn.
public struct Bar: Sendable, Hashable {
  public var label: String
  /// Steps of the trace clock; at most `whole`.
  public var part: Int64
  public var whole: Int64

  public init(_ label: String, part: Int64, whole: Int64) {
    self.label = label
    self.part = part
    self.whole = whole
  }
}
