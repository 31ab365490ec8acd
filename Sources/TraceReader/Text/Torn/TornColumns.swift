import TraceCore

/// A piece of an event's line that has some of its columns: `owner-60 [000] d..2.`, `[000] d..2. 1.000100: sched_switch: …`, and what other
/// printers have there.
struct TornColumns {
  private(set) var cpu: CPU?
  /// It begins with the task.
  private(set) var isHead = false
  /// It begins with the CPU.
  private(set) var lacksTask = false

  /// Names are printed to these columns; the dash follows (kernel/trace/trace_output.c).
  private static let columns = 16
  /// In the latency format.
  private static let shortColumns = 8

  /// - Parameter text: A line behind what is not its own, without blanks at its end.
  /// - Returns: `nil` where it is no such piece.
  init?(_ text: UnsafeRawBufferPointer) {
    isHead = readTask(text)
    guard isHead || readCPU(text) || readPerf(text) else { return nil }
  }

  /// A piece of one of function_graph's lines.
  init?(graph text: UnsafeRawBufferPointer) {
    guard readGraph(text) else { return nil }
  }

  // MARK: ftrace

  /// `owner-60 [000] d..2. 1.00`, `owner-60 0d..2. 100us`: from the line's beginning on.
  private mutating func readTask(_ text: UnsafeRawBufferPointer) -> Bool {
    var first = 0
    while first < text.count, text[first] == UInt8(ascii: " ") { first += 1 }
    for dash in text.indices.dropFirst(first + 1).prefix(24) where text[dash] == UInt8(ascii: "-") {
      var scanner = TextScanner(text, from: dash + 1)
      // The columns are the printer's, perhaps with the blank behind a prefix; what has another place could be a word of somebody's.
      let isLong = first > 0 && (dash == Self.columns || dash == Self.columns + 1)
      let isShort = first > 0 && (dash == Self.shortColumns || dash == Self.shortColumns + 1)
      if scanner.isAtEnd, isLong { return true }
      guard scanner.decimal() != nil else { continue }
      if scanner.isAtEnd {
        if isLong || isShort || first < 2 && Self.isName(text[first..<dash]) { return true }
        continue
      }
      guard scanner.byte() <= 0x20 else { continue }
      scanner.skipBlanks()
      if scanner.byte() == UInt8(ascii: "(") {
        guard Self.skipGroup(&scanner) else { continue }
        if scanner.isAtEnd { return true }
      }
      let isFound =
        scanner.byte() == UInt8(ascii: "[")
        ? readBrackets(&scanner, isCertain: isLong) : readLatency(&scanner, behind: dash, isCertain: isShort)
      if isFound { return true }
    }
    return false
  }

  /// A word with a letter, as long as a name may be, that is all of a line but the pid.
  private static func isName(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    name.count <= columns && !name.contains { $0 <= 0x20 } && name.contains { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }
  }

  /// `(  123)`, `(-------)`, also cut off.
  private static func skipGroup(_ scanner: inout TextScanner) -> Bool {
    scanner.position += 1
    while scanner.byte().isASCIIDigit || scanner.byte() == UInt8(ascii: " ") || scanner.byte() == UInt8(ascii: "-") {
      scanner.position += 1
    }
    if scanner.isAtEnd { return true }
    guard scanner.skip(UInt8(ascii: ")")) else { return false }
    scanner.skipBlanks()
    return true
  }

  /// `[000] d..2. 1.00`, all of which may be cut off.
  private mutating func readBrackets(_ scanner: inout TextScanner, isCertain: Bool) -> Bool {
    scanner.position += 1
    let number = scanner.decimal()
    if scanner.isAtEnd { return number != nil || isCertain }
    guard let number, scanner.skip(UInt8(ascii: "]")) else { return false }
    guard isCertain || Self.isBehindCPU(scanner) else { return false }
    setCPU(number)
    return true
  }

  /// `  0d..2. 100us`.
  private mutating func readLatency(_ scanner: inout TextScanner, behind dash: Int, isCertain: Bool) -> Bool {
    guard let number = scanner.decimal() else { return false }
    // `-%-7d %3d` of the kernel, `-%-5d %3d` of trace-cmd: a number that ends elsewhere may be cut.
    let isInColumn = scanner.position == dash + 12 || scanner.position == dash + 10
    let flags = scanner.word()
    if flags.isEmpty {
      guard scanner.isAtEnd, isCertain || isInColumn else { return false }
      if isInColumn { setCPU(number) }
      return true
    }
    let mayBeCut = (isCertain || isInColumn) && scanner.isAtEnd
    guard Self.areFlags(flags) || mayBeCut && flags.allSatisfy(Self.isFlag) else { return false }
    setCPU(number)
    return true
  }

  /// `[000] d..2. 1.000100: sched_switch: …`, perhaps with the end of a pid or without the bracket.
  private mutating func readCPU(_ text: UnsafeRawBufferPointer) -> Bool {
    var scanner = TextScanner(text)
    scanner.skipBlanks()
    let start = scanner.position
    if scanner.decimal() != nil { scanner.skipBlanks() }
    if scanner.byte() == UInt8(ascii: "("), !Self.skipGroup(&scanner) { return false }
    let bracket = scanner.position
    if scanner.skip(UInt8(ascii: "[")) {
      let first = scanner.position
      guard let number = scanner.decimal(), scanner.position - first >= 3, scanner.skip(UInt8(ascii: "]")),
        !scanner.isAtEnd, Self.isBehindCPU(scanner)
      else { return false }
      setCPU(number)
      lacksTask = bracket == start
      return true
    }
    scanner.position = start
    _ = scanner.decimal()
    if scanner.skip(UInt8(ascii: "]")) { return !scanner.isAtEnd && Self.isBehindCPU(scanner) }
    // Flags and a time, of which the flags may be cut.
    scanner.position = start
    let flags = scanner.word()
    guard (1...8).contains(flags.count), flags.allSatisfy(Self.isFlag), flags.contains(UInt8(ascii: ".")) else {
      return false
    }
    scanner.skipBlanks()
    return Self.areFlags(flags) && scanner.isAtEnd || Self.skipTime(&scanner)
  }

  /// Whether flags or a time are next, as far as the line goes.
  private static func isBehindCPU(_ scanner: TextScanner) -> Bool {
    var scanner = scanner
    scanner.skipBlanks()
    if scanner.isAtEnd { return true }
    let start = scanner.position
    let word = scanner.word()
    if areFlags(word) || scanner.isAtEnd && word.allSatisfy(isFlag) && word.contains(UInt8(ascii: ".")) { return true }
    scanner.position = start
    return skipTime(&scanner)
  }

  /// `1.000100:`, and what may be left of it at a line's end.
  private static func skipTime(_ scanner: inout TextScanner) -> Bool {
    guard scanner.decimal() != nil else { return false }
    if scanner.isAtEnd { return true }
    if scanner.skip(UInt8(ascii: ".")) { _ = scanner.decimal() } else { _ = scanner.skip("us") }
    if scanner.isAtEnd { return true }
    scanner.skipBlanks()
    return scanner.skip(UInt8(ascii: ":"))
  }

  /// `d..2.`: three columns of letters, then depths.
  private static func areFlags(_ word: UnsafeRawBufferPointer) -> Bool {
    (4...8).contains(word.count) && word.contains(UInt8(ascii: ".")) && word.allSatisfy(isFlag)
      && !word.prefix(3).contains(where: \.isASCIIDigit)
  }

  private static func isFlag(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte.isASCIIDigit || "dDnNpPlLhHsSzZbBxXa".utf8.contains(byte)
  }

  private mutating func setCPU(_ number: UInt64) { cpu = number < UInt64(KernelLimits.cpuCount) ? CPU(number) : nil }

  // MARK: perf

  /// `owner 60 [000] 1.00`, `60/60 [000] 1.000100: sched:sched_sw`: the bracket is behind the column of a pid.
  private mutating func readPerf(_ text: UnsafeRawBufferPointer) -> Bool {
    for bracket in text.indices.prefix(64) where text[bracket] == UInt8(ascii: "[") {
      var scanner = TextScanner(text, from: bracket + 1)
      guard let number = scanner.decimal(), scanner.position - bracket > 3, scanner.skip(UInt8(ascii: "]")),
        bracket > 1, text[bracket - 1] == UInt8(ascii: " ")
      else { continue }
      var end = bracket
      while end > 0, text[end - 1] == UInt8(ascii: " ") { end -= 1 }
      guard end > 0, text[end - 1].isASCIIDigit else { continue }
      scanner.skipBlanks()
      guard scanner.isAtEnd ? bracket > Self.columns + 1 && text[0] == UInt8(ascii: " ") : Self.skipTime(&scanner)
      else {
        continue
      }
      setCPU(number)
      return true
    }
    return false
  }

  // MARK: function_graph

  /// ` 1.000100 |   1)  owner-60 | d..2. |   /* sched_switch: prev_co`: one that does not end as these lines do.
  private mutating func readGraph(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.contains(UInt8(ascii: "|")) else { return false }
    var scanner = TextScanner(text)
    guard GraphLine.time(&scanner) != nil else {
      // Without a time it may be anything but an event.
      guard let comment = text.firstPlace(of: "/* ") else { return false }
      scanner.position = comment + 3
      let name = scanner.word()
      return name.last == UInt8(ascii: ":") && TornLine.isName(name.dropLast())
    }
    scanner.skipBlanks()
    let number = scanner.decimal()
    if let number, scanner.skip(UInt8(ascii: ")")) { setCPU(number) } else if !scanner.isAtEnd { return false }
    return !GraphLine.isComplete(text)
  }
}
