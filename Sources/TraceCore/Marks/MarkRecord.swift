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

  /// The task that the callback was called for; not necessarily the one that was current.
  public var pid: Pid
  // A capture may hold as many marks as switches, and each waits in a journal: what most marks lack takes no room of an
  // optional's size.
  private var ownerPid: Pid = -1
  private var queue: UInt64 = 0
  private var cpuNumber: Int16 = -1
  /// Which callback was called.
  public var kind: Kind
  private var said: Said = []

  /// What a mark says, and whether that is so.
  private struct Said: OptionSet, Hashable, Sendable, BitwiseCopyable {
    let rawValue: UInt8

    static let runnability = Said(rawValue: 0x01)
    static let isRunnable = Said(rawValue: 0x02)
    static let blocking = Said(rawValue: 0x04)
    static let isBlocked = Said(rawValue: 0x08)
    static let isMoved = Said(rawValue: 0x10)
    static let queue = Said(rawValue: 0x20)
  }

  /// A mark of its fields.
  public init(_ kind: Kind, pid: Pid, isRunnable: Bool? = nil) {
    self.kind = kind
    self.pid = pid
    self.isRunnable = isRunnable
  }

  /// Of `stopping`: whether the task stays runnable. `nil` where the mark does not say.
  public var isRunnable: Bool? {
    get { said.contains(.runnability) ? said.contains(.isRunnable) : nil }
    set { say(newValue, .runnability, .isRunnable) }
  }

  private mutating func say(_ value: Bool?, _ known: Said, _ isSo: Said) {
    said.subtract([known, isSo])
    if let value { said.formUnion(value ? [known, isSo] : [known]) }
  }

  // MARK: Of enqueue

  /// Whether the scheduler was handed a task that is blocked on a mutex. `nil` where the mark does not say.
  public var isBlocked: Bool? {
    get { said.contains(.blocking) ? said.contains(.isBlocked) : nil }
    set { say(newValue, .blocking, .isBlocked) }
  }

  /// Whether the mark's flags say that the task has just come from another CPU's runqueue.
  public var isMoved: Bool {
    get { said.contains(.isMoved) }
    set { if newValue { said.insert(.isMoved) } else { said.remove(.isMoved) } }
  }

  /// The CPU on whose runqueue the task is (`scx_bpf_task_cpu()`). `nil` where the mark does not say.
  public var cpu: CPU? {
    get { cpuNumber < 0 ? nil : CPU(cpuNumber) }
    set { cpuNumber = newValue.flatMap { Int16(exactly: $0) } ?? -1 }
  }

  /// The owner of the mutex that the task waits for. `nil` where the mark does not say, or says that there is none.
  public var owner: Pid? {
    get { ownerPid < 0 ? nil : ownerPid }
    set { ownerPid = newValue ?? -1 }
  }

  /// The dispatch queue that the scheduler put the task into, 0 and more. `nil` where the mark does not say.
  public var dispatchQueue: UInt64? {
    get { said.contains(.queue) ? queue : nil }
    set {
      queue = newValue ?? 0
      if newValue == nil { said.remove(.queue) } else { said.insert(.queue) }
    }
  }

  /// Takes from the flags of `ops.enqueue()` what they say of a blocked task (`enum scx_enq_flags`, kernel/sched/ext_internal.h).
  /// - Parameter flags: The lower 32 bits are those of `enqueue_task()` (kernel/sched/sched.h).
  public mutating func takeFlags(_ flags: UInt64) {
    // SCX_ENQ_BLOCKED, Linux 7.4; older kernels never set this bit.
    if isBlocked == nil { isBlocked = flags & 1 << 42 != 0 }
    // ENQUEUE_MIGRATED as it is since Linux 6.18, which every kernel with SCX_ENQ_BLOCKED is later than.
    isMoved = isBlocked == true && flags & 0x4_0000 != 0
  }

  /// The CPU whose local queue a dispatch queue's number means (`enum scx_dsq_id_flags`, kernel/sched/ext_internal.h).
  /// - Parameters:
  ///   - queue: As ``dispatchQueue``.
  ///   - home: The CPU on whose runqueue the task is.
  /// - Returns: `nil` where the queue is no CPU's.
  public static func cpu(ofQueue queue: UInt64, home: CPU?) -> CPU? {
    let (isBuiltIn, isLocalOn) = (queue >> 63 != 0, queue >> 62 & 1 != 0)
    if isBuiltIn, isLocalOn { return CPU(exactly: queue & 0xffff_ffff) }
    // SCX_DSQ_LOCAL
    return queue == 1 << 63 | 2 ? home : nil
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
      if kind == .enqueue { takeEnqueue(of: message, from: end) }
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

  /// `blocked=0|1`, `flags=0x…`, `cpu=N`, `owner=N`, `dsq=N` after an enqueue's pid, in any order, each after a blank; numbers
  /// are decimal or `0x…`. Flags without `0x` may be either, and say nothing.
  private mutating func takeEnqueue(of message: UnsafeRawBufferPointer, from start: Int) {
    func value(_ key: StaticString) -> UInt64? {
      guard let found = Self.find(key, in: message, from: start) else { return nil }
      return Self.unsigned(in: message, at: found + key.utf8CodeUnitCount)
    }
    switch value(" blocked=") {
    case 0: isBlocked = false
    case 1: isBlocked = true
    default: break
    }
    if Self.find(" flags=0x", in: message, from: start) != nil, let flags = value(" flags=") { takeFlags(flags) }
    cpu = value(" cpu=").flatMap { CPU(exactly: $0) }
    owner = value(" owner=").flatMap { Pid(exactly: $0) }
    dispatchQueue = value(" dsq=")
  }

  /// A number of a message, decimal or `0x…`; `nil` where none begins there, or where it takes more than 64 bits.
  package static func unsigned(in message: UnsafeRawBufferPointer, at start: Int) -> UInt64? {
    let isHex = matches("0x", message, at: start)
    var (value, place) = (UInt64(0), isHex ? start + 2 : start)
    let first = place
    while place < message.count, let digit = Self.digit(message[place], isHex: isHex) {
      let (scaled, tooLong) = value.multipliedReportingOverflow(by: isHex ? 16 : 10)
      let (sum, tooMuch) = scaled.addingReportingOverflow(digit)
      if tooLong || tooMuch { return nil }
      (value, place) = (sum, place + 1)
    }
    guard place > first else { return nil }
    return place < message.count && message[place].isASCIIAlphanumeric ? nil : value
  }

  private static func digit(_ byte: UInt8, isHex: Bool) -> UInt64? {
    if byte.isASCIIDigit { return UInt64(byte & 0xf) }
    let letter = byte | 0x20
    return isHex && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(letter)
      ? UInt64(letter - UInt8(ascii: "a") + 10) : nil
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
