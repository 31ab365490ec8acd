/// A mark: a sched_ext scheduler says in the trace that one of its callbacks was called for a task.
///
/// The CPU of the record that holds it is where the callback was called, which need not be where the task runs: the
/// kernel changes a running task's attributes from other CPUs, and calls `ops.stopping()` and `ops.running()` there.
public struct MarkRecord: Hashable, Sendable, BitwiseCopyable {
  /// Which callback (kernel/sched/ext.c, `struct sched_ext_ops`).
  public enum Kind: UInt8, Hashable, Sendable, CaseIterable, BitwiseCopyable {
    /// `ops.running()`: the task is about to run.
    case running
    /// `ops.stopping()`: the task is about to stop running.
    case stopping
    /// `ops.enqueue()`: the task is handed to the scheduler.
    case enqueue

    /// The word that marks and reports use.
    public var name: String {
      switch self {
      case .running: "running"
      case .stopping: "stopping"
      case .enqueue: "enqueue"
      }
    }
  }

  /// Which callback was called.
  public var kind: Kind
  /// The task that the callback was called for; not necessarily the one that was current.
  public var pid: Pid
  /// Of `stopping`: whether the task stays runnable. `nil` where the mark does not say.
  public var isRunnable: Bool?

  /// A mark of its fields.
  @inlinable
  public init(_ kind: Kind, pid: Pid, isRunnable: Bool? = nil) {
    self.kind = kind
    self.pid = pid
    self.isRunnable = isRunnable
  }
}

extension MarkRecord {
  /// Reads a mark out of a message such as `running pid=61` or `my_sched: stopping pid=61 runnable=0`.
  ///
  /// One of the words `running`, `stopping`, `enqueue`, blanks, `pid=` and a decimal number that fits a pid. Anything
  /// may come before and after, but the word must not be the end of a longer one. `runnable=0` or `runnable=1` may
  /// follow. Allocates nothing: a capture may hold as many marks as switches.
  /// - Returns: `nil` where the message is none.
  package init?(message: UnsafeRawBufferPointer) {
    var position = 0
    while let equals = Self.find("pid=", in: message, from: position) {
      position = equals + 4
      guard let kind = Self.word(before: equals, in: message) else { continue }
      guard let (pid, end) = Self.number(at: position, in: message) else { continue }
      self.init(kind, pid: pid, isRunnable: kind == .stopping ? Self.runnable(in: message, from: end) : nil)
      return
    }
    return nil
  }

  /// The first place of a text; messages end at their first NUL.
  private static func find(_ text: StaticString, in message: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let count = text.utf8CodeUnitCount
    var position = start
    while position + count <= message.count {
      if message[position] == 0 { return nil }
      if matches(text, message, at: position) { return position }
      position += 1
    }
    return nil
  }

  private static func matches(_ text: StaticString, _ message: UnsafeRawBufferPointer, at position: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position >= 0, position + count <= message.count else { return false }
    for index in 0..<count where message[position + index] != text.utf8Start[index] { return false }
    return true
  }

  /// The callback whose name ends before a position, with blanks in between.
  private static func word(before end: Int, in message: UnsafeRawBufferPointer) -> Kind? {
    var end = end
    let limit = end
    while end > 0, message[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard end < limit else { return nil }
    for (word, kind) in words {
      let start = end - word.utf8CodeUnitCount
      guard matches(word, message, at: start) else { continue }
      return start == 0 || !message[start - 1].isASCIIAlphanumeric ? kind : nil
    }
    return nil
  }

  private static let words: [(StaticString, Kind)] = [
    ("running", .running), ("stopping", .stopping), ("enqueue", .enqueue),
  ]

  /// A decimal number of at most ten digits that a pid can hold, and where it ends.
  private static func number(at start: Int, in message: UnsafeRawBufferPointer) -> (pid: Pid, end: Int)? {
    var value: Int64 = 0
    var end = start
    while end < message.count, message[end].isASCIIDigit, end - start < 11 {
      value = value * 10 + Int64(message[end] & 0xf)
      end += 1
    }
    guard end > start, let pid = Pid(exactly: value) else { return nil }
    return end < message.count && message[end].isASCIIAlphanumeric ? nil : (pid, end)
  }

  private static func runnable(in message: UnsafeRawBufferPointer, from start: Int) -> Bool? {
    guard let found = find("runnable=", in: message, from: start), found + 9 < message.count else { return nil }
    switch message[found + 9] {
    case UInt8(ascii: "0"): return false
    case UInt8(ascii: "1"): return true
    default: return nil
    }
  }
}
