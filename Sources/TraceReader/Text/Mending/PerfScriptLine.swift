import TraceCore

/// A line that `perf script` prints: `comm  pid/tid [cpu]  time:  period  system:event: fields`.
///
/// perf's columns hold what ftrace's do, but for the flags (tools/perf/builtin-script.c, `perf_sample__fprintf_start()`); so a line is
/// rewritten in ftrace's columns, and what follows the event's name is read like any other text.
struct PerfScriptLine {
  /// The line in ftrace's columns, where it is one of perf's.
  private(set) var text: [UInt8] = []
  /// Its name is no longer than a task's.
  private(set) var hasName = false
  /// It is one of perf's, about something else than an event.
  private(set) var isRemark = false

  /// The columns of a name.
  private static let nameWidth = 16

  init() {}

  /// Reads a line.
  /// - Returns: Whether it is one of perf's and has all columns; then ``text`` is the line.
  mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
    (text, isRemark) = ([], false)
    var place = 0
    while place < line.count {
      guard let bracket = line[place...].firstIndex(of: UInt8(ascii: "[")) else { break }
      if read(line, bracket: bracket) { return true }
      if isRemark { return false }
      place = bracket + 1
    }
    return false
  }

  private mutating func read(_ line: UnsafeRawBufferPointer, bracket: Int) -> Bool {
    var scanner = TextScanner(line, from: bracket + 1)
    guard let cpu = scanner.decimal(), scanner.skip(UInt8(ascii: "]")), let task = Self.task(line, before: bracket)
    else {
      return false
    }
    scanner.skipBlanks()
    var flags = task.flags
    if !scanner.byte().isASCIIDigit {
      // `-F +flags`; or what it is not.
      flags = Array(scanner.word())
      scanner.skipBlanks()
    }
    guard let time = Self.time(&scanner) else { return false }
    hasName = task.name.count < Self.nameWidth
    if Self.skipLoss(&scanner) {
      text = Array("CPU:\(cpu) [LOST \(scanner.decimal() ?? 0) EVENTS]".utf8)
      return true
    }
    // `--show-switch-events`, `--show-task-events`, `--show-mmap-events`.
    isRemark = scanner.has("PERF_RECORD_")
    guard !isRemark, let event = PerfEventName(&scanner), !task.isBare || event.hasSystem else { return false }
    let name = task.name.prefix(Self.nameWidth)
    text = Array(repeating: UInt8(ascii: " "), count: Self.nameWidth - name.count)
    text += name
    text += Array("-\(task.tid) [".utf8)
    text += line[bracket + 1..<(line[bracket...].firstIndex(of: UInt8(ascii: "]")) ?? bracket + 1)]
    text += Array("] ".utf8)
    if Self.areFlags(flags) { text += flags + [UInt8(ascii: " ")] }
    text += line[time]
    text.append(UInt8(ascii: " "))
    text += line[event.name]
    text += Array(": ".utf8)
    text += line[event.fields...]
    return true
  }

  private struct Task {
    var name: [UInt8]
    var tid: Pid
    var flags: [UInt8]
    /// A lone number, which could be anything.
    var isBare = false
  }

  /// `d..2.`, `d...`: of these the context follows. perf has others (`-F +flags`: `call`, `jmp`).
  private static func areFlags(_ word: [UInt8]) -> Bool {
    (4...6).contains(word.count) && word.contains(UInt8(ascii: ".")) && word[0] | 0x20 != UInt8(ascii: "-")
  }

  /// `comm  tid`, `comm  pid/tid`, `pid/tid`, `tid`; flags may follow (perf-prof).
  private static func task(_ line: UnsafeRawBufferPointer, before bracket: Int) -> Task? {
    var end = bracket
    while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
    guard end > 0, end < bracket else { return nil }
    var flags: [UInt8] = []
    if !line[end - 1].isASCIIDigit, let blank = line[..<end].lastIndex(of: UInt8(ascii: " ")), blank > 0 {
      flags = Array(line[(blank + 1)..<end])
      guard areFlags(flags) else { return nil }
      end = blank
      while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
    }
    var start = end
    while start > 0, line[start - 1].isASCIIDigit { start -= 1 }
    guard start < end else { return nil }
    let digits = start
    // perf prints −1 where it knows no task.
    if start > 0, line[start - 1] == UInt8(ascii: "-") { start -= 1 }
    if start > 0, line[start - 1] == UInt8(ascii: "/") {
      start -= 1
      while start > 0, line[start - 1].isASCIIDigit || line[start - 1] == UInt8(ascii: "-") { start -= 1 }
    }
    let hasProcess = start < digits && line[start] != UInt8(ascii: "-")
    guard start == 0 || line[start - 1] == UInt8(ascii: " ") else { return nil }
    var stop = start
    while stop > 0, line[stop - 1] == UInt8(ascii: " ") { stop -= 1 }
    var first = 0
    while first < stop, line[first] == UInt8(ascii: " ") { first += 1 }
    var scanner = TextScanner(UnsafeRawBufferPointer(rebasing: line[digits..<end]))
    guard let tid = scanner.decimal(), tid <= UInt64(Pid.max) else { return nil }
    // `:1234` is what perf prints of a task whose name it does not know.
    let isNamed = first < stop && line[first] != UInt8(ascii: ":")
    return Task(
      name: isNamed ? Array(line[first..<stop]) : Array("<...>".utf8), tid: Pid(tid), flags: flags,
      isBare: first == stop && !hasProcess)
  }

  /// `123.456789:`.
  private static func time(_ scanner: inout TextScanner) -> Range<Int>? {
    let start = scanner.position
    guard scanner.decimal() != nil, scanner.skip(UInt8(ascii: ".")), scanner.decimal() != nil,
      scanner.skip(UInt8(ascii: ":"))
    else { return nil }
    defer { scanner.skipBlanks() }
    return start..<scanner.position
  }

  /// `--show-lost-events`.
  private static func skipLoss(_ scanner: inout TextScanner) -> Bool {
    scanner.skip("PERF_RECORD_LOST lost ") || scanner.skip("PERF_RECORD_LOST_SAMPLES lost ")
  }

  // MARK: Other lines

  /// `  core.c:6500`, below a frame (`-F +srcline`).
  static func isSource(_ line: UnsafeRawBufferPointer) -> Bool {
    var scanner = TextScanner(line)
    guard scanner.skip("  ") else { return false }
    let word = scanner.word()
    guard let colon = word.lastIndex(of: UInt8(ascii: ":")), colon > 0, colon + 1 < word.count else { return false }
    let isNumber = word[(colon + 1)...].allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: "?") }
    scanner.skipBlanks()
    return isNumber && (scanner.isAtEnd || scanner.byte() == UInt8(ascii: "(") || scanner.byte() == 0x0d)
  }

  /// `           owner    60`, in the columns of perf: a line that was cut off, as one of ftrace's.
  static func cutHead(_ line: UnsafeRawBufferPointer) -> [UInt8]? {
    guard line.count > nameWidth + 1, line[nameWidth] == UInt8(ascii: " "), line[0] == UInt8(ascii: " "),
      line[nameWidth - 1] > 0x20
    else { return nil }
    var scanner = TextScanner(line, from: nameWidth)
    scanner.skipBlanks()
    guard let pid = scanner.decimal() else { return nil }
    let tid = scanner.skip(UInt8(ascii: "/")) ? scanner.decimal() ?? pid : pid
    scanner.skipBlanks()
    let head = Array(line[..<nameWidth]) + Array("-\(tid)".utf8)
    if scanner.isAtEnd || scanner.byte() == 0x0d { return head }
    guard scanner.byte() == UInt8(ascii: "[") else { return nil }
    return head + [UInt8(ascii: " ")] + scanner.word()
  }
}

/// An event's name in perf's text, without what perf adds to it.
struct PerfEventName {
  private(set) var name: Range<Int>
  /// Where its fields begin.
  private(set) var fields: Int
  /// It is a tracepoint's.
  private(set) var hasSystem: Bool

  /// Reads `sched:sched_switch:`, perhaps behind a period; a sample of another kind, `cycles:`, is an event too.
  init?(_ scanner: inout TextScanner) {
    let start = scanner.position
    if scanner.decimal() != nil, scanner.byte() == UInt8(ascii: " ") {
      scanner.skipBlanks()
    } else {
      scanner.position = start
    }
    let first = scanner.position
    let word = scanner.word()
    guard word.count > 1, word.last == UInt8(ascii: ":"), !word[0].isASCIIDigit else { return nil }
    // `sched:sched_switch:k:`, `sched:sched_switch/u/:` (tools/perf/Documentation/perf-list.txt, EVENT MODIFIERS).
    let colon = word.firstIndex(of: UInt8(ascii: ":")) ?? word.count - 1
    hasSystem = colon < word.count - 1
    let end = word[(colon + 1)...].firstIndex { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") } ?? colon
    name = first..<first + (hasSystem ? end : word[..<colon].firstIndex(of: UInt8(ascii: "/")) ?? colon)
    scanner.skipBlanks()
    fields = scanner.position
  }
}
