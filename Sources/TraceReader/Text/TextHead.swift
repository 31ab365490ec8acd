import TraceCore

/// What comes before an event's name: `comm-pid [tgid] [cpu] flags time:`, in the forms of the kernel's `trace` and of
/// `trace-cmd report`, with and without the columns of tgid and of flags.
struct TextHead {
  var pid: Pid = 0
  /// Where the task's name is; empty in the latency format, which cuts names.
  private var nameStart = 0
  private var nameEnd = 0
  var cpu: CPU = 0
  var context = EventContext.unknown
  /// The column of depths of `migrate_disable()`, the last of exactly five; 0 without it.
  private var migrateDisable: UInt8 = 0
  var time: UInt64 = 0
  /// What a step of the time's last digit is worth, in nanoseconds; 0 where it is a number without a fraction.
  var resolution: UInt64 = 0

  /// Reads a line's beginning and leaves the scanner at the event's name.
  ///
  /// Names may hold all that separates columns. The kernel and trace-cmd print them to 16 columns (8 in the latency
  /// format), so the dash before the pid is there. It is searched for only in lines that have lost their indentation.
  /// - Returns: whether it is one.
  @inline(__always)
  mutating func read(_ line: inout TextScanner) -> Bool {
    let start = line.position
    if line.byte(16) == UInt8(ascii: "-"), read(&line, start, dash: start &+ 16) { return true }
    return readShifted(&line, start)
  }

  @inline(never)
  private mutating func readShifted(_ line: inout TextScanner, _ start: Int) -> Bool {
    line.position = start
    if line.byte(8) == UInt8(ascii: "-"), read(&line, start, dash: start &+ 8), isShort { return true }
    line.position = start
    line.skipBlanks()
    let first = line.position
    // A comm has 15 bytes, names that trace-cmd makes up somewhat more.
    for dash in first..<max(first, min(first &+ 24, line.end)) where line.bytes[dash] == UInt8(ascii: "-") {
      if read(&line, first, dash: dash) { return true }
    }
    return false
  }

  /// Whether it is in the latency format, which cuts names.
  private var isShort = false

  @inline(__always)
  private mutating func read(_ line: inout TextScanner, _ start: Int, dash: Int) -> Bool {
    line.position = dash &+ 1
    guard let pid = line.signed() else { return false }
    self.pid = pid
    line.skipBlanks()
    if line.byte() == UInt8(ascii: "("), !Self.skipGroup(&line) { return false }
    (context, migrateDisable, isShort, nameStart, nameEnd) = (.unknown, 0, false, start, dash)
    if line.skip(UInt8(ascii: "[")) {
      guard let cpu = line.signed(), line.skip(UInt8(ascii: "]")) else { return false }
      self.cpu = cpu
      line.skipBlanks()
      if !line.byte().isASCIIDigit {
        readFlags(line.word())
        line.skipBlanks()
      }
    } else {
      // A date, `2026-11-27 10:00`, is no task and CPU.
      guard line.byte() != UInt8(ascii: "-"), let cpu = line.signed() else { return false }
      (self.cpu, isShort, nameEnd) = (cpu, true, start)
      let flags = line.word()
      // Without them it is perf's line that lacks its CPU: `memfd:sealed-91 21097 50988.860427: …`.
      if flags.isEmpty { return false }
      readFlags(flags)
      line.skipBlanks()
    }
    return readTime(&line)
  }

  /// `(  123)` or `(-------)`: the thread group.
  private static func skipGroup(_ line: inout TextScanner) -> Bool {
    line.seek(UInt8(ascii: ")"))
    guard line.skip(UInt8(ascii: ")")) else { return false }
    line.skipBlanks()
    return true
  }

  /// Whether the task that wrote the line may not be moved to another CPU.
  var disablesMigration: Bool { migrateDisable != 0 && migrateDisable != UInt8(ascii: ".") }

  @inline(__always)
  private mutating func readFlags(_ flags: UnsafeRawBufferPointer) {
    context = Self.context(flags)
    if flags.count == 5 { migrateDisable = flags[4] }
  }

  /// `d..2.`: interrupts, resched, hard- or softirq, depths (kernel/trace/trace_output.c, `trace_print_lat_fmt()`).
  @inline(__always)
  private static func context(_ flags: UnsafeRawBufferPointer) -> EventContext {
    // Three to five columns: one comparison.
    guard UInt(bitPattern: flags.count &- 3) <= 2 else { return wideContext(flags) }
    return context(flags, interrupt: 2)
  }

  /// `d...2.`, `d..h213`: kernels with the realtime patches have need-resched-lazy before the column of hard- and softirq. trace-cmd
  /// prints more columns behind those of five. The letters tell them apart: none of one column is one of the other.
  @inline(never)
  private static func wideContext(_ flags: UnsafeRawBufferPointer) -> EventContext {
    guard flags.count >= 6 else { return .unknown }
    let (third, fourth) = (flags[2], flags[3])
    let isShifted: Bool =
      switch (third, fourth) {
      case (_, UInt8(ascii: "h")), (_, UInt8(ascii: "H")), (_, UInt8(ascii: "s")), (_, UInt8(ascii: "z")),
        (_, UInt8(ascii: "Z")):
        true
      // need-resched-lazy.
      case (UInt8(ascii: "L"), _), (UInt8(ascii: "l"), _), (UInt8(ascii: "N"), _), (UInt8(ascii: "n"), _): true
      default: false
      }
    return context(flags, interrupt: isShifted ? 3 : 2)
  }

  @inline(__always)
  private static func context(_ flags: UnsafeRawBufferPointer, interrupt: Int) -> EventContext {
    var context: EventContext = []
    if flags[0] | 0x20 == UInt8(ascii: "d") { context.insert(.irqsOff) }
    if flags[1] != UInt8(ascii: ".") { context.insert(.needResched) }
    switch flags[interrupt] {
    case UInt8(ascii: "."): break
    case UInt8(ascii: "h"): context.insert(.hardirq)
    case UInt8(ascii: "s"): context.insert(.softirq)
    case UInt8(ascii: "H"): context.formUnion([.hardirq, .softirq])
    case UInt8(ascii: "z"), UInt8(ascii: "Z"): context.insert(.nmi)
    default: return .unknown
    }
    return context
  }

  /// `12.345678:`, `12.345678901:`, `12345:` or `123us:`, and the blank after it, as integers.
  @inline(__always)
  private mutating func readTime(_ line: inout TextScanner) -> Bool {
    guard let whole = line.decimal() else { return false }
    // Nanoseconds, as `trace-cmd report -t` prints them.
    if line.byte() == UInt8(ascii: "."), whole < 9_000_000_000 {
      line.position &+= 1
      if let (fraction, next) = line.nineDigits(), next == UInt8(ascii: ":") {
        (time, resolution) = (whole &* 1_000_000_000 &+ fraction, 1)
        line.position &+= 10
        line.skipBlanks()
        return true
      }
      line.position &-= 1
    }
    return readRareTime(&line, whole)
  }

  @inline(never)
  private mutating func readRareTime(_ line: inout TextScanner, _ whole: UInt64) -> Bool {
    if line.skip(UInt8(ascii: ".")) {
      let start = line.position
      guard var fraction = line.decimal(), whole < 9_000_000_000 else { return false }
      let digits = line.position &- start
      guard digits <= 9 else { return false }
      resolution = 1
      for _ in digits..<9 { (fraction, resolution) = (fraction &* 10, resolution &* 10) }
      time = whole &* 1_000_000_000 &+ fraction
    } else if line.skip("us") {
      // Since the trace's beginning; a mark for long delays may follow.
      guard whole < 1 << 50 else { return false }
      (time, resolution) = (whole &* 1000, 1000)
      if line.byte() != UInt8(ascii: ":") { line.position &+= 1 }
      line.skipBlanks()
    } else {
      (time, resolution) = (whole, 0)
    }
    guard line.skip(UInt8(ascii: ":")) else { return false }
    line.skipBlanks()
    return true
  }

  /// The task's name; empty for `<...>`, and where the form cuts names.
  func name(_ line: UnsafeRawBufferPointer) -> Comm {
    var first = nameStart
    while first < nameEnd, line[first] == UInt8(ascii: " ") { first &+= 1 }
    // `<...>` and `<idle>` are the printer's own words, not names.
    if first < nameEnd, line[first] == UInt8(ascii: "<"), line[nameEnd &- 1] == UInt8(ascii: ">") { return Comm() }
    return TextScanner(line).comm(first, nameEnd)
  }
}
