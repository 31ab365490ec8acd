import TraceCore

/// What mails and logs put before a line of a trace: quotation marks, the times and callers of printk, dates, hosts, line numbers.
///
/// None of it is taken away for what it looks like alone: ``TextMender`` takes a prefix away only where an event, a loss or a remark
/// follows it.
enum LinePrefix {
  /// More pieces than these are no prefix.
  private static let mostPieces = 16

  /// Where the line behind a prefix may begin, nearest first: behind each piece of it. The first place is behind quotation marks.
  static func places(_ line: UnsafeRawBufferPointer) -> [Int] {
    var scanner = TextScanner(line)
    skipQuotation(&scanner)
    var places = [scanner.position]
    // What is all of a line is no prefix of it.
    while places.count < mostPieces, skipPiece(&scanner), !scanner.isAtEnd { places.append(scanner.position) }
    return places
  }

  /// `> `, `| `, of any depth, with the initials of who is quoted: `JL> `.
  static func skipQuotation(_ scanner: inout TextScanner) {
    while true {
      let start = scanner.position
      scanner.skipBlanks()
      if skipInitials(&scanner) { continue }
      guard scanner.skip(UInt8(ascii: ">")) || scanner.skip(UInt8(ascii: "|")) else {
        // The blanks are the line's own.
        scanner.position = start
        return
      }
      _ = scanner.skip(UInt8(ascii: " "))
    }
  }

  private static func skipInitials(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { scanner in
      guard letters(&scanner, 1...4), scanner.skip(UInt8(ascii: ">")) else { return false }
      return scanner.skip(UInt8(ascii: " ")) || scanner.byte() == UInt8(ascii: ">")
    }
  }

  /// Where a line goes on behind a day and a time of day; where it begins, if there is none.
  static func behindDate(_ line: UnsafeRawBufferPointer, from start: Int) -> Int {
    var scanner = TextScanner(line, from: start)
    scanner.skipBlanks()
    return scanner.byte().isASCIIDigit && skipDate(&scanner) ? scanner.position : start
  }

  private static func skipPiece(_ scanner: inout TextScanner) -> Bool {
    let start = scanner.position
    scanner.skipBlanks()
    if skipLevel(&scanner) || skipBrackets(&scanner) || skipDate(&scanner) || skipFacility(&scanner)
      || LogPrefix.skip(&scanner) || skipTag(&scanner) || skipMark(&scanner)
    {
      return scanner.position > start
    }
    scanner.position = start
    return false
  }

  /// `<4>`: syslog's number for facility and level (`dmesg -r`, pstore).
  private static func skipLevel(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { $0.skip(UInt8(ascii: "<")) && digits(&$0, 1...3) && $0.skip(UInt8(ascii: ">")) }
  }

  /// `[   12.345678]`, `[   T59]` (CONFIG_PRINTK_CALLER), `[2026-11-27 10:00:00.123]`, `[Fri Nov 27 10:00:00 2026]`.
  private static func skipBrackets(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { scanner in
      guard scanner.skip(UInt8(ascii: "[")) else { return false }
      scanner.skipBlanks()
      let start = scanner.position
      var (hasDigit, hasMark) = (false, false)
      while !scanner.isAtEnd, scanner.byte() != UInt8(ascii: "]") {
        let byte = scanner.byte()
        hasDigit = hasDigit || byte.isASCIIDigit
        hasMark = hasMark || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
        scanner.position += 1
        if scanner.position - start > 40 { return false }
      }
      guard scanner.position > start else { return false }
      // A CPU's number, `[000]`, has neither a point nor a letter.
      let first = scanner.bytes[start]
      let isCaller = first == UInt8(ascii: "T") || first == UInt8(ascii: "C")
      return hasDigit && (hasMark || isCaller) && scanner.skip(UInt8(ascii: "]"))
    }
  }

  /// `2026-11-27T10:00:00.123456+00:00`, `2026-11-27 10:00:00`, `11-27 10:00:00.123`, `10:00:00.123`, `Nov 27 10:00:00`.
  private static func skipDate(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { scanner in
      if scanner.byte().isASCIIDigit {
        if attempt(&scanner, skipDayOfNumbers) {
          guard scanner.skip(UInt8(ascii: "T")) || scanner.skip(UInt8(ascii: " ")) else { return false }
        }
        return skipTimeOfDay(&scanner)
      }
      guard letters(&scanner, 3...3), skipBlank(&scanner), digits(&scanner, 1...2), skipBlank(&scanner) else {
        return false
      }
      return skipTimeOfDay(&scanner)
    }
  }

  private static func skipDayOfNumbers(_ scanner: inout TextScanner) -> Bool {
    guard digits(&scanner, 2...4), scanner.skip(UInt8(ascii: "-")), digits(&scanner, 2...2) else { return false }
    return !scanner.skip(UInt8(ascii: "-")) || digits(&scanner, 2...2)
  }

  private static func skipTimeOfDay(_ scanner: inout TextScanner) -> Bool {
    guard digits(&scanner, 2...2), scanner.skip(UInt8(ascii: ":")), digits(&scanner, 2...2),
      scanner.skip(UInt8(ascii: ":")), digits(&scanner, 2...2)
    else { return false }
    if scanner.skip(UInt8(ascii: ".")) || scanner.skip(UInt8(ascii: ",")) { _ = digits(&scanner, 1...9) }
    if scanner.skip(UInt8(ascii: "Z")) { return true }
    if scanner.byte() == UInt8(ascii: "+") || scanner.byte() == UInt8(ascii: "-"), scanner.byte(1).isASCIIDigit {
      scanner.position += 1
      while scanner.byte().isASCIIDigit || scanner.byte() == UInt8(ascii: ":") { scanner.position += 1 }
    }
    return scanner.byte() <= 0x20
  }

  /// `kern  :warn  : `, as `dmesg -x` prints them.
  private static func skipFacility(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { scanner in
      for _ in 0..<2 {
        guard letters(&scanner, 3...8) else { return false }
        scanner.skipBlanks()
        guard scanner.skip(UInt8(ascii: ":")) else { return false }
      }
      return true
    }
  }

  /// `host kernel: `, `kernel: `, `box rsyslogd[123]: `: up to two words of which the last ends with a colon, but no event's name,
  /// which a time stands before.
  private static func skipTag(_ scanner: inout TextScanner) -> Bool {
    attempt(&scanner) { scanner in
      for _ in 0..<2 {
        let word = scanner.word()
        guard let last = word.last, word.count < 64, !word[0].isASCIIDigit else { return false }
        if last == UInt8(ascii: ":") { return true }
        guard last != UInt8(ascii: "]"), skipBlank(&scanner) else { return false }
      }
      return false
    }
  }

  /// `123:`, `+`, `- `, `* `, `|`: numbers of lines, signs of patches and lists, borders of tables.
  private static func skipMark(_ scanner: inout TextScanner) -> Bool {
    if attempt(&scanner, { digits(&$0, 1...7) && ($0.skip(UInt8(ascii: ":")) || $0.skip(UInt8(ascii: "|"))) }) {
      return true
    }
    for mark in [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "|"), UInt8(ascii: ">")] {
      if scanner.skip(mark) { return true }
    }
    return attempt(&scanner) { digits(&$0, 1...7) && $0.byte() <= 0x20 }
  }

  // MARK: Pieces

  /// Goes back where it does not fit.
  static func attempt(_ scanner: inout TextScanner, _ body: (inout TextScanner) -> Bool) -> Bool {
    let start = scanner.position
    if body(&scanner) { return true }
    scanner.position = start
    return false
  }

  static func skipBlank(_ scanner: inout TextScanner) -> Bool {
    guard scanner.byte() == UInt8(ascii: " ") else { return false }
    scanner.skipBlanks()
    return true
  }

  static func digits(_ scanner: inout TextScanner, _ count: ClosedRange<Int>) -> Bool {
    let start = scanner.position
    while scanner.byte().isASCIIDigit { scanner.position += 1 }
    return count.contains(scanner.position - start)
  }

  static func letters(_ scanner: inout TextScanner, _ count: ClosedRange<Int>) -> Bool {
    let start = scanner.position
    while (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(scanner.byte() | 0x20) { scanner.position += 1 }
    return count.contains(scanner.position - start)
  }
}
