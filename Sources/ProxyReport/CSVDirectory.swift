import Glibc
public import ProxyAnalysis

/// Every table as a file of a directory, whole or not at all: all are written under other names first, and take their own when
/// the last of them is complete.
public enum CSVDirectory {
  /// Writes `DIRECTORY/<table>.csv`, and makes the directory where it is missing.
  public static func write(_ report: Report, to directory: String, with writer: CSVWriter) throws(OutputError) {
    try make(directory)
    var files: [(temporary: String, final: String)] = []
    do throws(OutputError) {
      for table in report.tables {
        let final = "\(directory)/\(table.name).csv"
        let (descriptor, temporary) = try create(beside: final)
        files.append((temporary, final))
        try fill(descriptor, place: final, with: table, by: writer)
      }
      for file in files {
        guard rename(file.temporary, file.final) == 0 else { throw OutputError.system(errno, place: file.final) }
      }
    } catch {
      // Names that are taken already are gone from the list of temporary ones; unlinking those again does no harm.
      for file in files { unlink(file.temporary) }
      throw error
    }
  }

  private static func make(_ directory: String) throws(OutputError) {
    // Parents first, as `mkdir -p`; what exists already is no error.
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

  private static func create(beside final: String) throws(OutputError) -> (descriptor: Int32, path: String) {
    // The process id keeps two runs apart; a file that a killed run left behind is passed over.
    for attempt in 0..<100 {
      let path = "\(final).\(getpid())-\(attempt).part"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, path) }
      if errno != EEXIST { throw .system(errno, place: final) }
    }
    throw .system(EEXIST, place: final)
  }

  private static func fill(
    _ descriptor: Int32, place: String, with table: Report.TableResult, by writer: CSVWriter
  ) throws(OutputError) {
    let sink = ByteSink(descriptor: descriptor, place: place)
    do throws(OutputError) {
      try writer.write(table, to: sink)
      try sink.flush()
    } catch {
      close(descriptor)
      throw error
    }
    // Some file systems report a full disk only here. EINVAL: one that has nothing to sync.
    let isSynced = fsync(descriptor) == 0 || errno == EINVAL
    let code = errno
    guard close(descriptor) == 0 else { throw .system(errno, place: place) }
    guard isSynced else { throw .system(code, place: place) }
  }
}
