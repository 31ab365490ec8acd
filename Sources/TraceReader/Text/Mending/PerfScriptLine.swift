import TraceCore

/// A line that `perf script` prints: `comm  pid/tid [cpu]  time:  period  system:event: fields`.
///
/// perf's columns hold what ftrace's do, but for the flags (tools/perf/builtin-script.c, `perf_sample__fprintf_start()`); so a line is
/// rewritten in ftrace's columns, and what follows the event's name is read like any other text.
struct PerfScriptLine {
  /// What keeps a line of perf's from being used.
  enum Lack {
    /// Columns that `-F` has left out: without them no event has its place.
    case cpu, time
    /// It is of `perf trace`, which prints neither CPUs nor the time of the machine.
    case isPerfTrace
  }

  /// The line in ftrace's columns, where it is one of perf's.
  private(set) var text: [UInt8] = []
  /// It is one of perf's, without a column that is needed.
  private(set) var lack: Lack?

  /// The columns of a name.
  private static let nameWidth = 16

  init() {}

  /// Reads a line.
  /// - Returns: Whether it is one of perf's and has all columns; then ``text`` is the line.
  mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
    (text, lack) = ([], nil)
    var place = 0
    while place < line.count {
      guard let bracket = line[place...].firstIndex(of: UInt8(ascii: "[")) else { break }
      if read(line, bracket: bracket) { return true }
      place = bracket + 1
    }
    noteLack(line)
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
    if Self.skipLoss(&scanner) {
      text = Array("CPU:\(cpu) [LOST \(scanner.decimal() ?? 0) EVENTS]".utf8)
      return true
    }
    guard let event = Self.event(&scanner) else { return false }
    let name = task.name.prefix(Self.nameWidth)
    text = Array(repeating: UInt8(ascii: " "), count: Self.nameWidth - name.count)
    text += name
    text += Array("-\(task.tid) [".utf8)
    text += line[bracket + 1..<(line[bracket...].firstIndex(of: UInt8(ascii: "]")) ?? bracket + 1)]
    text += Array("] ".utf8)
    if Self.areFlags(flags) { text += flags + [UInt8(ascii: " ")] }
    text += line[time]
    text.append(UInt8(ascii: " "))
    text += line[event...]
    return true
  }

  private struct Task {
    var name: [UInt8]
    var tid: Pid
    var flags: [UInt8]
  }

  /// `d..2.`, `d...`: of these the context follows. perf has others (`-F +flags`: `call`, `jmp`).
  private static func areFlags(_ word: [UInt8]) -> Bool {
    (4...6).contains(word.count) && word.contains(UInt8(ascii: ".")) && word[0] | 0x20 != UInt8(ascii: "-")
  }

  /// `comm  tid`, `comm  pid/tid`, `pid/tid`; flags may follow (perf-prof).
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
    guard start > 0 ? line[start - 1] == UInt8(ascii: " ") : hasProcess else { return nil }
    var stop = start
    while stop > 0, line[stop - 1] == UInt8(ascii: " ") { stop -= 1 }
    var first = 0
    while first < stop, line[first] == UInt8(ascii: " ") { first += 1 }
    var scanner = TextScanner(UnsafeRawBufferPointer(rebasing: line[digits..<end]))
    // Without a name, as of `-F pid,tid`, a lone number could be anything.
    guard first < stop || hasProcess, let tid = scanner.decimal(), tid <= UInt64(Pid.max) else { return nil }
    // `:1234` is what perf prints of a task whose name it does not know.
    let isNamed = first < stop && line[first] != UInt8(ascii: ":")
    return Task(name: isNamed ? Array(line[first..<stop]) : Array("<...>".utf8), tid: Pid(tid), flags: flags)
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

  /// Where the event's name begins: perhaps behind a period.
  private static func event(_ scanner: inout TextScanner) -> Int? {
    let start = scanner.position
    if scanner.decimal() != nil, scanner.byte() == UInt8(ascii: " ") {
      scanner.skipBlanks()
    } else {
      scanner.position = start
    }
    let first = scanner.position
    let word = scanner.word()
    // `sched:sched_switch:`; a sample of another kind, `cycles:`, is an event too.
    guard word.count > 1, word.last == UInt8(ascii: ":"), !word[0].isASCIIDigit else { return nil }
    return first
  }

  /// A tracepoint's name stands at its place, but a column before it does not.
  private mutating func noteLack(_ line: UnsafeRawBufferPointer) {
    for name in ["sched:sched_", "lock:contention_"] {
      guard let place = line.firstPlace(of: name), place > 0, line[place - 1] == UInt8(ascii: " ") else { continue }
      if line[place...].prefix(40).contains(UInt8(ascii: "(")), !line[place...].prefix(40).contains(UInt8(ascii: "=")),
        line.firstPlace(of: "_comm: \"") != nil || line.firstPlace(of: "comm: \"") != nil
          || line.firstPlace(of: "lock_addr: ") != nil
      {
        lack = .isPerfTrace
        return
      }
      let hasTime = line[..<place].contains(UInt8(ascii: ".")) && line[..<place].contains(UInt8(ascii: ":"))
      lack = hasTime ? .cpu : .time
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Where a short text is first.
  func firstPlace(of text: String) -> Int? {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, count >= wanted.count else { return nil }
    for place in 0...(count - wanted.count) where self[place] == first {
      if self[place..<place + wanted.count].elementsEqual(wanted) { return place }
    }
    return nil
  }
}
