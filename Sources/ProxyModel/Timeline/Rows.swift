/// Rows of one kind, made when they are asked for: a ``Timeline`` keeps them packed.
public struct Rows<Row: Sendable>: Sendable {
  public let count: Int
  @usableFromInline let row: @Sendable (Int) -> Row

  /// - Parameter row: makes the row at a place of `0..<count`.
  package init(count: Int, _ row: @escaping @Sendable (Int) -> Row) {
    self.count = count
    self.row = row
  }

  public init(_ rows: [Row]) { self.init(count: rows.count) { rows[$0] } }
}

extension Rows: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

  @inlinable
  public subscript(position: Int) -> Row {
    precondition(position >= 0 && position < count, "no such row")
    return row(position)
  }
}

extension Rows: ExpressibleByArrayLiteral {
  public init(arrayLiteral rows: Row...) { self.init(rows) }
}

extension Rows: Equatable where Row: Equatable {
  public static func == (a: Rows, b: Rows) -> Bool { a.elementsEqual(b) }
}
