import CLinux
import Glibc

/// The process that removes what a recorder has put into tracefs, however the recorder ends.
///
/// It is this program again, in a session of its own, and does nothing but read from a pipe whose other end the recorder alone
/// holds. The kernel closes that end when the recorder is gone, also after SIGKILL; the read then returns, and the helper
/// removes the instance and the probes. It is the only one that removes them in ordinary runs too, so that this way is always
/// tested.
public struct Restorer: ~Copyable {
  /// The hidden command of the program that runs ``helperMain(_:)``.
  public static let command = "__restore"

  private let pid: pid_t
  private let pipe: Int32
  private let removal: Removal
  private var part: String

  /// Starts the helper. Nothing may have been put into tracefs before.
  /// - Parameters:
  ///   - program: The program that has the hidden command.
  ///   - part: An unfinished file that goes with a recorder that is killed.
  init(program: String, _ removal: Removal, part: String) throws(CaptureError) {
    self.removal = removal
    self.part = part
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .kernel(errno, "the helper's pipe", "made") }
    defer { close(ends[0]) }
    let arguments = [
      "proxytrace", Self.command, removal.tracefs, removal.name.text, part,
    ]
    do throws(CaptureError) {
      pid = try ChildProcess.spawn(program, arguments, input: ends[0], output: .null, isHelper: true)
    } catch {
      close(ends[1])
      throw error
    }
    pipe = ends[1]
  }

  /// Lets the helper remove everything, and waits until it has.
  /// - Returns: What could not be removed.
  consuming func finish() -> [String] {
    close(pipe)
    let status = ChildProcess.wait(pid)
    // Somebody may have killed it.
    return status == 0 ? [] : removal.run()
  }

  /// What the helper does: its arguments are the tracefs, the recorder's name and the unfinished file.
  /// - Returns: Its exit status.
  public static func helperMain(_ arguments: [String]) -> Int32 {
    guard arguments.count == 3, let name = RecorderName(arguments[1]) else { return 64 }
    // Not the first to go where memory is short; needs a right that it may not have.
    _ = KernelFile.write("-1000", to: "/proc/self/oom_score_adj")
    var byte: UInt8 = 0
    while true {
      let count = read(STDIN_FILENO, &byte, 1)
      if count == 0 || count < 0 && errno != EINTR { break }
    }
    // A recorder that ended well has renamed it.
    if !arguments[2].isEmpty { unlink(arguments[2]) }
    return Removal(tracefs: arguments[0], name: name).run().isEmpty ? 0 : 1
  }
}

/// Other programs.
enum ChildProcess {
  enum Output {
    case null, inherited
  }

  /// Starts a program with no descriptor of ours but standard input, output and error.
  /// - Parameter isHelper: In a session of its own, with every signal blocked that can be.
  static func spawn(
    _ program: String, _ arguments: [String], input: Int32? = nil, output: Output, environment: [String]? = nil,
    isHelper: Bool = false
  ) throws(CaptureError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    if let input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
    if output == .null {
      for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
      }
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    if isHelper { posix_spawn_file_actions_addchdir_np(&actions, "/") }
    var (mask, defaults) = (sigset_t(), sigset_t())
    if isHelper { sigfillset(&mask) } else { sigemptyset(&mask) }
    sigfillset(&defaults)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    let session = isHelper ? Int32(PROXYTRACE_SPAWN_SETSID) : 0
    let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | session
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var pid = pid_t()
    let code = withStrings(arguments) { list in
      guard let environment else { return posix_spawn(&pid, program, &actions, &attributes, list, environ) }
      return withStrings(environment) { posix_spawn(&pid, program, &actions, &attributes, list, $0) }
    }
    guard code == 0 else {
      throw CaptureError(
        program, "cannot be run: \(systemText(code))", advice: "name a program that can be", code: code)
    }
    return pid
  }

  /// Waits for its end.
  /// - Returns: The exit status; negative = killed by that signal.
  @discardableResult
  static func wait(_ pid: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      if errno != EINTR { return -1 }
    }
    return decode(status)
  }

  static func decode(_ status: Int32) -> Int32 { status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f) }

  /// The environment with further variables.
  static func environment(adding more: [String]) -> [String] {
    var all: [String] = []
    var next = environ
    while let entry = next.pointee {
      all.append(String(cString: entry))
      next += 1
    }
    return all + more
  }

  /// The program that a command names, looked for as a shell does; `nil` where there is none.
  static func find(_ command: String) -> String? {
    guard !command.contains("/") else {
      return access(command, X_OK) == 0 && !KernelFile.isFolder(command) ? command : nil
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
      let candidate = (folder.isEmpty ? "." : String(folder)) + "/" + command
      if access(candidate, X_OK) == 0, !KernelFile.isFolder(candidate) { return candidate }
    }
    return nil
  }

  private static func withStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var list: [UnsafeMutablePointer<CChar>?] = []
    for text in texts { list.append(strdup(text)) }
    list.append(nil)
    defer { for text in list { free(text) } }
    return list.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { fatalError("a list has no memory") }
      return body(base)
    }
  }
}
