import Glibc

/// A file that is on no disk, for a reader that wants a path: tens of thousands of damaged captures are written in a run.
public final class MemoryFile {
  private let descriptor: Int32
  /// Names the file for as long as it exists.
  public var path: String { "/proc/self/fd/\(descriptor)" }

  public init() {
    // Without a name at once, so that nothing is left behind however the process ends. Swift sees no memfd_create.
    var name = Array("\(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")/proxytrace-XXXXXX".utf8CString)
    descriptor = mkstemp(&name)
    precondition(descriptor >= 0, "no place for a file")
    unlink(name)
  }

  deinit { close(descriptor) }

  /// Replaces the content.
  public func fill(_ bytes: UnsafeRawBufferPointer) {
    precondition(ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0)
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = write(descriptor, rest.baseAddress, rest.count)
      precondition(count > 0, "no room for a file")
      done += count
    }
  }

  public func fill(_ bytes: [UInt8]) { bytes.withUnsafeBytes { fill($0) } }
}
