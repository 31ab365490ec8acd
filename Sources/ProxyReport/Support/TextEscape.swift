public import TraceCore

/// Makes hostile text safe to show: characters that would move the cursor, change the terminal's state or reorder the line
/// become escapes. A backslash is doubled, so that no text can look like an escape.
public enum TextEscape {
  /// Whether a scalar is shown by its number: control characters, bidi marks and other invisible characters, and code points
  /// without a meaning.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
    default: false
    }
  }

  /// Text that is safe on a terminal.
  public static func terminal(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isUnsafe($0) || $0 == "\\" }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars { append(scalar, to: &result) }
    return result
  }

  /// A task's name that is safe on a terminal; bytes that are no UTF-8 appear as `\xff`.
  public static func terminal(_ comm: Comm) -> String {
    let bytes = comm.bytes
    if let text = String(validating: bytes, as: UTF8.self) { return terminal(text) }
    var result = ""
    var decoder = UTF8.ForwardParser()
    var input = bytes.makeIterator()
    var place = 0
    while true {
      switch decoder.parseScalar(from: &input) {
      case .valid(let encoded):
        append(UTF8.decode(encoded), to: &result)
        place += encoded.count
      case .error(let length):
        for byte in bytes[place..<min(place + length, bytes.count)] { result += hex(UInt32(byte)) }
        place += length
      case .emptyInput:
        return result
      }
    }
  }

  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    switch scalar {
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where isUnsafe(scalar): result += scalar.value < 0x80 ? hex(scalar.value) : unicode(scalar)
    default: result.unicodeScalars.append(scalar)
    }
  }

  private static func hex(_ byte: UInt32) -> String {
    let digits = String(byte, radix: 16)
    return "\\x" + (digits.count < 2 ? "0" : "") + digits
  }

  private static func unicode(_ scalar: Unicode.Scalar) -> String {
    "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
  }

  /// How many columns of a terminal an escaped text takes: two for East Asian wide characters and emoji, none for combining
  /// marks.
  static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    // Unicode's East_Asian_Width W and F, by block (UAX #11).
    return switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}
