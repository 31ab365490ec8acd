import Glibc

/// Writes files that exist completely or not at all: under a temporary name in the same directory, and renamed at the end.
public enum WholeFile {
  /// Writes a file, and replaces one that exists.
  /// - Parameter body: writes the contents; where it throws, nothing changes.
  /// - Throws: what `body` throws, or ``OutputError`` where the system cannot write or rename.
  public static func write(
    to path: String, _ body: (ByteSink) throws(OutputError) -> Void
  ) throws(OutputError) {
    let (descriptor, temporary) = try create(beside: path)
    do throws(OutputError) {
      try fill(descriptor, place: path, body)
      guard rename(temporary, path) == 0 else { throw OutputError.system(errno, place: path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  fileprivate static func create(beside final: String) throws(OutputError) -> (descriptor: Int32, path: String) {
    // The process id keeps two runs apart; a file that a killed run has left is skipped.
    for attempt in 0..<100 {
      let path = "\(final).\(getpid())-\(attempt).part"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, path) }
      if errno != EEXIST { throw .system(errno, place: final) }
    }
    throw .system(EEXIST, place: final)
  }

  fileprivate static func fill(
    _ descriptor: Int32, place: String, _ body: (ByteSink) throws(OutputError) -> Void
  ) throws(OutputError) {
    let sink = ByteSink(descriptor: descriptor, place: place)
    do throws(OutputError) {
      try body(sink)
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

/// Several files that are there all or not at all: all are written under other names first, and take their own when the last of
/// them is complete.
package struct WholeFiles: ~Copyable {
  private var files: [(temporary: String, final: String)] = []

  package init() {}

  /// Writes the next file.
  package mutating func write(
    _ path: String, _ body: (ByteSink) throws(OutputError) -> Void
  ) throws(OutputError) {
    let (descriptor, temporary) = try WholeFile.create(beside: path)
    files.append((temporary, path))
    try WholeFile.fill(descriptor, place: path, body)
  }

  /// Begins a file that something else writes.
  /// - Returns: the name to write it under.
  package mutating func begin(_ path: String) throws(OutputError) -> String {
    let (descriptor, temporary) = try WholeFile.create(beside: path)
    close(descriptor)
    files.append((temporary, path))
    return temporary
  }

  /// Gives all files their names, in the order in which they were written.
  package mutating func takeNames() throws(OutputError) {
    for file in files {
      guard rename(file.temporary, file.final) == 0 else { throw OutputError.system(errno, place: file.final) }
    }
    files = []
  }

  deinit {
    // Names that are taken already are not the temporary ones any more; unlinking those again does no harm.
    for file in files { unlink(file.temporary) }
  }
}

/// Directories for output.
package enum Directory {
  /// Makes a directory and its parents, as `mkdir -p`; what exists already is no error.
  package static func make(_ directory: String) throws(OutputError) {
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
