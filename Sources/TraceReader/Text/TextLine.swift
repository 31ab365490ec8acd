import TraceCore

/// What a line of a text is.
struct TextLine {
  enum Kind: UInt8 {
    /// An event: ``head`` and ``name``. The scanner is left after the name and the blanks there.
    case event
    /// `CPU:2 [LOST 5 EVENTS]` of the kernel, `CPU:2 [5 EVENTS DROPPED]` of trace-cmd: before a record of that CPU
    /// records are missing, with their number if it is known. `##### CPU 2 buffer started ####`: those before its first
    /// one have been overwritten.
    case loss
    /// Comments, headers, and trace-cmd's lines about files.
    case remark
    /// Somebody has cut out lines here.
    case cut
    /// An event, ``head``, whose name is cut off.
    case torn
    /// Anything else.
    case foreign
  }

  private(set) var head = TextHead()
  /// Of an event; empty where the line has none, as those of the function tracers.
  private(set) var name = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Of a loss.
  private(set) var cpu: CPU = 0
  private(set) var count: UInt64?

  /// Reads a line; one value is enough for all lines of a text.
  @inline(__always)
  mutating func read(_ scanner: inout TextScanner) -> Kind {
    Self.skipQuotation(&scanner)
    let start = scanner.position
    let first = scanner.byte()
    // Task names can begin like this too, but the kernel and trace-cmd print most of them after blanks.
    if first != UInt8(ascii: " "), let kind = readRare(&scanner) { return kind }
    scanner.position = start
    guard head.read(&scanner) else {
      scanner.position = start
      scanner.skipBlanks()
      // A frame of the stack of the event before.
      if scanner.isAtEnd || scanner.byte() == 0x0d || scanner.has("=> ") { return .remark }
      scanner.position = start
      if readLossBehindPrefix(&scanner) { return .loss }
      scanner.position = start
      return TextCut.isCut(scanner) ? .cut : .foreign
    }
    let nameStart = scanner.position
    // Letters and underscores, which names mostly consist of, come after the colon in ASCII.
    scanner.skipLetters()
    while scanner.position < scanner.end, !Self.isNameEnd(scanner) {
      scanner.position &+= 1
      scanner.skipLetters()
    }
    let nameEnd = scanner.position
    name = UnsafeRawBufferPointer(rebasing: scanner.bytes[nameStart..<nameEnd])
    if !scanner.skip(UInt8(ascii: ":")), !readNameless(&scanner, from: nameStart) { return .torn }
    scanner.skipBlanks()
    return .event
  }

  /// What has no name where it should be: stacks, lines of the function tracers, and names behind a difference of times.
  /// - Returns: Whether it is any of these, and not a name that is cut off.
  @inline(never)
  private mutating func readNameless(_ scanner: inout TextScanner, from start: Int) -> Bool {
    scanner.position = start
    if scanner.has("<stack trace>") {
      name = Self.stackName
      return true
    }
    if scanner.has("<user stack trace>") {
      name = Self.userStackName
      return true
    }
    // `trace-cmd report --ts-diff`.
    if scanner.skip("(+"), scanner.decimal() != nil || scanner.skip(UInt8(ascii: "-")) {
      scanner.seek(UInt8(ascii: ")"))
      _ = scanner.skip(UInt8(ascii: ")"))
      scanner.skipBlanks()
      let first = scanner.position
      while !scanner.isAtEnd, !Self.isNameEnd(scanner) { scanner.position &+= 1 }
      let end = scanner.position
      if scanner.skip(UInt8(ascii: ":")) {
        name = UnsafeRawBufferPointer(rebasing: scanner.bytes[first..<end])
        return true
      }
      if scanner.isAtEnd, TornLine.isCutName(scanner.bytes[first..<end]) { return false }
    }
    scanner.position = start
    let word = scanner.word()
    scanner.skipBlanks()
    if scanner.isAtEnd || scanner.byte() == 0x0d, TornLine.isCutName(word) { return false }
    scanner.position = start
    name = UnsafeRawBufferPointer(rebasing: scanner.bytes[start..<start])
    return true
  }

  /// As a `trace.dat` calls the records of stacks (kernel/trace/trace_entries.h).
  private static var stackName: UnsafeRawBufferPointer { bytes(of: "kernel_stack") }
  private static var userStackName: UnsafeRawBufferPointer { bytes(of: "user_stack") }

  private static func bytes(of text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// A colon inside of `system:name` is followed by the name.
  @inline(__always)
  private static func isNameEnd(_ scanner: TextScanner) -> Bool {
    let byte = scanner.byte()
    if byte == UInt8(ascii: ":") { return scanner.byte(1) <= 0x20 }
    return byte <= 0x20
  }

  /// `> `, as in quoted mails.
  @inline(__always)
  private static func skipQuotation(_ scanner: inout TextScanner) {
    while scanner.byte() == UInt8(ascii: ">") {
      scanner.position &+= 1
      _ = scanner.skip(UInt8(ascii: " "))
    }
  }

  /// Whether a line is a loss behind any prefix: indentation, a printk time, a list's dash. Nothing else reads like one.
  @inline(never)
  private mutating func readLossBehindPrefix(_ scanner: inout TextScanner) -> Bool {
    let limit = min(scanner.end, scanner.position &+ 100)
    while scanner.position < limit {
      if scanner.has("CPU:") || scanner.has("##### CPU ") {
        let start = scanner.position
        if readRare(&scanner) == .loss { return true }
        scanner.position = start
      }
      scanner.position &+= 1
    }
    return false
  }

  @inline(never)
  private mutating func readRare(_ scanner: inout TextScanner) -> Kind? {
    if scanner.byte() == UInt8(ascii: "#") {
      let start = scanner.position
      guard scanner.skip("##### CPU "), let cpu = scanner.signed(), scanner.has(" buffer started") else {
        scanner.position = start + 1
        return TextCut.isCutComment(scanner) ? .cut : .remark
      }
      (self.cpu, count) = (cpu, nil)
      return .loss
    }
    if scanner.has("cpus=") || scanner.has("version = ") || scanner.has("trace-cmd: ") { return .remark }
    if scanner.skip("CPU:"), let cpu = scanner.signed(), scanner.skip(" [") {
      let isKernels = scanner.skip("LOST ")
      (self.cpu, count) = (cpu, scanner.decimal())
      scanner.skipBlanks()
      return scanner.has(isKernels ? "EVENTS]" : "EVENTS DROPPED]") ? .loss : nil
    }
    return scanner.has("CPU ") && scanner.bytes.count < 40 ? .remark : nil
  }
}
