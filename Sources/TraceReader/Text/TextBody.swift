import TraceCore

// The fields of an event as text: as the kernel prints them, as trace-cmd's scheduler plugin does, and raw (`-R`).
//
// A name of a task may hold whatever separates fields. It has at most 15 bytes, so its end is looked for no farther, and
// only an end counts behind which all that must follow does.

/// What a line says behind the event's name.
struct TextBody {
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

  /// `prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120`, raw without the arrow.
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
    for mayGoOn in [false, true] {
      for place in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = place
        guard scanner.skip(" next_pid="), let pid = scanner.signed(), scanner.skip(" next_prio="),
          let priority = scanner.signed(), isLast || mayGoOn && isBreak
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
    for mayGoOn in [false, true] {
      for place in candidates(UInt8(ascii: ":"), from: start) {
        scanner.position = place &+ 1
        if let (pid, priority) = shortTask(), isLast || mayGoOn && isBreak {
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
    if TextScanner.isDigit(first) { return scanner.number().map { StateLetters.recent.state($0) } }
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
      while scanner.skip(" "), !scanner.has("CPU:") { _ = scanner.word() }
      guard scanner.skip("CPU:"), let cpu = scanner.signed() else { continue }
      return WakeRecord(
        task: TaskSnapshot(pid: pid, priority: priority, comm: scanner.comm(start, place)), targetCPU: cpu)
    }
    return nil
  }

  /// `comm=a pid=1 prio=120`. A name can hold as much as ` pid=5 prio=1`, so the last place that fits is its end.
  @inline(__always)
  mutating func task() -> TaskSnapshot? {
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

  mutating func migrated() -> EventBody? {
    guard let task = task(), scanner.skip(" orig_cpu="), let from = scanner.signed(), scanner.skip(" dest_cpu="),
      let to = scanner.signed()
    else { return nil }
    return .migrated(task: task, from: from, to: to)
  }

  /// `comm=a pid=1 child_comm=b child_pid=2`, raw with `parent_` before the first two.
  mutating func forked() -> EventBody? {
    guard scanner.skip("comm=") || scanner.skip("parent_comm=") else { return nil }
    for place in candidates(UInt8(ascii: " "), from: scanner.position) {
      scanner.position = place
      guard scanner.skip(" pid=") || scanner.skip(" parent_pid="), let parent = scanner.signed(),
        scanner.skip(" child_comm=")
      else { continue }
      let start = scanner.position
      var body: EventBody?
      for stop in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = stop
        guard scanner.skip(" child_pid="), let child = scanner.signed(), isBreak else { continue }
        body = .forked(parent: parent, child: child, childComm: scanner.comm(start, stop))
      }
      if let body { return body }
    }
    return nil
  }

  /// `filename=/any/thing pid=1 old_pid=1`: from the end, for a file's name has no bounds.
  mutating func executed() -> EventBody? {
    var place = scanner.end &- 9
    let start = scanner.position
    while place > start {
      scanner.position = place
      if scanner.skip(" old_pid="), let old = scanner.signed() {
        var before = place &- 5
        while before > start, scanner.bytes[before] != UInt8(ascii: " ") { before &-= 1 }
        scanner.position = before
        if scanner.skip(" pid="), let pid = scanner.signed() { return .executed(pid: pid, oldPid: old) }
      }
      place &-= 1
    }
    return nil
  }

  /// `pid=1 oldcomm=a newcomm=b oom_score_adj=0`; since 6.18 without a pid.
  mutating func renamed(_ current: Pid) -> EventBody? {
    var pid = current
    if scanner.skip("pid="), let stated = scanner.signed() { pid = stated }
    scanner.skipBlanks()
    guard scanner.skip("oldcomm=") else { return nil }
    for place in candidates(UInt8(ascii: " "), from: scanner.position) {
      scanner.position = place
      guard scanner.skip(" newcomm=") else { continue }
      let start = scanner.position
      for stop in candidates(UInt8(ascii: " "), from: start) {
        scanner.position = stop
        if scanner.has(" oom_score_adj=") { return .renamed(pid: pid, comm: scanner.comm(start, stop)) }
      }
    }
    return nil
  }

  /// `comm=a pid=1 oldprio=120 newprio=98`.
  mutating func inheritedPriority() -> EventBody? {
    guard scanner.skip("comm=") else { return nil }
    let start = scanner.position
    for place in candidates(UInt8(ascii: " "), from: start) {
      scanner.position = place
      guard scanner.skip(" pid="), let pid = scanner.signed(), scanner.skip(" oldprio="), let old = scanner.signed(),
        scanner.skip(" newprio="), let new = scanner.signed()
      else { continue }
      return .inheritedPriority(
        pid: pid, comm: scanner.comm(start, place), from: Priority(old), to: Priority(new))
    }
    return nil
  }

  // MARK: Locks

  /// `0xffff… (flags=SPIN|MUTEX)`, raw `lock_addr=0xffff… flags=33`.
  mutating func contentionBegan() -> EventBody? {
    guard let lock = lock(), scanner.skip(" (flags=") || scanner.skip(" flags=") else { return nil }
    if TextScanner.isDigit(scanner.byte()) {
      guard let flags = scanner.number() else { return nil }
      return .contentionBegan(lock: lock, flags: ContentionFlags(rawValue: UInt32(truncatingIfNeeded: flags)))
    }
    var flags: ContentionFlags = []
    while true {
      guard let flag = flag() else { return nil }
      flags.formUnion(flag)
      if !scanner.skip(UInt8(ascii: "|")) { break }
    }
    return .contentionBegan(lock: lock, flags: flags)
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
  mutating func contentionEnded() -> EventBody? {
    guard let lock = lock(), scanner.skip(" (ret=") || scanner.skip(" ret="), let result = scanner.signed() else {
      return nil
    }
    return .contentionEnded(lock: lock, result: result)
  }

  mutating func contendedRelease() -> EventBody? { lock().map { .contendedRelease(lock: $0) } }

  /// An address; the kernel's own text has hashes of them, without `0x`.
  private mutating func lock() -> LockAddress? {
    _ = scanner.skip("lock_addr=")
    return scanner.hexadecimal().map { LockAddress($0) }
  }

  // MARK: Anything else

  /// The rest of the line.
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: scanner.bytes[scanner.position..<scanner.end]) }

  /// `name SCX_EV_… delta 1`, raw with equals signs.
  mutating func schedExt(_ kind: SchedExtRecord.Kind) -> EventBody? {
    guard scanner.skip("name=") || scanner.skip("name ") else { return nil }
    let name = scanner.word()
    scanner.skipBlanks()
    let key: StaticString = kind == .counter ? "delta" : "kind"
    guard scanner.skip(key), scanner.skip("=") || scanner.skip(" "), let value = scanner.number() else { return nil }
    let short = kind == .counter ? ShortName(counter: name) : ShortName(name)
    return .schedExt(SchedExtRecord(kind, name: short, value: Int64(bitPattern: value)))
  }

  /// Where the number of `key=` is; keys stand behind a blank, a parenthesis, or at the beginning.
  func number(_ key: [UInt8]) -> UInt64? {
    var search = scanner
    while search.position < search.end {
      let start = search.position
      search.seek(UInt8(ascii: "="))
      let first = search.position &- key.count
      if first >= start, !search.isAtEnd, isKey(key, at: first) {
        var value = search
        value.position &+= 1
        return value.number()
      }
      search.position &+= 1
    }
    return nil
  }

  private func isKey(_ key: [UInt8], at first: Int) -> Bool {
    if first > scanner.position {
      let before = scanner.bytes[first &- 1]
      guard before == UInt8(ascii: " ") || before == UInt8(ascii: "(") || before == UInt8(ascii: ",") else {
        return false
      }
    }
    for index in key.indices where scanner.bytes[first &+ index] != key[index] { return false }
    return true
  }

  // MARK: Ends

  /// The line ends here.
  @inline(__always)
  private var isLast: Bool { scanner.isAtEnd || scanner.byte() == 0x0d }

  /// The line or a word ends here.
  @inline(__always)
  private var isBreak: Bool { scanner.isAtEnd || scanner.byte() == UInt8(ascii: " ") || scanner.byte() == 0x0d }

  /// Where a byte stands within the length of a name.
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
