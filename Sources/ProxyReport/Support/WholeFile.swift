import Glibc

/// Writes files that exist completely or not at all: under a temporary name in the same directory, and renamed at the end.
public enum WholeFile {
  /// Writes a file, and replaces one that exists.
  /// - Parameters:
  ///   - path: the file.
  ///   - body: writes the contents; where it throws, nothing changes.
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

  static func create(beside final: String) throws(OutputError) -> (descriptor: Int32, path: String) {
    // The process id keeps two runs apart; a file that a killed run has left is skipped.
    for attempt in 0..<100 {
      let path = "\(final).\(getpid())-\(attempt).part"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, path) }
      if errno != EEXIST { throw .system(errno, place: final) }
    }
    throw .system(EEXIST, place: final)
  }

  static func fill(
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
