import Glibc
public import ProxyReport
import TraceCore

/// Every table of a capture as `DIR/<table>/<capture id>.parquet`: one folder is one table of all captures, as engines read it.
public struct ParquetDirectory: Sendable {
  private let path: String

  public init(_ path: String) { self.path = path }

  /// Writes all files of a capture, in the place of those that are there, whole or not at all. The one in `captures` comes last,
  /// and an older one goes first: where it is, the others are complete and of the same run.
  public func write(_ capture: ExportedCapture) throws(OutputError) {
    var files = WholeFiles()
    for table in capture.tables {
      try Directory.make("\(path)/\(table.name)")
      try files.write(file(of: table.name, capture)) { sink throws(OutputError) in
        try Self.write(table, of: capture, to: sink)
      }
    }
    unlink(file(of: ExportedCapture.captures, capture))
    try files.takeNames()
  }

  private func file(of table: String, _ capture: ExportedCapture) -> String {
    "\(path)/\(table)/\(capture.id.text).parquet"
  }

  static func write(
    _ table: ExportTable, of capture: ExportedCapture, to sink: ByteSink,
    rowsPerGroup: Int = ParquetWriter.rowsPerGroup
  ) throws(OutputError) {
    let columns = table.columns.map { ParquetWriter.Column(name: $0.name, type: $0.type) }
    var writer = try ParquetWriter(columns, to: sink, rowsPerGroup: rowsPerGroup)
    try table.forEachRow { cells throws(OutputError) in
      try writer.appendRow { buffers in
        for place in cells.indices { buffers[place].append(cells[place]) }
      }
    }
    var metadata = [
      ("proxytrace.table", table.name), ("proxytrace.capture_id", capture.id.text),
      ("proxytrace.schema_version", String(ToolVersion.schema)), ("proxytrace.version", ToolVersion.text),
    ]
    if let reason = table.notAvailable { metadata.append(("proxytrace.not_available", reason)) }
    try writer.finish(metadata, createdBy: "proxytrace version \(ToolVersion.text)")
  }
}
