/// A column of a ``Table`` together with a function that makes its cell from a row.
public struct TableColumn<Row>: Sendable {
  /// Name, kind and meaning.
  public var column: Column
  /// The cell of a row.
  public var cell: @Sendable (Row) -> Cell

  /// A column by all of its parts.
  public init(_ name: String, _ kind: Column.Kind, _ doc: String, _ cell: @escaping @Sendable (Row) -> Cell) {
    column = Column(name, kind, doc)
    self.cell = cell
  }
}
