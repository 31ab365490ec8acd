import ProxyAnalysis
import TraceCore

/// A table as it is exported: the columns of the report's, and the capture's id before them.
struct ExportTable: Sendable {
  struct Column: Sendable {
    var name: String
    var type: ParquetType
    /// The table whose rows the column names by their ids; `nil` for what is no reference.
    var reference: String?
    /// Whether it holds the symbols of addresses: what people look for.
    var isSymbol = false
    fileprivate var source: Source
  }

  fileprivate enum Source: Sendable {
    /// The same in every row.
    case constant(Cell)
    /// Of a row of the report's table, by its place.
    case cell(Int)
  }

  let name: String
  let columns: [Column]
  let rowCount: Int
  /// Why it means nothing that there is no row; `nil` where the capture allows the table.
  let notAvailable: String?
  private let table: Table

  /// - Parameters:
  ///   - extra: columns with the same value in every row, after the others.
  ///   - hasID: `false` leaves the column `id` out, where the capture's id is enough.
  init(
    _ result: Report.TableResult, name: String? = nil, capture id: String,
    extra: [(name: String, type: ParquetType, cell: Cell)] = [], hasID: Bool = true
  ) {
    self.name = name ?? result.name
    table = result.table
    notAvailable = result.missing.isEmpty ? nil : result.missing.explanation
    rowCount = notAvailable == nil ? table.rowCount : 0
    var columns = [Column(name: "capture_id", type: .text, reference: nil, source: .constant(.word(id)))]
    for (place, column) in table.columns.enumerated() where hasID || column.name != "id" {
      columns.append(Column(column, place))
    }
    columns += extra.map { Column(name: $0.name, type: $0.type, reference: nil, source: .constant($0.cell)) }
    self.columns = columns
  }

  /// Calls `body` with the cells of each row, in order; with none where the table is not available.
  func forEachRow<Failure: Error>(_ body: ([Cell]) throws(Failure) -> Void) throws(Failure) {
    if notAvailable != nil { return }
    var row: [Cell] = []
    try table.forEachRow { cells throws(Failure) in
      row.removeAll(keepingCapacity: true)
      for column in columns {
        switch column.source {
        case .constant(let cell): row.append(cell)
        case .cell(let place): row.append(cells[place])
        }
      }
      try body(row)
    }
  }
}

extension ExportTable.Column {
  fileprivate init(_ column: ProxyAnalysis.Column, _ place: Int) {
    // `wait_id` counts the rows of `waits`: see ``TableColumn/reference(_:_:_:)``.
    let isReference = column.kind == .identifier && column.name.hasSuffix("_id")
    self.init(
      name: column.name, type: column.kind.parquetType,
      reference: isReference ? column.name.dropLast(3) + "s" : nil,
      isSymbol: column.name == "symbol" || column.name.hasSuffix("_symbol"), source: .cell(place))
  }
}
