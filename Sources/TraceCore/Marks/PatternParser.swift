/// A pattern's structure.
indirect enum PatternTree {
  case byte(ByteClass)
  case step(BytePattern.Step)
  case sequence([PatternTree])
  case alternatives([PatternTree])
  /// A named group, by the index of its name.
  case group(Int, PatternTree)
  case repeated(PatternTree, Int, Int?, isLazy: Bool)
}

/// Reads a ``BytePattern``.
struct PatternParser {
  typealias Problem = BytePattern.Problem

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private(set) var names: [String] = []

  /// Deeper nesting than this no pattern has: the stack is not to be the limit.
  private static let deepest = 64
  private static let mostRepetitions = 1000

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func parse() throws(Problem) -> PatternTree {
    let tree = try alternatives()
    if position < bytes.count { throw problem("a ) without its (") }
    return tree
  }

  private func problem(_ text: String) -> Problem { Problem(text: text, position: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    for index in 0..<count where bytes[position + index] != text.utf8Start[index] { return false }
    position += count
    return true
  }

  private mutating func alternatives() throws(Problem) -> PatternTree {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.deepest { throw problem("the pattern is nested too deeply") }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func sequence() throws(Problem) -> PatternTree {
    var parts: [PatternTree] = []
    while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      parts.append(try repetition(of: try atom()))
    }
    return .sequence(parts)
  }

  private mutating func repetition(of atom: PatternTree) throws(Problem) -> PatternTree {
    var bounds: (Int, Int?)
    if take("*") {
      bounds = (0, nil)
    } else if take("+") {
      bounds = (1, nil)
    } else if take("?") {
      bounds = (0, 1)
    } else if take("{") {
      bounds = try counts()
    } else {
      return atom
    }
    let isLazy = take("?")
    if let byte = next, "*+{".utf8.contains(byte) { throw problem("a repetition of a repetition") }
    return .repeated(atom, bounds.0, bounds.1, isLazy: isLazy)
  }

  /// `n}`, `n,}` or `n,m}`.
  private mutating func counts() throws(Problem) -> (Int, Int?) {
    guard let least = number() else { throw problem("no number behind {") }
    if take("}") { return (least, least) }
    guard take(",") else { throw problem("no } behind a number of repetitions") }
    if take("}") { return (least, nil) }
    guard let most = number(), take("}"), most >= least else { throw problem("no greater number and } behind {n,") }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let byte = next, byte.isASCIIDigit {
      value = min((value ?? 0) * 10 + Int(byte & 0xf), Self.mostRepetitions)
      position += 1
    }
    return value
  }

  private mutating func atom() throws(Problem) -> PatternTree {
    guard let byte = next else { throw problem("the pattern ends too early") }
    if take("(") { return try group() }
    if take("[") { return .byte(try bracket()) }
    if take("\\b") { return .step(.boundary) }
    if take("\\") { return .byte(try escape()) }
    if take("^") { return .step(.start) }
    if take("$") { return .step(.end) }
    if take(".") { return .byte(.any) }
    if "*+?{".utf8.contains(byte) { throw problem("nothing to repeat") }
    position += 1
    return .byte(ByteClass(byte...byte))
  }

  /// What follows `(`.
  private mutating func group() throws(Problem) -> PatternTree {
    var name: Int?
    if take("?<") || take("?P<") {
      name = try groupName()
    } else if !take("?:"), next == UInt8(ascii: "?") {
      throw problem("such a group is not known; there are (…), (?:…) and (?<name>…)")
    }
    let body = try alternatives()
    guard take(")") else { throw problem("a ( without its )") }
    return name.map { .group($0, body) } ?? body
  }

  private mutating func groupName() throws(Problem) -> Int {
    let start = position
    while let byte = next, ByteClass.word.contains(byte) { position += 1 }
    let name = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !name.isEmpty, take(">") else { throw problem("no name and > behind (?<") }
    guard !names.contains(name) else { throw problem("two groups are called \(name)") }
    names.append(name)
    return names.count - 1
  }

  private mutating func escape() throws(Problem) -> ByteClass {
    guard let byte = next else { throw problem("nothing behind \\") }
    position += 1
    switch byte {
    case UInt8(ascii: "d"): return .digit
    case UInt8(ascii: "D"): return ByteClass.digit.inverted
    case UInt8(ascii: "w"): return .word
    case UInt8(ascii: "W"): return ByteClass.word.inverted
    case UInt8(ascii: "s"): return .space
    case UInt8(ascii: "S"): return ByteClass.space.inverted
    case UInt8(ascii: "t"): return ByteClass(0x09...0x09)
    case UInt8(ascii: "n"): return ByteClass(0x0a...0x0a)
    case _ where ByteClass.word.contains(byte):
      position -= 1
      throw problem("\\\(Character(Unicode.Scalar(byte))) is not known")
    default: return ByteClass(byte...byte)
    }
  }

  /// What follows `[`.
  private mutating func bracket() throws(Problem) -> ByteClass {
    var set = ByteClass()
    let isInverted = take("^")
    var isFirst = true
    while isFirst || next != UInt8(ascii: "]") {
      guard let byte = next else { throw problem("a [ without its ]") }
      isFirst = false
      position += 1
      if byte == UInt8(ascii: "\\") {
        set.formUnion(try escape())
      } else if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "-"),
        bytes[position + 1] != UInt8(ascii: "]")
      {
        let last = bytes[position + 1]
        guard last >= byte else { throw problem("a range that ends before it begins") }
        set.insert(byte...last)
        position += 2
      } else {
        set.insert(byte...byte)
      }
    }
    position += 1
    return isInverted ? set.inverted : set
  }
}
