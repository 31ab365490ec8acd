import ProxyAnalysis

/// The views that come with the tables, as statements for an engine.
public enum SQLViews {
  /// Who is to run them.
  public enum Engine: String, Sendable, CaseIterable {
    case sqlite, duckdb, spark, clickhouse

    /// How a statement that makes a view begins.
    fileprivate var create: String {
      switch self {
      case .sqlite: "CREATE VIEW IF NOT EXISTS"
      case .duckdb, .clickhouse: "CREATE OR REPLACE VIEW"
      case .spark: "CREATE OR REPLACE TEMPORARY VIEW"
      }
    }

    /// The statement that makes a folder of Parquet files a table.
    fileprivate func table(_ name: String, in directory: String) -> String {
      let files = SQLViews.quoted("\(directory)/\(name)/*.parquet")
      return switch self {
      case .sqlite: ""
      case .duckdb: "\(create) \(name) AS SELECT * FROM read_parquet(\(files));\n"
      // Without a pattern: Spark would look for each of the files that it finds again, in a task of its own.
      case .spark: "\(create) \(name) USING parquet OPTIONS (path \(SQLViews.quoted("\(directory)/\(name)")));\n"
      case .clickhouse: "\(create) \(name) AS SELECT * FROM file(\(files), Parquet);\n"
      }
    }
  }

  /// Names of the tables that an export holds.
  public static let tableNames =
    Report.tableNames.filter { $0 != CaptureAnalysis.name } + [ExportedCapture.availability, ExportedCapture.captures]

  /// Statements, each ended by `;` and a line break: a view for each table, and those of ``text``.
  /// - Parameter directory: where `export --parquet` wrote; of no meaning for SQLite, whose file has the tables already.
  public static func script(for engine: Engine, parquet directory: String) -> String {
    var script = engine == .clickhouse ? "SET join_use_nulls = 1;\n" : ""
    for name in tableNames { script += engine.table(name, in: directory) }
    return script + "\n" + statements.map { $0.comment + engine.create + $0.rest }.joined(separator: "\n")
  }

  /// The views' names, each with what it holds.
  public static var list: [(name: String, purpose: String)] {
    statements.map { statement in
      let name = statement.rest.dropFirst().prefix { $0 != " " }
      let lines = statement.comment.split(separator: "\n").map { $0.drop { $0 == "-" || $0 == " " } }
      return (String(name), lines.joined(separator: " "))
    }
  }

  /// As they are written: comments, and statements that begin with `CREATE VIEW`.
  static let text = String(decoding: PackageResources.views_sql, as: UTF8.self)

  /// A view's comment, and what follows `CREATE VIEW` up to the line break behind its `;`.
  private static let statements: [(comment: String, rest: String)] = {
    var statements: [(comment: String, rest: String)] = []
    var (comment, rest) = ("", "")
    let head = "CREATE VIEW"
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix(head) {
        rest = line.dropFirst(head.count) + "\n"
      } else if !rest.isEmpty {
        rest += line + "\n"
      } else if line.isEmpty {
        comment = ""
      } else {
        comment += line + "\n"
      }
      if !rest.isEmpty, line.hasSuffix(";") {
        statements.append((comment, rest))
        (comment, rest) = ("", "")
      }
    }
    return statements
  }()

  fileprivate static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }
}
