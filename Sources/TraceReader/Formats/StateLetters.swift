import TraceCore

/// What the bits of `sched_switch.prev_state` mean on the traced kernel, out of the event's own print format:
///
///     (REC->prev_state & MASK) ? __print_flags(REC->prev_state & MASK, "|", { 0x1, "S" }, …) : "R",
///     REC->prev_state & PREEMPTED ? "+" : ""
///
/// (include/trace/events/sched.h). The bits differ between kernels, and so do the expressions.
struct StateLetters: BitwiseCopyable {
  /// ASCII letters of the bits 0 to 7 and 8 to 15, a byte each, 0 where the bit has none. No kernel has more, and two
  /// words are looked up by a shift.
  private var lowLetters: UInt64 = 0
  private var highLetters: UInt64 = 0
  /// Bits that have a letter.
  private(set) var lettered: UInt64 = 0
  /// Bits that are shown at all.
  private(set) var mask: UInt64 = 0
  /// The bits that mean "preempted while running".
  private(set) var preempted: UInt64 = 0

  /// The kernels since 4.14.
  static let recent: StateLetters = {
    var letters = StateLetters()
    for (bit, letter) in "SDTtXZPI".utf8.enumerated() { letters.set(1 << UInt64(bit), letter) }
    (letters.mask, letters.preempted) = (0xff, 0x100)
    return letters
  }()

  private init() {}

  private mutating func set(_ value: UInt64, _ letter: UInt8) {
    guard value.nonzeroBitCount == 1, value < 1 << 16, lettered & value == 0 else { return }
    let bit = UInt64(value.trailingZeroBitCount)
    if bit < 8 { lowLetters |= UInt64(letter) << (8 * bit) } else { highLetters |= UInt64(letter) << (8 * bit - 64) }
    lettered |= value
  }

  /// - Parameter format: What follows `print fmt:`.
  /// - Returns: `nil` where the text has no table of letters.
  init?(printFormat format: some Collection<UInt8>) {
    let bytes = Array(format)
    var seen: UInt64 = 0
    var scanner = ConstantScanner(bytes)
    guard let table = bytes[...].firstRange(ofText: "__print_flags(") else { return nil }
    scanner.position = table.upperBound
    // The mask is the first argument, after `REC->prev_state &`; without one all bits count.
    mask = scanner.skip(past: "prev_state") && scanner.take("&") ? scanner.expression() ?? .max : .max
    while scanner.skip(past: "{", before: ")") {
      guard let value = scanner.expression(), scanner.take(","), let letter = scanner.quotedLetter(), scanner.take("}")
      else { return nil }
      set(value, letter)
      seen += 1
      // No more bits than a state has; each looks for the list's end through all of the text.
      guard seen <= 64 else { return nil }
    }
    guard lettered != 0 else { return nil }
    preempted = Self.preemptedBits(&scanner)
  }

  /// The bits before `? "+"`, 0 where the format has none.
  private static func preemptedBits(_ scanner: inout ConstantScanner) -> UInt64 {
    while scanner.skip(past: "prev_state") {
      let start = scanner.position
      if scanner.take("&"), let bits = scanner.expression(), scanner.take("?"), scanner.take("\"+\"") { return bits }
      scanner.position = start
    }
    return 0
  }

  /// Of several bits the lowest that has a letter counts: old kernels wrote "D|K" for a killable sleep.
  @inline(__always)
  func state(_ raw: UInt64) -> TaskState {
    let shown = raw & mask
    let isPreempted = raw & preempted != 0
    guard shown != 0 else { return TaskState(code: TaskState.running.code, isPreempted: isPreempted) }
    let known = shown & lettered
    guard known != 0 else { return TaskState(code: UInt8(ascii: "?"), isPreempted: isPreempted) }
    let bit = UInt64(known.trailingZeroBitCount)
    let code = UInt8(truncatingIfNeeded: (bit < 8 ? lowLetters : highLetters) &>> (8 &* (bit & 7)))
    return TaskState(code: code, isPreempted: isPreempted)
  }
}

/// Reads the constant expressions that the kernel's macros leave in print formats: numbers, `|`, `+`, `-`, `<<`, `&`
/// and parentheses, with C's precedences.
struct ConstantScanner {
  private let bytes: [UInt8]
  var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func skipBlanks() {
    while position < bytes.count, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
      position += 1
    }
  }

  /// Skips a text if it comes next.
  mutating func take(_ text: String) -> Bool {
    skipBlanks()
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  /// Skips everything up to and including a text, unless `stop` comes before it.
  mutating func skip(past text: StaticString, before stop: StaticString? = nil) -> Bool {
    guard let found = bytes[position...].firstRange(ofText: text) else { return false }
    if let stop, let end = bytes[position...].firstRange(ofText: stop), end.lowerBound < found.lowerBound {
      return false
    }
    position = found.upperBound
    return true
  }

  /// A letter in quotes, the first of several.
  mutating func quotedLetter() -> UInt8? {
    guard take("\""), position < bytes.count, bytes[position] != UInt8(ascii: "\"") else { return nil }
    let letter = bytes[position]
    // It will be printed.
    guard (0x21..<0x7f).contains(letter) else { return nil }
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    position = end + 1
    return letter
  }

  /// A whole expression, `nil` where there is none.
  mutating func expression() -> UInt64? { or(depth: 0) }

  private mutating func or(depth: Int) -> UInt64? {
    guard var value = and(depth: depth) else { return nil }
    while take("|") {
      guard let right = and(depth: depth) else { return nil }
      value |= right
    }
    return value
  }

  private mutating func and(depth: Int) -> UInt64? {
    guard var value = shift(depth: depth) else { return nil }
    while take("&") {
      guard let right = shift(depth: depth) else { return nil }
      value &= right
    }
    return value
  }

  private mutating func shift(depth: Int) -> UInt64? {
    guard var value = sum(depth: depth) else { return nil }
    while take("<<") {
      guard let right = sum(depth: depth) else { return nil }
      value <<= min(right, 64)
    }
    return value
  }

  private mutating func sum(depth: Int) -> UInt64? {
    guard var value = atom(depth: depth) else { return nil }
    while true {
      if take("+") {
        guard let right = atom(depth: depth) else { return nil }
        value &+= right
      } else if take("-") {
        guard let right = atom(depth: depth) else { return nil }
        value &-= right
      } else {
        return value
      }
    }
  }

  private mutating func atom(depth: Int) -> UInt64? {
    // Deeper than any macro nests: a hostile text is not to exhaust the stack.
    guard depth < 64 else { return nil }
    if take("(") {
      guard let value = or(depth: depth + 1), take(")") else { return nil }
      return value
    }
    return number()
  }

  /// Decimal, hexadecimal or octal, with C's suffixes.
  private mutating func number() -> UInt64? {
    skipBlanks()
    let start = position
    while position < bytes.count, bytes[position].isASCIIAlphanumeric { position += 1 }
    var word = bytes[start..<position]
    while let last = word.last, "uUlL".utf8.contains(last) { word = word.dropLast() }
    if word.starts(with: Array("0x".utf8)) { return MetadataText.hexadecimal(word.dropFirst(2)) }
    if word.count > 1, word.first == UInt8(ascii: "0") {
      return UInt64(String(decoding: word, as: UTF8.self), radix: 8)
    }
    return MetadataText.decimal(word)
  }
}
