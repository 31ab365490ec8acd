import Glibc

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
    self.path = path
    if isNamedByUser, let descriptor = Self.ownDescriptor(path) {
      writtenThrough = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
      guard writtenThrough ?? -1 >= 0 else { throw .system(errno, place: path) }
      return
    }
    var status = stat()
    if lstat(path, &status) != 0 { return }
    if status.st_mode & S_IFMT == S_IFLNK {
      if !isNamedByUser { return }
      // One that leads nowhere is replaced: a file there could be made anywhere.
      guard stat(path, &status) == 0, let real = realpath(path, nil) else { return }
      self.path = String(cString: real)
      free(real)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: mode = status.st_mode & 0o777
    case S_IFDIR: throw .system(EISDIR, place: path)
    default:
      if !isNamedByUser {
        throw .failed(
          place: path, problem: "is there already and is no file", advice: "remove it, or name another directory")
      }
      let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
      guard descriptor >= 0 else { throw .system(errno, place: path) }
      writtenThrough = descriptor
    }
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
    for prefix in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(prefix) {
      return Int32(path.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
  }
}

/// Names of unfinished files, so that a signal that ends the program removes them.
enum TemporaryNames {
  private static let limit = 64
  /// Written with a lock held by nobody: output is made on one thread, and the handler reads whole words alone.
  nonisolated(unsafe) private static let names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = {
    let names = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: limit)
    names.initialize(repeating: nil, count: limit)
    for signal in [SIGINT, SIGTERM, SIGHUP] { handle(signal) }
    return names
  }()

  static func remember(_ path: String) {
    for place in 0..<limit where names[place] == nil {
      names[place] = strdup(path)
      return
    }
  }

  static func forget(_ path: String) {
    for place in 0..<limit {
      guard let name = names[place], strcmp(name, path) == 0 else { continue }
      names[place] = nil
      free(name)
      return
    }
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
