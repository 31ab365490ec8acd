public import ProxyModel
public import TraceCore

/// A piece of text for people. Its type lets each renderer write it in its own way: escaped, aligned, in the clock's unit.
public enum TextFragment: Sendable, Hashable {
  /// Words of the program, safe in every format.
  case plain(String)
  /// Text of the capture: hostile.
  case quote(String)
  /// A task by name, pid and priority.
  case task(TaskLabel)
  /// A task's name: hostile.
  case comm(Comm)
  /// A task's pid.
  case pid(Pid)
  /// A kernel priority.
  case priority(Priority)
  /// The kernel's number of a CPU.
  case cpu(CPU)
  /// A lock, by its symbol or its address.
  case lock(LockAddress)
  /// An instant on the trace clock.
  case instant(Timestamp)
  /// A duration in steps of the trace clock.
  case duration(Int64)
  /// How many.
  case count(UInt64)
  /// A part of a whole, to be written as per cent; empty for a whole of 0.
  case share(of: Int64, in: Int64)
  /// Not known.
  case unknown
}

extension TaskLabel {
  /// The task by name and pid alone, for text that has stated its priority already.
  package var withoutPriority: TaskLabel { TaskLabel(index: index, pid: pid, comm: comm, priority: nil) }
}

extension Evidence {
  /// ` (inferred: rule)` for a conclusion of a rule; empty for all other evidence.
  public var note: String { rule.map { " (inferred: \($0.rawValue))" } ?? "" }
}

extension TextFragment: ExpressibleByStringLiteral {
  /// Words of the program.
  public init(stringLiteral value: String) { self = .plain(value) }
}
