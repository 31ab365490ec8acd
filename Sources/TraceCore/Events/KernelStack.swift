/// The kernel's stack when an event was recorded (`trace-cmd record -T`, the trigger `stacktrace`, `perf record -g`), innermost
/// function first.
public struct KernelStack: Sendable, Hashable {
  /// The kernel records no more (kernel/trace/trace.c, `FTRACE_KSTACK_ENTRIES`); a text may print more.
  public static let mostFrames = 512

  /// Functions by their names, with offset and module where they are known; an address where no name is. Hostile text.
  public private(set) var frames: [String]

  /// A stack of its frames.
  public init(_ frames: [String]) { self.frames = Array(frames.prefix(Self.mostFrames)) }
}
