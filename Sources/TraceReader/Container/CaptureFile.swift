import Glibc
package import TraceCore

/// A capture's file, open for reading; closes itself. Several readers may share it.
package final class CaptureFile: Sendable {
  let view: FileView

  /// Opens a file, or standard input as `-`.
  ///
  /// Reading needs file offsets and a size. What has none is first copied to an unnamed file: pipes, devices, and the files of tracefs
  /// and procfs, whose size is 0.
  package init(path: String) throws(TraceError) {
    if path == "-" {
      view = try Self.view(of: STDIN_FILENO, path, isOwned: false)
      return
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw Self.cannotOpen(path, errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw ForeignFormat.error(ofDirectory: path) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.cannotOpen(path, errno) }
    view = try Self.view(of: descriptor, path, isOwned: true)
  }

  /// Copies bytes to a file without a name.
  /// - Parameter name: What an error calls it.
  package init(bytes: UnsafeRawBufferPointer, name: String) throws(TraceError) {
    let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : Self.temporaryDirectory
    let descriptor = Self.fileWithoutName(in: folder)
    guard descriptor >= 0 else { throw Self.cannotSpool(name, folder, errno) }
    guard Self.write(bytes, to: descriptor) else {
      let code = errno
      _ = close(descriptor)
      throw Self.cannotSpool(name, folder, code)
    }
    view = FileView(descriptor: descriptor, size: UInt64(bytes.count))
  }

  deinit { _ = close(view.descriptor) }

  /// A file with a size is read in place.
  /// - Parameter isOwned: The descriptor may be kept or closed.
  private static func view(of descriptor: Int32, _ path: String, isOwned: Bool) throws(TraceError) -> FileView {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      if isOwned { _ = close(descriptor) }
      throw cannotOpen(path, code)
    }
    if status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 {
      let kept = isOwned ? descriptor : dup(descriptor)
      guard kept >= 0 else { throw cannotOpen(path, errno) }
      return FileView(descriptor: kept, size: UInt64(clamping: status.st_size))
    }
    defer { if isOwned { _ = close(descriptor) } }
    return try copy(of: descriptor, path)
  }

  /// Reads to the end.
  private static func copy(of source: Int32, _ path: String) throws(TraceError) -> FileView {
    let descriptor = fileWithoutName(in: temporaryDirectory)
    guard descriptor >= 0 else { throw cannotSpool(path, temporaryDirectory, errno) }
    var size: UInt64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(source, buffer.baseAddress, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, size == 0 {
        let code = errno
        _ = close(descriptor)
        throw cannotOpen(path, code)
      }
      if count <= 0 { break }
      guard write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: descriptor) else {
        let code = errno
        _ = close(descriptor)
        throw cannotSpool(path, temporaryDirectory, code)
      }
      size += UInt64(count)
    }
    return FileView(descriptor: descriptor, size: size)
  }

  /// - Returns: its descriptor; negative where it cannot be made, and `errno` says why.
  static func fileWithoutName(in folder: String) -> Int32 {
    var name = Array("\(folder)/proxytrace-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    if descriptor >= 0 { unlink(name) }
    return descriptor
  }

  /// - Returns: whether all was written; if not, `errno` says why.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }

  static var temporaryDirectory: String {
    guard let directory = getenv("TMPDIR"), directory.pointee != 0 else { return "/tmp" }
    return String(cString: directory)
  }

  static func cannotSpool(_ path: String, _ folder: String, _ code: Int32) -> TraceError {
    TraceError(
      .cannotOpen, path: path, "cannot be kept in \(folder): \(String(cString: strerror(code)))",
      advice: "set TMPDIR to a directory with room for it, or name a file")
  }

  private static func cannotOpen(_ path: String, _ code: Int32) -> TraceError {
    let advice =
      switch code {
      case ENOENT, ENOTDIR: "check the name; without one, trace.dat in the current directory is read"
      case EACCES, EPERM: "ask its owner for permission to read it; trace-cmd run by root leaves files of root"
      default: "check the file and the disk it is on"
      }
    return TraceError(.cannotOpen, path: path, "cannot be opened: \(String(cString: strerror(code)))", advice: advice)
  }
}

/// Reads a file at positions. Does not own the descriptor: valid as long as the ``CaptureFile`` it came from.
///
/// There is no memory map: a file that shrinks while it is read would kill the program (SIGBUS), and windows of `pread`
/// are faster than page faults.
struct FileView: Sendable {
  let descriptor: Int32
  /// Size in bytes when the file was opened.
  let size: UInt64

  /// Reads into a buffer as far as there are bytes.
  /// - Returns: How many; fewer than asked for at the file's end, or where the disk fails.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    var done = 0
    while done < buffer.count, let position = off_t(exactly: offset &+ UInt64(done)) {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, position)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  /// The next offset with data: the offset itself, unless it is in a hole of a sparse file, which reads as zeros.
  func dataStart(at offset: UInt64) -> UInt64 {
    guard offset < size, let position = off_t(exactly: offset) else { return offset }
    // SEEK_DATA, which Glibc's module lacks. Positions are given with every read, so that moving the file's own does no
    // harm.
    let next = lseek(descriptor, position, 3)
    if next < 0 { return errno == ENXIO ? size : offset }
    return UInt64(next)
  }

  /// Some bytes of the file, as far as it has them. The allocation is bounded by the file's size.
  func bytes(at offset: UInt64, count: UInt64) -> [UInt8] {
    guard offset < size else { return [] }
    let count = Int(min(count, size - offset))
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
  }
}
