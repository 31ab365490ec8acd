/// The state in which a task left its CPU, from `sched_switch.prev_state`.
///
/// The bits differ between kernels, so a reader translates them by the event's own print format into the letters that
/// `ps` and `/proc` use (kernel/sched/core.c, `task_state_array`).
public struct TaskState: Hashable, Sendable, BitwiseCopyable {
  /// `R S D T t X Z P I`, or another letter that the traced kernel's print format names; `?` where it names none.
  public var letter: Unicode.Scalar { (0x21..<0x7f).contains(code) ? Unicode.Scalar(code) : "?" }
  /// ASCII code of the letter.
  public var code: UInt8
  /// Preempted while running (`R+`).
  public var isPreempted: Bool

  /// A state by its letter's ASCII code.
  public init(code: UInt8, isPreempted: Bool = false) {
    self.code = code
    self.isPreempted = isPreempted
  }

  /// Runnable (`R`).
  public static let running = TaskState(code: UInt8(ascii: "R"))
  /// Preempted while runnable (`R+`).
  public static let preempted = TaskState(code: UInt8(ascii: "R"), isPreempted: true)
  /// In an interruptible sleep (`S`).
  public static let interruptible = TaskState(code: UInt8(ascii: "S"))
  /// What a mutex waiter shows, although with proxy execution it stays on the runqueue.
  public static let uninterruptible = TaskState(code: UInt8(ascii: "D"))
  /// Dead (`X`).
  public static let dead = TaskState(code: UInt8(ascii: "X"))
  /// A zombie (`Z`).
  public static let zombie = TaskState(code: UInt8(ascii: "Z"))

  /// Whether the task stays on the runqueue.
  public var isRunnable: Bool { code == UInt8(ascii: "R") }
  /// Whether the task has ended.
  public var isDead: Bool { self == .dead || self == .zombie }
}

extension TaskState: CustomStringConvertible {
  /// The letter, with a `+` where preempted: `R+`.
  public var description: String { String(Character(letter)) + (isPreempted ? "+" : "") }
}
