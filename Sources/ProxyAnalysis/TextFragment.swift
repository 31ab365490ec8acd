public import ProxyModel
public import TraceCore

/// A piece of text for people, typed so that each renderer writes it in its own way: escaped, aligned, linked, in the
/// clock's unit.
public enum TextFragment: Sendable, Hashable {
  /// Words of ours, safe in every medium.
  case plain(String)
  /// Hostile text out of the capture.
  case quote(String)
  /// A task: name, pid, priority.
  case task(TaskLabel)
  case comm(Comm)
  case pid(Pid)
  case priority(Priority)
  case cpu(CPU)
  case lock(LockAddress)
  case instant(Timestamp)
  /// Steps of the trace clock.
  case duration(Int64)
  case count(UInt64)
  /// A part of a whole, as per cent; empty where the whole is 0.
  case share(of: Int64, in: Int64)
  /// Not known.
  case unknown
}

extension TaskLabel {
  /// The task by name and pid alone, for text that has stated its priority already.
  package var withoutPriority: TaskLabel { TaskLabel(index: index, pid: pid, comm: comm, priority: nil) }
}

extension Evidence {
  /// ` (inferred: rule)`; empty for what a probe or an event says.
  public var note: String { rule.map { " (inferred: \($0.rawValue))" } ?? "" }
}

extension TextFragment: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self = .plain(value) }
}
