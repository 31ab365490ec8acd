/// The statements that make a table of a SQLite file.
enum SQLiteSchema {
  static func table(_ table: ExportTable) -> String {
    let keys = keys(table)
    var parts = table.columns.map { "\(name($0.name)) \(type($0.type))\(keys.contains($0.name) ? " NOT NULL" : "")" }
    parts.append("PRIMARY KEY (\(keys.map(name).joined(separator: ", ")))")
    if table.name != ExportedCapture.captures {
      parts.append("FOREIGN KEY (capture_id) REFERENCES \(ExportedCapture.captures) (capture_id)")
    }
    for column in table.columns {
      guard let reference = column.reference else { continue }
      parts.append("FOREIGN KEY (capture_id, \(name(column.name))) REFERENCES \(name(reference)) (capture_id, id)")
    }
    // By its key: a capture's rows lie together, in order of time.
    return "CREATE TABLE \(name(table.name)) (\n  \(parts.joined(separator: ",\n  "))\n) STRICT, WITHOUT ROWID"
  }

  static func insert(_ table: ExportTable) -> String {
    let places = table.columns.map { _ in "?" }.joined(separator: ", ")
    return "INSERT OR REPLACE INTO \(name(table.name)) VALUES (\(places))"
  }

  /// On what rows are looked up by: the rows of another table, and locks.
  static func indices(_ table: ExportTable) -> [String] {
    table.columns.compactMap { column in
      let columns: [String]
      if column.reference != nil {
        columns = ["capture_id", column.name]
      } else if column.isSymbol {
        columns = [column.name]
      } else {
        return nil
      }
      let list = columns.map(name).joined(separator: ", ")
      return "CREATE INDEX \(name("\(table.name)_by_\(column.name)")) ON \(name(table.name)) (\(list))"
    }
  }

  private static func keys(_ table: ExportTable) -> [String] {
    ["capture_id"] + table.columns.map(\.name).filter { $0 == "id" }
  }

  private static func type(_ type: ParquetType) -> String {
    switch type {
    case .integer, .boolean: "INTEGER"
    case .billionths: "REAL"
    case .text: "TEXT"
    }
  }

  private static func name(_ name: String) -> String { "\"\(name)\"" }
}
