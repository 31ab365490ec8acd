import TraceCore

/// Reads the fields of an event from a line: as the kernel prints them, as trace-cmd's scheduler plugin does, and raw
/// (`-R`).
///
/// A task's name may hold whatever separates fields. It has at most 15 bytes, so its end is searched for no farther,
/// and a place is its end only if everything follows that must follow.
struct PrintedLine {
  private var scanner: TextScanner

  @inline(__always)
  init(_ line: TextScanner) { scanner = line }

  /// The longest name of a task, in bytes.
  private static let longestComm = 15

  // MARK: The scheduler

  mutating func switched() -> SwitchRecord? {
    if scanner.has("prev_comm=") { return switchedByFields() }
    let start = scanner.position
    for place in candidates(UInt8(ascii: ":"), from: start) {
      scanner.position = place &+ 1
      guard let (pid, priority) = shortTask(), scanner.skip(" "), let state = state(), scanner.skip(" ==> ") else {
        continue
      }
      let previous = TaskSnapshot(pid: pid, priority: priority, comm: scanner.comm(start, place))
      if let next = shortNext() { return SwitchRecord(previous: previous, previousState: state, next: next) }
    }
    return nil
  }

  /// `prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120`, raw without the
  /// arrow.
  @inline(__always)
  private mutating func switchedByFields() -> SwitchRecord? {
    let start = scanner.position &+ 10
    for place in candidates(UInt8(ascii: " "), from: start) {
      scanner.position = place
      guard scanner.skip(" prev_pid="), let pid = scanner.signed(), scanner.skip(" prev_prio="),
        let priority = scanner.signed(), scanner.skip(" prev_state="), let state = state()
      else { continue }
      guard scanner.skip(" ==> next_comm=") || scanner.skip(" next_comm=") else { continue }
      let previous = TaskSnapshot(pid: pid, priority: Priority(priority), comm: scanner.comm(start, place))
      if let next = nextByFields() { return SwitchRecord(previous: previous, previousState: state, next: next) }
    }
    return nil
  }

  /// `b next_pid=2 next_prio=120`.
  @inline(__always)
  private mutating func nextByFields() -> TaskSnapshot? {
    let start = scanner.position
    for allowsMore in [false, true] {
      for place in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = place
        guard scanner.skip(" next_pid="), let pid = scanner.signed(), scanner.skip(" next_prio="),
          let priority = scanner.signed(), isLast || allowsMore && isBreak
        else { continue }
        return TaskSnapshot(pid: pid, priority: Priority(priority), comm: scanner.comm(start, place))
      }
    }
    return nil
  }

  /// `b:2 [120]`.
  @inline(__always)
  private mutating func shortNext() -> TaskSnapshot? {
    let start = scanner.position
    for allowsMore in [false, true] {
      for place in candidates(UInt8(ascii: ":"), from: start) {
        scanner.position = place &+ 1
        if let (pid, priority) = shortTask(), isLast || allowsMore && isBreak {
          return TaskSnapshot(pid: pid, priority: priority, comm: scanner.comm(start, place))
        }
      }
    }
    return nil
  }

  /// `2 [120]`.
  @inline(__always)
  private mutating func shortTask() -> (Pid, Priority)? {
    guard let pid = scanner.signed(), scanner.skip(" ["), let priority = scanner.signed(), scanner.skip("]") else {
      return nil
    }
    return (pid, Priority(priority))
  }

  /// `S`, `R+`, `D|K`, or a number.
  @inline(__always)
  private mutating func state() -> TaskState? {
    let first = scanner.byte()
    if first.isASCIIDigit { return scanner.number().map { StateLetters.recent.state($0) } }
    let word = scanner.word()
    guard let last = word.last else { return nil }
    let code = (0x21..<0x7f).contains(first) ? first : UInt8(ascii: "?")
    return TaskState(code: code, isPreempted: word.count > 1 && last == UInt8(ascii: "+"))
  }

  /// `comm=a pid=1 prio=120 target_cpu=000`, with `success=1` on old kernels, or `a:1 [120] CPU:000`.
  mutating func woken() -> WakeRecord? {
    let start = scanner.position
    if let task = task() {
      _ = scanner.skip(" success=1") || scanner.skip(" success=0")
      guard scanner.skip(" target_cpu="), let cpu = scanner.signed() else { return nil }
      return WakeRecord(task: task, targetCPU: cpu)
    }
    for place in candidates(UInt8(ascii: ":"), from: start) {
      scanner.position = place &+ 1
      guard let (pid, priority) = shortTask() else { continue }
      // Old plugins, of kernels that no longer have the field.
      _ = scanner.skip("<CANT FIND FIELD success>")
      while scanner.skip(" "), !scanner.has("CPU:") { _ = scanner.word() }
      guard scanner.skip("CPU:"), let cpu = scanner.signed() else { continue }
      return WakeRecord(
        task: TaskSnapshot(pid: pid, priority: priority, comm: scanner.comm(start, place)), targetCPU: cpu)
    }
    return nil
  }

  /// `comm=a pid=1 prio=120`. A name can hold as much as ` pid=5 prio=1`, so the last place that fits is its end.
  @inline(__always)
  private mutating func task() -> TaskSnapshot? {
    guard scanner.skip("comm=") else { return nil }
    let start = scanner.position
    var (found, end): (TaskSnapshot?, Int) = (nil, start)
    for place in candidates(UInt8(ascii: " "), from: start) {
      scanner.position = place
      guard scanner.skip(" pid="), let pid = scanner.signed(), scanner.skip(" prio="), let priority = scanner.signed(),
        isBreak
      else { continue }
      found = TaskSnapshot(pid: pid, priority: Priority(priority), comm: scanner.comm(start, place))
      end = scanner.position
    }
    scanner.position = end
    return found
  }

  // MARK: Locks

  /// `0xffff… (flags=SPIN|MUTEX)`, raw `lock_addr=0xffff… flags=33`.
  mutating func contentionBegan() -> (lock: LockAddress, flags: ContentionFlags)? {
    guard let lock = lock(), scanner.skip(" (flags=") || scanner.skip(" flags=") else { return nil }
    if scanner.byte().isASCIIDigit {
      guard let flags = scanner.number() else { return nil }
      return (lock, ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags)))
    }
    // `__print_flags()` prints nothing for 0: a semaphore's wait (kernel/locking/semaphore.c).
    if scanner.byte() == UInt8(ascii: ")") { return (lock, []) }
    var flags: ContentionFlags = []
    repeat {
      guard let flag = flag() ?? unknownFlag() else { return nil }
      flags.formUnion(flag)
    } while scanner.skip(UInt8(ascii: "|"))
    return (lock, flags)
  }

  /// A bit that has no name, as a number, or a name that a later kernel has given it: none of those that kinds are told by.
  @inline(never)
  private mutating func unknownFlag() -> ContentionFlags? {
    let start = scanner.position
    if scanner.has("0x") {
      return scanner.hexadecimal().map { ContentionFlags(rawValue: UInt32(truncatingIfNeeded: $0)) }
    }
    while !scanner.isAtEnd, scanner.byte() != UInt8(ascii: "|"), scanner.byte() != UInt8(ascii: ")"),
      scanner.byte() > 0x20
    {
      scanner.position &+= 1
    }
    return scanner.position > start && !scanner.isAtEnd ? [] : nil
  }

  private mutating func flag() -> ContentionFlags? {
    if scanner.skip("SPIN") { return .spin }
    if scanner.skip("MUTEX") { return .mutex }
    if scanner.skip("READ") { return .read }
    if scanner.skip("WRITE") { return .write }
    if scanner.skip("RT") { return .rt }
    if scanner.skip("PERCPU") { return .percpu }
    return nil
  }

  /// `0xffff… (ret=0)`, raw `lock_addr=0xffff… ret=0`.
  mutating func contentionEnded() -> (lock: LockAddress, result: Int32)? {
    guard let lock = lock(), scanner.skip(" (ret=") || scanner.skip(" ret="), let result = scanner.signed() else {
      return nil
    }
    return (lock, result)
  }

  /// An address; the kernel's own text has hashes of them, without `0x`.
  mutating func lock() -> LockAddress? {
    _ = scanner.skip("lock_addr=")
    return scanner.hexadecimal().map { LockAddress($0) }
  }

  // MARK: Other events

  /// Reads the fields of an event with a role that has no function of its own here.
  /// - Returns: Whether the line has all of them.
  mutating func read(_ role: EventRole, into fields: inout PrintedFields) -> Bool {
    switch role {
    case .wakeupNew: readWakeup(into: &fields)
    case .migrated: readMigration(into: &fields)
    case .forked: readFork(into: &fields)
    case .executed: readExec(into: &fields)
    case .exited: readTask(into: &fields)
    case .renamed: readRename(into: &fields)
    case .inheritedPriority: readPriority(into: &fields)
    case .schedExtCounter: readSchedExt(.delta, "delta", into: &fields)
    case .schedExtExit: readSchedExt(.kind, "kind", into: &fields)
    case .message, .schedExtDump: readMessage(into: &fields)
    default: false
    }
  }

  private mutating func readTask(into fields: inout PrintedFields) -> Bool {
    guard let task = task() else { return false }
    fields.set(task)
    return true
  }

  private mutating func readWakeup(into fields: inout PrintedFields) -> Bool {
    guard let record = woken() else { return false }
    fields.set(record.task)
    fields.set(.targetCPU, record.targetCPU)
    return true
  }

  private mutating func readMigration(into fields: inout PrintedFields) -> Bool {
    guard readTask(into: &fields), scanner.skip(" orig_cpu="), let from = scanner.signed(),
      scanner.skip(" dest_cpu="), let to = scanner.signed()
    else { return false }
    fields.set(.origCPU, from)
    fields.set(.destCPU, to)
    return true
  }

  /// `comm=a pid=1 child_comm=b child_pid=2`, raw with `parent_` before the first two.
  private mutating func readFork(into fields: inout PrintedFields) -> Bool {
    guard scanner.skip("comm=") || scanner.skip("parent_comm=") else { return false }
    for place in candidates(UInt8(ascii: " "), from: scanner.position) {
      scanner.position = place
      guard scanner.skip(" pid=") || scanner.skip(" parent_pid="), let parent = scanner.signed(),
        scanner.skip(" child_comm=")
      else { continue }
      let start = scanner.position
      var found: (pid: Pid, comm: Comm)?
      for stop in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = stop
        guard scanner.skip(" child_pid="), let child = scanner.signed(), isBreak else { continue }
        found = (child, scanner.comm(start, stop))
      }
      guard let found else { continue }
      fields.set(.parentPid, parent)
      fields.set(.childPid, found.pid)
      fields.set(found.comm)
      return true
    }
    return false
  }

  /// `filename=/any/thing pid=1 old_pid=1`: from the end, since a file's name has no bounds.
  private mutating func readExec(into fields: inout PrintedFields) -> Bool {
    var place = scanner.end &- 9
    let start = scanner.position
    while place > start {
      scanner.position = place
      if scanner.skip(" old_pid="), let old = scanner.signed() {
        var before = place &- 5
        while before > start, scanner.bytes[before] != UInt8(ascii: " ") { before &-= 1 }
        scanner.position = before
        if scanner.skip(" pid="), let pid = scanner.signed() {
          fields.set(.pid, pid)
          fields.set(.oldPid, old)
          return true
        }
      }
      place &-= 1
    }
    return false
  }

  /// `pid=1 oldcomm=a newcomm=b oom_score_adj=0`; since 6.18 without a pid.
  private mutating func readRename(into fields: inout PrintedFields) -> Bool {
    if scanner.skip("pid="), let pid = scanner.signed() { fields.set(.pid, pid) }
    scanner.skipBlanks()
    guard scanner.skip("oldcomm=") else { return false }
    for place in candidates(UInt8(ascii: " "), from: scanner.position) {
      scanner.position = place
      guard scanner.skip(" newcomm=") else { continue }
      let start = scanner.position
      for stop in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = stop
        guard scanner.has(" oom_score_adj=") else { continue }
        fields.set(scanner.comm(start, stop))
        return true
      }
    }
    return false
  }

  /// `comm=a pid=1 oldprio=120 newprio=98`.
  private mutating func readPriority(into fields: inout PrintedFields) -> Bool {
    guard scanner.skip("comm=") else { return false }
    let start = scanner.position
    for place in candidates(UInt8(ascii: " "), from: start) {
      scanner.position = place
      guard scanner.skip(" pid="), let pid = scanner.signed(), scanner.skip(" oldprio="), let old = scanner.signed(),
        scanner.skip(" newprio="), let new = scanner.signed()
      else { continue }
      fields.set(scanner.comm(start, place))
      fields.set(.pid, pid)
      fields.set(.oldprio, old)
      fields.set(.newprio, new)
      return true
    }
    return false
  }

  /// `name SCX_EV_… delta 1`, raw with equals signs.
  private mutating func readSchedExt(
    _ field: FieldName, _ key: StaticString, into fields: inout PrintedFields
  ) -> Bool {
    guard scanner.skip("name=") || scanner.skip("name ") || scanner.skip("sched ") else { return false }
    fields.set(text: scanner.word())
    // Since Linux 7.3 sched_ext_exit has level, cgroup and path before the reason: `sched NAME level 0 … kind 64`.
    while !scanner.isAtEnd {
      scanner.skipBlanks()
      if scanner.skip(key), scanner.skip("=") || scanner.skip(" "), let value = scanner.number() {
        fields.set(field, value)
        return true
      }
      if scanner.word().isEmpty { return false }
    }
    return false
  }

  /// The rest of the line, raw after `bpf_string=`.
  private mutating func readMessage(into fields: inout PrintedFields) -> Bool {
    _ = scanner.skip("bpf_string=") || scanner.skip("line=")
    fields.set(text: UnsafeRawBufferPointer(rebasing: scanner.bytes[scanner.position..<scanner.end]))
    return true
  }

  // MARK: Ends

  /// The line ends here.
  @inline(__always)
  private var isLast: Bool { scanner.isAtEnd || scanner.byte() == 0x0d }

  /// The line or a word ends here.
  @inline(__always)
  private var isBreak: Bool { scanner.isAtEnd || scanner.byte() == UInt8(ascii: " ") || scanner.byte() == 0x0d }

  /// The places of a byte within the length of a name.
  @inline(__always)
  private func candidates(_ wanted: UInt8, from start: Int) -> Candidates {
    Candidates(line: scanner, wanted: wanted, place: start, last: min(start &+ Self.longestComm, scanner.end &- 1))
  }

  private struct Candidates: Sequence, IteratorProtocol {
    let line: TextScanner
    let wanted: UInt8
    var place: Int
    let last: Int

    @inline(__always)
    mutating func next() -> Int? {
      guard let found = line.firstPlace(of: wanted, from: place, through: last) else {
        place = last &+ 1
        return nil
      }
      place = found &+ 1
      return found
    }
  }
}
