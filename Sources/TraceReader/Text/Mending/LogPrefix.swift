import TraceCore

/// What loggers besides syslog put before a line. As with ``LinePrefix``, it is taken away only where an event follows.
enum LogPrefix {
  static func skip(_ scanner: inout TextScanner) -> Bool {
    skipRecord(&scanner) || skipSeconds(&scanner) || skipStream(&scanner) || skipContainer(&scanner)
      || skipLogcat(&scanner) || skipStructured(&scanner) || skipPlace(&scanner) || skipThread(&scanner)
  }

  /// `6,1234,12345678,-;`, `6,1234,12345678,-,caller=T59;`, with a release before it: /dev/kmsg, netconsole
  /// (Documentation/ABI/testing/dev-kmsg, Documentation/networking/netconsole.rst).
  private static func skipRecord(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      guard scanner.byte().isASCIIDigit else { return false }
      let start = scanner.position
      var commas = 0
      while !scanner.isAtEnd, scanner.position - start < 96, scanner.byte() > 0x20, scanner.byte() != UInt8(ascii: ";")
      {
        if scanner.byte() == UInt8(ascii: ",") { commas += 1 }
        scanner.position += 1
      }
      return commas >= 3 && scanner.skip(UInt8(ascii: ";"))
    }
  }

  /// `1795773600.123456 `: seconds since 1970.
  private static func skipSeconds(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) {
      LinePrefix.digits(&$0, 9...10) && $0.skip(UInt8(ascii: ".")) && LinePrefix.digits(&$0, 1...9)
        && $0.byte() <= 0x20
    }
  }

  /// `stderr F `: containers, as Kubernetes keeps their lines.
  private static func skipStream(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      guard scanner.skip("stdout ") || scanner.skip("stderr ") else { return false }
      return scanner.skip("F ") || scanner.skip("P ")
    }
  }

  /// `kernel_1  | `: docker compose.
  private static func skipContainer(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      let name = scanner.word()
      // Of numbers function_graph's columns are made.
      guard name.count < 64, name.contains(where: { $0 >= UInt8(ascii: "A") }), LinePrefix.skipBlank(&scanner) else {
        return false
      }
      return scanner.skip("| ")
    }
  }

  /// `  root     0     0 W kernel  : `, behind the time: user, process, thread, level, tag (logcat).
  private static func skipLogcat(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      if !scanner.byte().isASCIIDigit {
        guard (1..<16).contains(scanner.word().count), LinePrefix.skipBlank(&scanner) else { return false }
      }
      var numbers = 0
      while numbers < 3, LinePrefix.attempt(&scanner, { LinePrefix.digits(&$0, 1...7) && LinePrefix.skipBlank(&$0) }) {
        numbers += 1
      }
      guard numbers >= 2, "VDIWEF".utf8.contains(scanner.byte()), scanner.byte(1) == UInt8(ascii: " ") else {
        return false
      }
      scanner.position += 2
      let start = scanner.position
      scanner.seek(UInt8(ascii: ":"))
      return scanner.position - start < 40 && scanner.skip(": ")
    }
  }

  /// `1 2026-11-27T10:00:00Z box kernel - - - `, behind the time: host, program, process, message, data (RFC 5424).
  private static func skipStructured(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      for _ in 0..<4 {
        guard (1..<64).contains(scanner.word().count), LinePrefix.skipBlank(&scanner) else { return false }
      }
      return scanner.skip("- ")
    }
  }

  /// `../logs/dmesg-3.log:123:`: a file and a line's number (`grep -n`).
  private static func skipPlace(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { scanner in
      let start = scanner.position
      while !scanner.isAtEnd, scanner.byte() > 0x20, scanner.byte() != UInt8(ascii: ":") { scanner.position += 1 }
      guard (1..<128).contains(scanner.position - start), scanner.skip(UInt8(ascii: ":")) else { return false }
      return LinePrefix.digits(&scanner, 1...7) && scanner.skip(UInt8(ascii: ":"))
    }
  }

  /// `-(0)`: interrupts and CPU, before a thread in brackets (MediaTek's printk).
  private static func skipThread(_ scanner: inout TextScanner) -> Bool {
    LinePrefix.attempt(&scanner) { $0.skip("-(") && LinePrefix.digits(&$0, 1...3) && $0.skip(UInt8(ascii: ")")) }
  }
}
