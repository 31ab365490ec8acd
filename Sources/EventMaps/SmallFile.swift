import Glibc

/// Small files that users write: maps, rules.
package enum SmallFile {
  /// Why one cannot be read, as a clause.
  package struct Problem: Error {
    package var text: String
  }

  /// So long a pipe may say nothing, in milliseconds.
  private static let patience: Int32 = 5000

  /// A file's bytes, at most one more than the limit. Of a pipe they are waited for, but not for ever: one to which nobody writes
  /// would never end.
  package static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw Problem(text: "cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      throw Problem(text: "is a directory")
    }
    let canWait = status.st_mode & S_IFMT != S_IFREG
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      if canWait {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&wanted, 1, patience)
        if ready < 0, errno == EINTR { continue }
        if ready == 0 { throw Problem(text: "is a pipe to which nothing was written for \(patience / 1000) s") }
      }
      let missing = limit + 1 - bytes.count
      var count = 0
      let block = [UInt8](unsafeUninitializedCapacity: min(missing, 1 << 16)) { buffer, initialized in
        count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        initialized = max(0, count)
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count >= 0 else { throw Problem(text: "cannot be read: \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      bytes += block
    }
    return bytes
  }
}
