/// What this program is, for what it writes.
public enum ToolVersion {
  /// The version of the program.
  public static let text = "0.2.0"
  /// The version of the tables: it grows when a column of an earlier version goes, or changes its name, its type or its meaning.
  /// A new table or column leaves it as it is.
  public static let schema: UInt64 = 1
}
