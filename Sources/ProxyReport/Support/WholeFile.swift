import Dispatch
import Glibc

/// A file that is there whole or not at all: written without a name, or where that cannot be under another one beside its own,
/// which it takes when it is complete.
public enum WholeFile {
  /// Writes a file, and replaces one that exists; its mode stays. Where the name leads to a device or a pipe, it is written through.
  /// - Parameters:
  ///   - path: the file.
  ///   - body: writes the contents; where it throws, nothing changes.
  /// - Throws: what `body` throws, or ``OutputError`` where the system cannot write or rename.
  public static func write(
    to path: String, _ body: (ByteSink) throws(OutputError) -> Void
  ) throws(OutputError) {
    var files = WholeFiles()
    try files.write(path, isNamedByUser: true, body)
    try files.takeNames()
  }
}

/// Several files that are there all or not at all: all are complete before the first takes its name.
package struct WholeFiles: ~Copyable {
  private struct File {
    var final: String
    /// The name that it has until it takes its own; `nil` as long as it has none.
    var temporary: String?
    var descriptor: Int32
    /// A device or a pipe: neither can be replaced nor taken back.
    var isWrittenThrough = false
    /// Where the file is large.
    var settling: Settling?
  }

  private var files: [File] = []

  package init() {}

  /// Writes the next file.
  /// - Parameter isNamedByUser: whether the name is the user's, so that its links are followed. Otherwise it is a name in a
  ///   directory of output: a link there is replaced, and nothing outside of the directory is written.
  package mutating func write(
    _ path: String, isNamedByUser: Bool = false, _ body: (ByteSink) throws(OutputError) -> Void
  ) throws(OutputError) {
    try add(path, isNamedByUser: isNamedByUser, needsName: false)
    let sink = ByteSink(descriptor: files[files.count - 1].descriptor, place: path)
    try body(sink)
    try sink.flush()
    let place = files.count - 1
    if !files[place].isWrittenThrough { files[place].settling = Settling(ifLarge: files[place].descriptor) }
  }

  /// Begins a file that something else writes.
  /// - Returns: the name to write it under.
  package mutating func begin(_ path: String) throws(OutputError) -> String {
    try add(path, isNamedByUser: true, needsName: true)
    return files[files.count - 1].temporary ?? path
  }

  /// Gives all files their names, in the order in which they were written.
  package mutating func takeNames() throws(OutputError) {
    // All are written before the first must be on the disk: together that costs hardly more than for one.
    for file in files where !file.isWrittenThrough {
      let code = file.settling?.wait() ?? Settling.settle(file.descriptor)
      guard code == 0 else { throw OutputError.system(code, place: file.final) }
    }
    for place in files.indices {
      if !files[place].isWrittenThrough { try takeName(place) }
      let descriptor = files[place].descriptor
      files[place].descriptor = -1
      guard close(descriptor) == 0 else { throw OutputError.system(errno, place: files[place].final) }
    }
    files = []
  }

  private mutating func takeName(_ place: Int) throws(OutputError) {
    if files[place].temporary == nil { try name(place) }
    let final = files[place].final
    guard let temporary = files[place].temporary, TemporaryNames.ending(temporary, { rename($0, final) }) == 0 else {
      throw OutputError.system(errno, place: final)
    }
    files[place].temporary = nil
  }

  private mutating func add(_ path: String, isNamedByUser: Bool, needsName: Bool) throws(OutputError) {
    let target = try OutputTarget(path, isNamedByUser: isNamedByUser)
    if let descriptor = target.writtenThrough {
      if needsName {
        close(descriptor)
        throw .failed(place: path, problem: "is no regular file", advice: "name a file")
      }
      return files.append(File(final: path, temporary: nil, descriptor: descriptor, isWrittenThrough: true))
    }
    let final = target.path
    Self.removeStale(beside: final)
    if !needsName {
      let descriptor = open(Self.directory(of: final), O_WRONLY | Self.unnamed | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        target.keepMode(of: descriptor)
        return files.append(File(final: final, temporary: nil, descriptor: descriptor))
      }
    }
    let (descriptor, temporary) = try Self.free(beside: final) {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    target.keepMode(of: descriptor)
    files.append(File(final: final, temporary: temporary, descriptor: descriptor))
  }

  /// Gives a file without a name a temporary one: a name that is taken can be taken over by a rename alone.
  private mutating func name(_ place: Int) throws(OutputError) {
    let link = "/proc/self/fd/\(files[place].descriptor)"
    let temporary = try Self.free(beside: files[place].final) {
      linkat(AT_FDCWD, link, AT_FDCWD, $0, AT_SYMLINK_FOLLOW)
    }.path
    files[place].temporary = temporary
  }

  /// A file that has no name and goes with its descriptor, so that a killed run leaves nothing behind: `O_TMPFILE`, which glibc
  /// shows to GNU sources alone (asm-generic/fcntl.h).
  private static let unnamed = 0o20000000 | O_DIRECTORY

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Tries names that nobody has. They begin with a dot: programs that read a folder pass over those.
  private static func free(
    beside final: String, _ make: (String) -> Int32
  ) throws(OutputError) -> (result: Int32, path: String) {
    let (directory, name) = (directory(of: final), final.split(separator: "/").last ?? "")
    // The process id keeps two runs apart; a file that a killed run left behind is passed over.
    for attempt in 0..<100 {
      let path = "\(directory)/.\(name).\(getpid())-\(attempt).part"
      let result = TemporaryNames.making(path, make)
      if result >= 0 { return (result, path) }
      if errno != EEXIST { throw .system(errno, place: final) }
    }
    throw .system(EEXIST, place: final)
  }

  /// Removes what runs that were killed have left beside a file.
  private static func removeStale(beside final: String) {
    let (directory, name) = (directory(of: final), final.split(separator: "/").last ?? "")
    guard let list = opendir(directory) else { return }
    defer { closedir(list) }
    while let entry = readdir(list) {
      let found = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard found.hasPrefix(".\(name)."), found.hasSuffix(".part") else { continue }
      let parts = found.dropFirst(name.count + 2).dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let pid = pid_t(parts[0]), pid > 0, Int(parts[1]) != nil, pid != getpid(),
        kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      unlink("\(directory)/\(found)")
    }
  }

  deinit {
    for file in files {
      _ = file.settling?.wait()
      if file.descriptor >= 0 { close(file.descriptor) }
      guard let temporary = file.temporary else { continue }
      _ = TemporaryNames.ending(temporary) { unlink($0) }
    }
  }
}

/// A large file on its way to the disk, while the next one is made: that can take longer than to make them.
///
/// Unchecked: the thread that fills ``code`` is waited for before anybody reads it.
private final class Settling: @unchecked Sendable {
  /// Smaller ones are soon there.
  private static let largeSize: off_t = 8 << 20

  private let group = DispatchGroup()
  private var code: Int32 = 0

  /// - Returns: `nil` for a small file.
  init?(ifLarge descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size >= Self.largeSize else { return nil }
    DispatchQueue.global().async(group: group) { self.code = Self.settle(descriptor) }
  }

  /// Waits until the file is there. The descriptor must stay open until then.
  /// - Returns: an error's code, or 0.
  func wait() -> Int32 {
    group.wait()
    return code
  }

  /// Waits until a file is on the disk: some file systems report only then that it is full.
  static func settle(_ descriptor: Int32) -> Int32 {
    // EINVAL: a file system that has nothing to sync.
    fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno
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
