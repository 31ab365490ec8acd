/// A CPU's number as the kernel gives it. The numbers of a capture may have holes: trace-cmd leaves CPUs without data
/// out.
public typealias CPU = Int32

/// A thread's id in the traced kernel's initial pid namespace. 0 is the idle task of every CPU.
public typealias Pid = Int32

/// A thread over its life: a pid that the kernel hands out again names another task.
///
/// Lives count from 1 in the order in which the trace shows them; a task that existed before the trace has life 1.
public struct TaskID: Hashable, Sendable, BitwiseCopyable {
  /// The thread's id.
  public var pid: Pid
  /// Which of the threads with that id it is, from 1.
  public var life: UInt32

  /// A thread by its id and life.
  public init(pid: Pid, life: UInt32) {
    self.pid = pid
    self.life = life
  }
}

/// The address of a lock in the traced kernel, as `lock:contention_begin` gives it.
///
/// On kernels that hash pointers for user space this is still the real address: ftrace's binary records are not hashed.
public struct LockAddress: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The address; of the kernel's own text, a hash of it.
  public var rawValue: UInt64

  /// A lock by its address.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether `a` is the smaller address.
  public static func < (a: LockAddress, b: LockAddress) -> Bool { a.rawValue < b.rawValue }
}

extension LockAddress: CustomStringConvertible {
  /// `0x` and the address in hexadecimal without leading zeros, as `trace-cmd report` prints it.
  public var description: String { "0x" + String(rawValue, radix: 16) }
}
