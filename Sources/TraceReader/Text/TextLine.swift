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
      return scanner.isAtEnd || scanner.byte() == 0x0d ? .remark : .foreign
    }
    let nameStart = scanner.position
    // Letters and underscores, which names mostly consist of, come after the colon in ASCII.
    scanner.skipLetters()
    while scanner.position < scanner.end, !Self.isNameEnd(scanner) {
      scanner.position &+= 1
      scanner.skipLetters()
    }
    let nameEnd = scanner.position
    let hasName = scanner.skip(UInt8(ascii: ":"))
    name = UnsafeRawBufferPointer(rebasing: scanner.bytes[nameStart..<(hasName ? nameEnd : nameStart)])
    scanner.skipBlanks()
    return .event
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

  @inline(never)
  private mutating func readRare(_ scanner: inout TextScanner) -> Kind? {
    if scanner.byte() == UInt8(ascii: "#") {
      guard scanner.skip("##### CPU "), let cpu = scanner.signed(), scanner.has(" buffer started") else {
        return .remark
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
