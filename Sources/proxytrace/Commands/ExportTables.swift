import ArgumentParser
import ProxyExport
import ProxyReport

/// Parquet, a file for each table of each capture.
struct ParquetExport: ExportOption {
  @Option(
    help: ArgumentHelp(
      "Write every table as DIR/<table>/<capture id>.parquet, whole or not at all; DIR is made.", valueName: "dir"),
    completion: .directory)
  var parquet: String?

  var isChosen: Bool { parquet != nil }
  var takesMany: Bool { true }

  func begin() -> (any ExportFormat)? { parquet.map { Export(directory: ParquetDirectory($0)) } }

  private struct Export: ExportFormat {
    let directory: ParquetDirectory

    func add(_ capture: ExportSource) throws { try directory.write(capture.tables()) }
    func finish() {}
  }
}

/// One SQLite file.
struct SQLiteExport: ExportOption {
  @Option(
    help: ArgumentHelp(
      "Write all tables of all captures as one SQLite file, in the place of one that is there.", valueName: "file"),
    completion: .file())
  var sqlite: String?

  var isChosen: Bool { sqlite != nil }
  var takesMany: Bool { true }

  func begin() throws -> (any ExportFormat)? { try sqlite.map { Export(file: try SQLiteFile($0)) } }

  private struct Export: ExportFormat {
    let file: SQLiteFile

    func add(_ capture: ExportSource) throws { try file.add(capture.tables()) }
    func finish() throws { try file.finish() }
  }
}
