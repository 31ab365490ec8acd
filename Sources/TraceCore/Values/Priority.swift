/// A task's priority as the kernel counts it (`task_struct.prio`): deadline −1, real-time 0–99, fair and sched_ext
/// 100–139. A smaller value is more urgent.
public struct Priority: Hashable, Sendable, BitwiseCopyable {
  /// The kernel's value.
  public var rawValue: Int32

  /// A priority by the kernel's value.
  @inlinable
  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  /// Whether `self` is to run before `other`.
  @inlinable
  public func isMoreUrgent(than other: Priority) -> Bool { rawValue < other.rawValue }
}

extension Priority: CustomStringConvertible {
  /// The kernel's value with its user-space meaning: `prio 139 (nice 19)`, `prio 49 (RT 50)`, `prio -1 (DL)`.
  ///
  /// nice = prio − 120 and rt_priority = 99 − prio (include/linux/sched/prio.h). FIFO and RR share the range and
  /// `sched_switch` does not tell them apart, so both are named RT.
  public var description: String {
    switch rawValue {
    case ..<0: "prio \(rawValue) (DL)"
    case 0..<100: "prio \(rawValue) (RT \(99 - rawValue))"
    case 100..<140: "prio \(rawValue) (nice \(rawValue - 120))"
    default: "prio \(rawValue)"
    }
  }
}
