public import ProxyAnalysis

/// Every table as a file in a directory, all or none.
public enum CSVDirectory {
  /// Writes `DIRECTORY/<table>.csv` for every table, and makes the directory where it is missing.
  /// - Throws: ``OutputError`` where the system cannot write, rename or make a directory.
  public static func write(_ report: Report, to directory: String, with writer: CSVWriter) throws(OutputError) {
    try Directory.make(directory)
    var files = WholeFiles()
    for table in report.tables {
      try files.write("\(directory)/\(table.name).csv") { sink throws(OutputError) in
        try writer.write(table, to: sink)
      }
    }
    try files.takeNames()
  }
}
