import Glibc
import TraceCore

/// Where output goes that has a name: a file that is to be replaced, or something that must be written through, because it is
/// neither to be replaced nor can be taken back.
struct OutputTarget {
  /// The file that takes the output; where the user's name is a symbolic link, what that leads to.
  private(set) var path: String
  /// An open device or pipe instead, which belongs to the caller.
  private(set) var writtenThrough: Int32?
  private var mode: mode_t?

  /// - Parameter isNamedByUser: whether links are followed. Otherwise a link is replaced itself.
  init(_ path: String, isNamedByUser: Bool) throws(OutputError) {
    self.path = isNamedByUser ? try Self.followLinks(path) : path
    if isNamedByUser, let descriptor = Self.ownDescriptor(self.path) {
      writtenThrough = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
      guard writtenThrough ?? -1 >= 0 else { throw .system(errno, place: path) }
      return
    }
    var status = stat()
    if lstat(self.path, &status) != 0 { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG: mode = status.st_mode & 0o777
    case S_IFDIR: throw .system(EISDIR, place: path)
    case S_IFLNK where !isNamedByUser: return
    default:
      if !isNamedByUser {
        throw .failed(
          place: path, problem: "is there already and is no file", advice: "remove it, or name another directory")
      }
      let descriptor = open(self.path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
      guard descriptor >= 0 else { throw .system(errno, place: path) }
      writtenThrough = descriptor
    }
  }

  /// Where a name's links lead to: a file that need not be there yet, a descriptor of this process, or a link of procfs, whose
  /// text is no name (that of a removed file ends in ` (deleted)`): it can be opened alone.
  private static func followLinks(_ path: String) throws(OutputError) -> String {
    var path = path
    // As many as the kernel follows (include/linux/namei.h, MAXSYMLINKS).
    for _ in 0..<40 {
      var status = stat()
      guard ownDescriptor(path) == nil, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
        !path.hasPrefix("/proc/")
      else { return path }
      var text = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(path, &text, text.count - 1)
      guard count > 0 else { throw .system(errno, place: path) }
      let target = String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if target.hasPrefix("/") {
        path = target
      } else if let slash = path.lastIndex(of: "/") {
        path = path[...slash] + target
      } else {
        path = target
      }
    }
    throw .system(ELOOP, place: path)
  }

  /// The file keeps the mode of the one that it replaces.
  func keepMode(of descriptor: Int32) {
    if let mode { fchmod(descriptor, mode) }
  }

  /// A descriptor of this process that a path names: opening that anew would begin at the file's beginning.
  private static func ownDescriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default: break
    }
    for prefix in ["/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/", "/proc/\(getpid())/fd/"]
    where path.hasPrefix(prefix) {
      return Int32(path.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
  }
}

/// Names of unfinished files, so that a signal that ends the program removes them.
enum TemporaryNames {
  private static var limit: Int { 64 }
  /// Written while ``EndingSignals`` are blocked, and read by their handler.
  nonisolated(unsafe) private static let names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = {
    let names = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: limit)
    names.initialize(repeating: nil, count: limit)
    return names
  }()
  /// The handlers, which need ``names``: those must be there before. A handler that waits for what it has interrupted never ends.
  private static let handlers: Void = {
    _ = names
    for number in EndingSignals.numbers { handle(number) }
  }()

  /// Makes a file under a temporary name; no signal comes between the file and what is known of it.
  /// - Returns: what `make` returns: a negative number where it has made none.
  static func making(_ path: String, _ make: (String) -> Int32) -> Int32 {
    withSignalsBlocked {
      let result = make(path)
      if result < 0 { return result }
      if let free = (0..<limit).first(where: { names[$0] == nil }) { names[free] = strdup(path) }
      return result
    }
  }

  /// Removes a name or gives the file another one: it is not temporary any more.
  static func ending(_ path: String, _ end: (String) -> Int32) -> Int32 {
    withSignalsBlocked {
      let result = end(path)
      if result < 0 { return result }
      for place in 0..<limit {
        guard let name = names[place], strcmp(name, path) == 0 else { continue }
        names[place] = nil
        free(name)
        break
      }
      return result
    }
  }

  /// Output is made on one thread, and the program's others leave these signals to it.
  private static func withSignalsBlocked(_ body: () -> Int32) -> Int32 {
    handlers
    return EndingSignals.blocked(body)
  }

  /// Takes a signal that nobody else handles, and that is not ignored (nohup).
  private static func handle(_ number: Int32) {
    var old = sigaction()
    guard sigaction(number, nil, &old) == 0, old.__sigaction_handler.sa_handler == nil else { return }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      for place in 0..<TemporaryNames.limit {
        if let name = TemporaryNames.names[place] { unlink(name) }
      }
      // The program ends as the signal ends programs.
      signal(number, SIG_DFL)
      raise(number)
    }
    sigaction(number, &action, nil)
  }
}
