/// A record of the kernel's `sched_ext` events (include/trace/events/sched_ext.h).
public struct SchedExtRecord: Hashable, Sendable, BitwiseCopyable {
  /// Which of the events it is.
  public enum Kind: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// `sched_ext_event`: a counter of the scheduler in charge grows by `value`.
    case counter
    /// A line of `sched_ext_dump` says that a task of that name, whose pid is `value`, was runnable and did not run
    /// (`check_rq_for_timeouts()`, kernel/sched/ext.c).
    case stalled
    /// `sched_ext_exit`: the scheduler of that name is unloaded; `value` says why (`enum scx_exit_kind`).
    case exit
  }

  /// Which of the events it is.
  public var kind: Kind
  /// The counter's name without `SCX_EV_`, or the scheduler's name.
  public var name: ShortName
  /// By how much a counter grows, or why a scheduler is unloaded.
  public var value: Int64

  /// A record of its fields.
  @inlinable
  public init(_ kind: Kind, name: ShortName, value: Int64) {
    self.kind = kind
    self.name = name
    self.value = value
  }
}

extension SchedExtRecord {
  /// What a line of `sched_ext_dump` says of a stalled task: `NAME[PID] failed to run for 5.012s`, in parentheses after a reason.
  /// - Returns: `nil` for every other line.
  public init?(dump line: UnsafeRawBufferPointer) {
    let line = line.prefix { $0 != 0 }
    let tail = Array("] failed to run for ".utf8)
    guard line.count > tail.count,
      let end = line.indices.first(where: { line[$0] == tail[0] && line[$0...].starts(with: tail) })
    else { return nil }
    // A name may hold anything, brackets as well.
    guard let bracket = line[..<end].lastIndex(of: UInt8(ascii: "[")), let pid = Self.pid(line[(bracket + 1)..<end])
    else {
      return nil
    }
    let head = line[..<bracket]
    let begin = head.firstIndex(of: UInt8(ascii: "(")).map { $0 + 1 } ?? head.startIndex
    self.init(.stalled, name: ShortName(head[begin...].drop { $0 == UInt8(ascii: " ") }), value: Int64(pid))
  }

  private static func pid(_ digits: some Collection<UInt8>) -> Pid? {
    guard (1...10).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { return nil }
    return Pid(exactly: digits.reduce(Int64(0)) { $0 * 10 + Int64($1 & 0xf) })
  }
}

/// The first 32 bytes of a name, up to its first NUL, held inline. Hostile text, like every name in a capture.
public struct ShortName: Hashable, Sendable, BitwiseCopyable {
  private var head: Comm
  private var tail: Comm

  /// The prefix of all counters' names, left out because 32 bytes are few.
  private static let counterPrefix = Array("SCX_EV_".utf8)

  /// The first 32 bytes of a name, up to its first NUL.
  public init(_ bytes: some Collection<UInt8>) {
    let bytes = bytes.prefix { $0 != 0 }
    (head, tail) = (Comm(bytes), Comm(bytes.dropFirst(16)))
  }

  /// The name of a counter, without the `SCX_EV_` that they have in common.
  public init(counter bytes: some Collection<UInt8>) {
    self.init(bytes.starts(with: Self.counterPrefix) ? bytes.dropFirst(Self.counterPrefix.count) : bytes.dropFirst(0))
  }

  /// The first 32 bytes of a text.
  public init(_ text: String) { self.init(text.utf8) }

  /// Bytes that are no UTF-8 become U+FFFD. Control characters stay: escape before printing.
  public var text: String { String(decoding: head.bytes + tail.bytes, as: UTF8.self) }
}
