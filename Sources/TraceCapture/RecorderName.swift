import Glibc

/// What a recorder calls its instance and its group of probes: who it is, so that what is left of a dead one can be known.
public struct RecorderName: Sendable, Hashable {
  static let prefix = "proxytrace_"
  /// Of the second instance, which watches waits.
  static let watchSuffix = "_w"

  var pid: pid_t
  /// When the process began, in clock ticks since boot: with it a pid that is used again is another name.
  var start: UInt64

  /// This process.
  init?() {
    pid = getpid()
    guard let start = Self.start(of: pid) else { return nil }
    self.start = start
  }

  init(pid: pid_t, start: UInt64) {
    self.pid = pid
    self.start = start
  }

  /// From the name of an instance or a group; `nil` where it is none of a recorder.
  public init?(_ text: some StringProtocol) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    var rest = text.dropFirst(Self.prefix.count)
    if rest.hasSuffix(Self.watchSuffix) { rest = rest.dropLast(Self.watchSuffix.count) }
    let parts = rest.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let pid = pid_t(parts[0]), let start = UInt64(parts[1]), pid > 0 else { return nil }
    self.init(pid: pid, start: start)
  }

  /// Name of its instance, and of its group of dynamic events.
  public var text: String { "\(Self.prefix)\(pid)_\(start)" }
  var watchText: String { text + Self.watchSuffix }

  /// Whether that very process still runs.
  var isAlive: Bool { Self.start(of: pid) == start }

  /// Field 22 of `/proc/PID/stat`. The second may hold anything, and ends with the last bracket.
  private static func start(of pid: pid_t) -> UInt64? {
    guard let text = KernelFile.text("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // A zombie has ended.
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }
}
