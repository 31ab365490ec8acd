import GRDB
import GRDBSQLite
import ProxyAnalysis
public import ProxyReport

/// All tables of one capture or many in one SQLite file, with keys, indices and the views of ``SQLViews``. Written under another
/// name, and in its place when it is complete.
public final class SQLiteFile {
  private let path: String
  private var files = WholeFiles()
  private let temporary: String
  private let queue: DatabaseQueue
  private var isEmpty = true

  /// Begins a file, in the place of one that is there.
  public init(_ path: String) throws(OutputError) {
    self.path = path
    temporary = try files.begin(path)
    var configuration = Configuration()
    // References are declared, for who reads the schema; a capture need not allow every table that another names.
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { database in
      // What fails is thrown away as a whole, so nothing need be taken back.
      try database.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")
    }
    let file = temporary
    queue = try Self.reported(path) { try DatabaseQueue(path: file, configuration: configuration) }
  }

  /// Adds a capture. One that is there already takes the place of itself.
  public func add(_ capture: ExportedCapture) throws(OutputError) {
    try write { database in
      for table in capture.tables {
        if isEmpty { try database.execute(sql: SQLiteSchema.table(table)) }
        try Self.fill(table, database)
      }
      isEmpty = false
      indices = capture.tables.flatMap(SQLiteSchema.indices)
    }
  }
  /// Made last: a table is filled faster without.
  private var indices: [String] = []

  /// Adds indices and views, and gives the file its name.
  public func finish() throws(OutputError) {
    // No capture could be read: a file without tables helps nobody.
    if isEmpty { return }
    try write { database in
      for index in indices { try database.execute(sql: index) }
      try database.execute(sql: SQLViews.script(for: .sqlite, parquet: ""))
      try database.execute(sql: "ANALYZE")
    }
    try Self.reported(path) { try queue.close() }
    try files.takeNames()
  }

  private func write(_ body: (Database) throws -> Void) throws(OutputError) {
    try Self.reported(path) { try queue.write(body) }
  }

  private static func reported<Value>(_ path: String, _ body: () throws -> Value) throws(OutputError) -> Value {
    do {
      return try body()
    } catch {
      let problem = (error as? DatabaseError).map { $0.message ?? "SQLite error \($0.resultCode.rawValue)" }
      throw .failed(
        place: path, problem: "cannot be written: \(problem ?? "\(error)")", advice: "make room, or write elsewhere")
    }
  }

  /// GRDB makes a value of each argument, at ten times the cost of SQLite's own calls.
  private static func fill(_ table: ExportTable, _ database: Database) throws {
    let statement = try database.makeStatement(sql: SQLiteSchema.insert(table))
    let handle = statement.sqliteStatement
    let types = table.columns.map(\.type)
    try table.forEachRow { cells in
      for (place, cell) in cells.enumerated() { bind(cell, types[place], Int32(place + 1), handle) }
      let code = sqlite3_step(handle)
      sqlite3_reset(handle)
      guard code == SQLITE_DONE else {
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
      }
    }
  }

  private static func bind(_ cell: Cell, _ type: ParquetType, _ place: Int32, _ handle: SQLiteStatement) {
    switch type {
    case .integer:
      guard let value = cell.integer else { break }
      sqlite3_bind_int64(handle, place, value)
      return
    case .billionths:
      guard let value = cell.billionths else { break }
      sqlite3_bind_double(handle, place, Double(value) / 1e9)
      return
    case .boolean:
      guard let value = cell.boolean else { break }
      sqlite3_bind_int64(handle, place, value ? 1 : 0)
      return
    case .text:
      guard var text = cell.text else { break }
      // SQLITE_TRANSIENT: SQLite copies it.
      let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      text.withUTF8 { utf8 in
        _ = utf8.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text(handle, place, $0.baseAddress, Int32(clamping: $0.count), transient)
        }
      }
      return
    }
    sqlite3_bind_null(handle, place)
  }
}
