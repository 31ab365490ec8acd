public import TraceCore

/// A table of results: named columns, and rows that are made one at a time when a renderer asks for them.
public struct Table: Sendable {
  /// One lower-case word: the name of the CSV file and of the JSON member.
  public var name: String
  /// The columns, `id` first.
  public var columns: [Column]
  /// Number of rows.
  public var rowCount: Int
  /// How many rows there would be without a filter.
  public var unfilteredCount: Int
  /// Appends the cells of the row with an index of `0..<rowCount`, one per column, in their order.
  private let fill: @Sendable (_ row: Int, _ cells: inout [Cell]) -> Void
  /// Appends the cells of one column, of all rows in their order.
  private let fillColumn: @Sendable (_ column: Int, _ cells: inout [Cell]) -> Void
  /// Writes rows on a page until that is full.
  private let writeRows: @Sendable (_ rows: Range<Int>, _ page: RowPage) -> Int

  /// A table with a row for each chosen row, and with a first column `id`, which counts all rows from 1.
  public init<Row>(_ name: String, rows: ChosenRows<Row>, columns: [TableColumn<Row>]) {
    self.name = name
    self.columns = [Self.id] + columns.map(\.column)
    rowCount = rows.count
    unfilteredCount = rows.all.count
    let fill: @Sendable (Int, inout [Cell]) -> Void = { index, cells in
      let row = rows[index]
      cells.append(.integer(Int64(rows.id(at: index))))
      for column in columns { cells.append(column.cell(row)) }
    }
    self.fill = fill
    fillColumn = { place, cells in
      for index in 0..<rows.count {
        cells.append(place == 0 ? .integer(Int64(rows.id(at: index))) : columns[place - 1].cell(rows[index]))
      }
    }
    writeRows = { range, page in
      var text = RowText((), CellFacts(), isFirst: range.lowerBound == 0, on: page)
      var (index, cells) = (range.lowerBound, [Cell]())
      while true {
        cells.removeAll(keepingCapacity: true)
        fill(index, &cells)
        for cell in cells { text.put(cell) }
        index += 1
        if index == range.upperBound || text.isFull { break }
        text.next(())
      }
      text.finish()
      return index
    }
  }

  /// A table with a row for each of some rows.
  public init<Row: Sendable>(_ name: String, rows: [Row], columns: [TableColumn<Row>]) {
    self.init(name, rows: ChosenRows(rows), columns: columns)
  }

  /// The same, with columns that are declared for the compiler.
  init<Columns: RowColumns>(
    _ name: String, of rows: ChosenRows<Columns.Row>, in context: ReportContext, _ declared: Columns
  ) {
    var list = ColumnList<Columns.Row>()
    declared.put(in: &list)
    self.name = name
    columns = [Self.id] + list.columns
    rowCount = rows.count
    unfilteredCount = rows.all.count
    let facts = CellFacts(context)
    fill = { index, cells in
      cells.append(.integer(Int64(rows.id(at: index))))
      var list = CellList(facts: facts, row: rows[index], cells: cells)
      cells = []
      declared.put(in: &list)
      cells = list.cells
    }
    fillColumn = { place, cells in
      for index in 0..<rows.count {
        if place == 0 {
          cells.append(.integer(Int64(rows.id(at: index))))
        } else {
          var one = OneCell(facts, rows[index], place - 1)
          declared.put(in: &one)
          cells.append(one.found)
        }
      }
    }
    writeRows = { range, page in
      var index = range.lowerBound
      var text = RowText(rows[index], facts, isFirst: index == 0, on: page)
      while true {
        text.identifier(Self.id) { _ in Int64(rows.id(at: index)) }
        declared.put(in: &text)
        index += 1
        if index == range.upperBound || text.isFull { break }
        text.next(rows[index])
      }
      text.finish()
      return index
    }
  }

  private static let id = Column("id", .identifier, "the row's number, from 1, the same in every format")

  /// A page for rows of this table.
  /// - Parameter syntax: how a format writes them; it must name as many columns as there are.
  package func page(_ syntax: RowSyntax) -> RowPage {
    precondition(syntax.before.count == columns.count, "not the columns of this table")
    return RowPage(syntax)
  }

  /// Writes rows on a page, behind what is on it: all, or as many as make a large piece.
  ///
  /// Threads may do so at the same time, each on a page of its own.
  /// - Parameter rows: indices of `0..<rowCount`; at least one.
  /// - Returns: the first row that is not written.
  package func write(_ rows: Range<Int>, on page: RowPage) -> Int { writeRows(rows, page) }

  /// Calls `body` with the cells of each row, in order; as many cells as columns.
  /// - Throws: what `body` throws.
  public func forEachRow<Failure: Error>(_ body: ([Cell]) throws(Failure) -> Void) throws(Failure) {
    // A loop of its own: through the generic one below a cell of CSV costs 50 instructions more.
    var cells: [Cell] = []
    for row in 0..<rowCount {
      cells.removeAll(keepingCapacity: true)
      fill(row, &cells)
      try body(cells)
    }
  }

  /// Calls `body` with the cells of some rows; as many cells as columns.
  /// - Parameter rows: Indices of `0..<rowCount`. In ascending order they are read fastest.
  package func forEachRow(of rows: some Sequence<Int>, _ body: ([Cell]) -> Void) {
    var cells: [Cell] = []
    for row in rows {
      cells.removeAll(keepingCapacity: true)
      fill(row, &cells)
      body(cells)
    }
  }

  /// The cells of one column, without making those of the others.
  /// - Parameter place: An index of ``columns``.
  package func cells(ofColumn place: Int) -> [Cell] {
    var cells: [Cell] = []
    cells.reserveCapacity(rowCount)
    fillColumn(place, &cells)
    return cells
  }
}

/// What is known of a table's column before the first row.
public struct Column: Sendable, Hashable {
  /// Lower case with underscores; `*_ns` for times on the trace clock, `*_s` for seconds since the capture began.
  public var name: String
  /// What its cells are.
  public var kind: Kind
  /// What its figures mean, as a phrase.
  public var doc: String

  /// A column by all of its parts.
  public init(_ name: String, _ kind: Kind, _ doc: String) {
    self.name = name
    self.kind = kind
    self.doc = doc
  }

  /// What the cells of a column are.
  public enum Kind: String, Sendable, Hashable {
    /// The id of a row of this table or of another, from 1.
    case identifier
    /// How many.
    case count
    /// A plain number that means no quantity: a CPU, a pid, a priority.
    case number
    /// A time on the trace clock, in its steps.
    case instant
    /// A difference of two instants, in steps of the trace clock.
    case duration
    /// Seconds since the capture began; empty where the clock counts no nanoseconds.
    case seconds
    /// A part of a whole, from 0 to 1.
    case share
    /// An address in the kernel.
    case address
    /// `yes` or `no`.
    case flag
    /// A word of the program, or words joined by `+` or `>`.
    case word
    /// A sentence, or text of the capture: hostile.
    case text
    /// How the row is known.
    case evidence

    /// Whether cells are numbers, to be aligned on the right.
    public var isNumeric: Bool {
      switch self {
      case .identifier, .count, .number, .instant, .duration, .seconds, .share: true
      case .address, .flag, .word, .text, .evidence: false
      }
    }
  }

  /// The unit of the figures: `ns`, `clock steps`, `s`; empty where they have none.
  public func unit(of clock: TraceClock) -> String {
    switch kind {
    case .instant, .duration: clock.unit == .nanoseconds ? "ns" : "clock steps"
    case .seconds: "s"
    default: ""
    }
  }
}

/// One value of a table.
public enum Cell: Sendable, Hashable {
  /// Not known.
  case empty
  /// A whole number, or a duration in steps of the trace clock.
  case integer(Int64)
  /// A count; a damaged file may state any.
  case count(UInt64)
  /// A time on the trace clock, in its steps.
  case instant(Timestamp)
  /// Nanoseconds since the capture began, to be written as seconds with nine decimals.
  case secondsFromStart(Int64)
  /// A part of a whole in billionths, to be written with nine decimals.
  case share(billionths: Int64)
  /// An address in the kernel, to be written as `0x…`.
  case address(UInt64)
  /// A word of the program, safe in every format.
  case word(String)
  /// Text of the capture: hostile.
  case text(String)
  /// A task's name: hostile, and not necessarily UTF-8.
  case comm(Comm)
  /// How the row is known.
  case evidence(Evidence)
}
