/// A record of the kernel's `sched_ext` events (include/trace/events/sched_ext.h).
public struct SchedExtRecord: Hashable, Sendable, BitwiseCopyable {
  /// Which of the events it is.
  public enum Kind: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// `sched_ext_event`: a counter of the scheduler in charge grows by `value`.
    case counter
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
