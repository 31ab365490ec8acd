/// How marks of sched_ext callbacks are recognised in messages.
public struct MarkPattern: Sendable {
  /// What is wrong with a user's pattern.
  public struct Problem: Error, Sendable, Hashable {
    /// What is wrong, as a clause.
    public var text: String
  }

  /// `nil`: the default.
  private let pattern: BytePattern?
  private var groups = Groups()

  /// Places of the named groups in the pattern; −1 where it has none.
  private struct Groups: Sendable {
    var pid = -1
    var mark = -1
    var kinds = (running: -1, stopping: -1, enqueue: -1)
    var runnable = -1
    var enqueue = (blocked: -1, flags: -1, cpu: -1, owner: -1, dsq: -1)
  }

  private static let known = [
    "pid", "mark", "running", "stopping", "enqueue", "runnable", "blocked", "flags", "cpu", "owner", "dsq",
  ]

  /// `running pid=N`, `stopping pid=N runnable=0|1`, `enqueue pid=N blocked=0|1 flags=N cpu=N owner=N dsq=N`, with anything
  /// around them; all but the pid may be absent.
  public static let standard = MarkPattern()

  private init() { pattern = nil }

  /// A regular expression with a group `pid`, and either a group `mark` that holds `running…`, `stopping…` or
  /// `enqueue…` (the first three letters decide), or groups `running`, `stopping`, `enqueue`, of which the one that
  /// takes part decides. Groups `runnable` and `blocked` may hold `0` or `1`; `flags`, `cpu`, `owner` and `dsq` a number,
  /// decimal or `0x…`. docs/sched-ext.md has examples.
  /// - Throws: ``Problem`` where it is no regular expression, or lacks a group.
  public init(_ text: String) throws(Problem) {
    let pattern: BytePattern
    do throws(BytePattern.Problem) {
      pattern = try BytePattern(text)
    } catch {
      throw Problem(text: "\(error.text) (at byte \(error.position + 1))")
    }
    func place(_ name: String) -> Int { pattern.names.firstIndex(of: name) ?? -1 }
    self.pattern = pattern
    groups.pid = place("pid")
    groups.mark = place("mark")
    groups.kinds = (place("running"), place("stopping"), place("enqueue"))
    groups.runnable = place("runnable")
    groups.enqueue = (place("blocked"), place("flags"), place("cpu"), place("owner"), place("dsq"))
    if let other = pattern.names.first(where: { !Self.known.contains($0) }) {
      throw Problem(text: "there is no use for a group \(other); there is for \(Self.known.joined(separator: ", "))")
    }
    guard groups.pid >= 0 else { throw Problem(text: "it has no group (?<pid>…)") }
    guard groups.mark >= 0 || max(groups.kinds.running, groups.kinds.stopping, groups.kinds.enqueue) >= 0 else {
      throw Problem(text: "it has no group (?<mark>…), nor (?<running>…), (?<stopping>…) or (?<enqueue>…)")
    }
  }

  /// The mark in a message; messages end at their first NUL.
  public func mark(in message: UnsafeRawBufferPointer) -> MarkRecord? {
    guard let pattern else { return MarkRecord(message: message) }
    let end = message.firstIndex(of: 0) ?? message.count
    let text = UnsafeRawBufferPointer(rebasing: message[..<end])
    guard let found = pattern.match(text), let pid = found[groups.pid].flatMap({ number(text[$0]) }) else { return nil }
    guard let kind = kind(found, text) else { return nil }
    let runnable = groups.runnable >= 0 && kind == .stopping ? found[groups.runnable] : nil
    var mark = MarkRecord(kind, pid: pid, isRunnable: runnable.flatMap { truth(text[$0]) })
    if kind == .enqueue { takeEnqueue(found, text, into: &mark) }
    return mark
  }

  private func takeEnqueue(_ found: [Range<Int>?], _ text: UnsafeRawBufferPointer, into mark: inout MarkRecord) {
    func range(_ group: Int) -> Range<Int>? { group >= 0 ? found[group] : nil }
    func value(_ group: Int) -> UInt64? {
      range(group).flatMap { MarkRecord.unsigned(in: UnsafeRawBufferPointer(rebasing: text[$0]), at: 0) }
    }
    mark.isBlocked = range(groups.enqueue.blocked).flatMap { truth(text[$0]) }
    if let flags = value(groups.enqueue.flags) { mark.takeFlags(flags) }
    mark.cpu = value(groups.enqueue.cpu).flatMap { CPU(exactly: $0) }
    mark.owner = value(groups.enqueue.owner).flatMap { Pid(exactly: $0) }
    mark.dispatchQueue = value(groups.enqueue.dsq)
  }

  private func kind(_ found: [Range<Int>?], _ text: UnsafeRawBufferPointer) -> MarkRecord.Kind? {
    if groups.mark >= 0, let range = found[groups.mark] {
      return MarkRecord.Kind.allCases.first { text[range].starts(with: $0.name.utf8.prefix(3)) }
    }
    let (running, stopping, enqueue) = groups.kinds
    if running >= 0, found[running] != nil { return .running }
    if stopping >= 0, found[stopping] != nil { return .stopping }
    if enqueue >= 0, found[enqueue] != nil { return .enqueue }
    return nil
  }

  private func number(_ digits: some Collection<UInt8>) -> Pid? {
    guard (1...10).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else { return nil }
    return Pid(exactly: digits.reduce(Int64(0)) { $0 * 10 + Int64($1 & 0xf) })
  }

  private func truth(_ text: some Collection<UInt8>) -> Bool? {
    if text.elementsEqual("0".utf8) { return false }
    return text.elementsEqual("1".utf8) ? true : nil
  }
}
