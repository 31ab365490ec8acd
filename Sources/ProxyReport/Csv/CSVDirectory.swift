import Glibc
public import ProxyAnalysis

/// Every table as a file in a directory, all or none: all files are written under temporary names, and renamed when the last of
/// them is complete.
public enum CSVDirectory {
  /// Writes `DIRECTORY/<table>.csv` for every table, and makes the directory where it is missing.
  /// - Throws: ``OutputError`` where the system cannot write, rename or make a directory.
  public static func write(_ report: Report, to directory: String, with writer: CSVWriter) throws(OutputError) {
    try make(directory)
    var files: [(temporary: String, final: String)] = []
    do throws(OutputError) {
      for table in report.tables {
        let final = "\(directory)/\(table.name).csv"
        let (descriptor, temporary) = try WholeFile.create(beside: final)
        files.append((temporary, final))
        try WholeFile.fill(descriptor, place: final) { sink throws(OutputError) in
          try writer.write(table, to: sink)
        }
      }
      for file in files {
        guard rename(file.temporary, file.final) == 0 else { throw OutputError.system(errno, place: file.final) }
      }
    } catch {
      // Files that were renamed have no temporary name any more; to unlink it does no harm.
      for file in files { unlink(file.temporary) }
      throw error
    }
  }

  private static func make(_ directory: String) throws(OutputError) {
    // Parents first, as `mkdir -p`; a directory that exists is no error.
    let parts = directory.split(separator: "/", omittingEmptySubsequences: true)
    var path = directory.hasPrefix("/") ? "/" : ""
    for part in parts {
      path += part + "/"
      if mkdir(path, 0o777) != 0, errno != EEXIST, access(path, F_OK) != 0 {
        throw .system(errno, place: directory)
      }
    }
    var status = stat()
    guard stat(directory, &status) == 0 else { throw .system(errno, place: directory) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(ENOTDIR, place: directory) }
  }
}
