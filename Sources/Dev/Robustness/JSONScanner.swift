/// Checks a JSON document by the letter of RFC 8259: stricter than parsers are, which forgive what others choke on.
struct JSONScanner {
  private let bytes: [UInt8]
  private(set) var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Returns: What is wrong.
  mutating func document() -> String? {
    if let problem = value(depth: 0) { return problem }
    skipBlanks()
    return place == bytes.count ? nil : "more than one value"
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x09 || byte == 0x0d { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func value(depth: Int) -> String? {
    skipBlanks()
    guard depth < 64 else { return "too deep" }
    switch next {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return array(depth: depth)
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "t"): return word("true")
    case UInt8(ascii: "f"): return word("false")
    case UInt8(ascii: "n"): return word("null")
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> String? {
    place += 1
    if take(UInt8(ascii: "}")) { return nil }
    var keys: Set<ArraySlice<UInt8>> = []
    repeat {
      skipBlanks()
      let start = place
      guard next == UInt8(ascii: "\"") else { return "a key is missing" }
      if let problem = string() { return problem }
      guard keys.insert(bytes[start..<place]).inserted else { return "a key stands twice" }
      guard take(UInt8(ascii: ":")) else { return "a colon is missing" }
      if let problem = value(depth: depth + 1) { return problem }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? nil : "an object does not end"
  }

  private mutating func array(depth: Int) -> String? {
    place += 1
    if take(UInt8(ascii: "]")) { return nil }
    repeat {
      if let problem = value(depth: depth + 1) { return problem }
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? nil : "an array does not end"
  }

  private mutating func string() -> String? {
    place += 1
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return nil
      case 0..<0x20: return "a control byte in a string"
      case UInt8(ascii: "\\"):
        guard let escaped = next else { return "a string does not end" }
        place += 1
        if escaped == UInt8(ascii: "u") {
          guard bytes[place...].prefix(4).count(where: Self.isHex) == 4 else { return "no escape" }
          place += 4
        } else if !"\"\\/bfnrt".utf8.contains(escaped) {
          return "no escape"
        }
      default: break
      }
    }
    return "a string does not end"
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private mutating func word(_ word: StaticString) -> String? {
    let text = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard bytes[place...].starts(with: text) else { return "no value" }
    place += text.count
    return nil
  }

  /// `-? (0 | [1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?`
  private mutating func number() -> String? {
    if next == UInt8(ascii: "-") { place += 1 }
    let start = place
    guard digits() else { return "no value" }
    if bytes[start] == UInt8(ascii: "0"), place > start + 1 { return "a number with a zero in front" }
    if next == UInt8(ascii: ".") {
      place += 1
      guard digits() else { return "a number that ends with a point" }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      place += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
      guard digits() else { return "a number without an exponent" }
    }
    return nil
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private mutating func digits() -> Bool {
    let start = place
    while let byte = next, isDigit(byte) { place += 1 }
    return place > start
  }
}
