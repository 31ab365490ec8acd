import CCrypto
import GRDBSQLite

/// The libraries that tables are exported with.
public enum ExportLibraries {
  /// Names and versions, as they are loaded.
  public static var versions: [(name: String, version: String)] {
    [
      ("SQLite", String(cString: sqlite3_libversion())),
      ("OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) } ?? "of an unknown version"),
    ]
  }
}
