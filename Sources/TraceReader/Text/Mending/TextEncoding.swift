import TraceCore

/// How a text is written as a whole, where it is not written as it is.
enum TextEncoding {
  /// Quoted-printable (RFC 2045, 6.7): `=3D` for an equals sign, `=` where a line goes on.
  case quotedPrintable
  /// A string of JavaScript or JSON: `\n`, `\"`, `\u003e`; a backslash where a line goes on.
  case string

  /// - Parameter sample: A text's beginning.
  /// - Returns: `nil` where it is written as it is.
  init?(of sample: UnsafeRawBufferPointer) {
    // Every equals sign is encoded, so that none of a field is left: a plain text has `prev_pid=3`, but not `pid=3D`. Some write small
    // letters.
    let keys = ["_pid", " pid", "_comm", ":comm", " comm", "flags"]
    let isEncoded = ["=3D", "=3d"].contains { sign in
      keys.contains { sample.firstPlace(of: $0 + sign) != nil }
        && ["=\n", "=\r\n", "_prio" + sign, " prio" + sign].contains { sample.firstPlace(of: $0) != nil }
    }
    if isEncoded {
      self = .quotedPrintable
    } else if sample.firstPlace(of: "\\n\\\n") != nil || sample.firstPlace(of: "# tracer: nop\\n") != nil
      || Self.hasEventInString(sample)
    {
      self = .string
    } else {
      return nil
    }
  }

  /// Whether an event's line could be encoded or coloured, at a glance.
  static func mayBe(_ line: UnsafeRawBufferPointer) -> Bool {
    line.last == UInt8(ascii: "=") || line.firstPlace(of: "=3D") != nil || line.firstPlace(of: "=3d") != nil
      || line.firstPlace(of: "\\n") != nil || line.contains(0x1b)
  }

  /// Whether an event begins behind an escaped line end.
  private static func hasEventInString(_ sample: UnsafeRawBufferPointer) -> Bool {
    var (parser, start) = (TextLine(), 0)
    for _ in 0..<64 {
      let rest = UnsafeRawBufferPointer(rebasing: sample[start...])
      guard let place = rest.firstPlace(of: "\\n") else { return false }
      let line = rest[(place + 2)...].prefix(400).prefix { $0 != 0x0a && $0 != UInt8(ascii: "\\") }
      var scanner = TextScanner(UnsafeRawBufferPointer(rebasing: line))
      if parser.read(&scanner) == .event, parser.name.count > 0 { return true }
      start += place + 2
    }
    return false
  }
}

/// Decodes a text's bytes in pieces, in place: what is decoded is never longer.
struct TextDecoder {
  private let encoding: TextEncoding
  /// Bytes of an escape that the piece before has begun.
  private var carried: [UInt8] = []

  init(_ encoding: TextEncoding) { self.encoding = encoding }

  /// Decodes a piece.
  /// - Parameters:
  ///   - bytes: Gets what it is decoded to, at its beginning.
  ///   - count: How many of them the piece has.
  /// - Returns: How many bytes it is decoded to.
  mutating func decode(_ bytes: UnsafeMutableRawBufferPointer, count: Int) -> Int {
    var (used, made) = (0, 0)
    while used < count {
      let byte = bytes[used]
      used += 1
      if carried.isEmpty {
        if byte == escape {
          carried.append(byte)
        } else {
          // The end of a string is that of its last line.
          bytes[made] = byte == UInt8(ascii: "\"") && encoding == .string ? 0x0a : byte
          made += 1
        }
        continue
      }
      carried.append(byte)
      guard let result = decoded(carried) else { continue }
      // Never more than was read of the escape; what was carried over from another piece is one byte when decoded, unless it is none.
      for byte in result where made < used {
        bytes[made] = byte
        made += 1
      }
      carried.removeAll(keepingCapacity: true)
    }
    return made
  }

  private var escape: UInt8 {
    switch encoding {
    case .quotedPrintable: UInt8(ascii: "=")
    case .string: UInt8(ascii: "\\")
    }
  }

  /// - Returns: What an escape stands for; `nil` while it is incomplete.
  private func decoded(_ escape: [UInt8]) -> [UInt8]? {
    switch encoding {
    case .quotedPrintable: Self.quotedPrintable(escape)
    case .string: Self.string(escape)
    }
  }

  private static func quotedPrintable(_ escape: [UInt8]) -> [UInt8]? {
    let last = escape[escape.count - 1]
    // A line that goes on; blanks that a transport has added are not part of it.
    if last == 0x0a { return [] }
    if escape.count == 2, last == 0x0d || last.hexadecimalValue != nil { return nil }
    guard escape.count == 3, let high = escape[1].hexadecimalValue, let low = last.hexadecimalValue else {
      return escape
    }
    return [UInt8(high) << 4 | UInt8(low)]
  }

  private static func string(_ escape: [UInt8]) -> [UInt8]? {
    switch escape[1] {
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"), 0x0a: return []
    case 0x0d: return escape.count == 2 ? nil : []
    case UInt8(ascii: "u"):
      let digits = escape.dropFirst(2)
      guard digits.allSatisfy({ $0.hexadecimalValue != nil }) else { return escape }
      guard digits.count == 4 else { return nil }
      let value = digits.reduce(0) { $0 << 4 | UInt32($1.hexadecimalValue ?? 0) }
      return value < 0x80 ? [UInt8(value)] : [UInt8(ascii: "?")]
    default: return [escape[1]]
    }
  }
}
