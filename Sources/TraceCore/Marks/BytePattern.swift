/// A regular expression over bytes, matched in time proportional to the text, because the text is hostile.
///
/// Characters, `.`, classes `[a-z_]` and `[^…]`, `\d \D \w \W \s \S \b \t \n`, `^`, `$`, alternatives `|`, groups
/// `(…)`, `(?:…)` and `(?<name>…)` or `(?P<name>…)`, and `* + ? {n} {n,} {n,m}`, each also lazy with a `?` after it.
/// The leftmost match counts; of several matches there, the one that the pattern prefers, as in other engines. No back
/// references and no look-around.
struct BytePattern: Sendable {
  /// What is wrong with a pattern, and where: an index into its bytes.
  struct Problem: Error, Equatable {
    var text: String
    var position: Int
  }

  enum Step: Sendable {
    /// One byte out of a class.
    case byte(Int)
    /// Both; the first is preferred.
    case split(Int, Int)
    case jump(Int)
    /// The begin (even) or end (odd) of a named group.
    case save(Int)
    case start, end, boundary
    case match
  }

  private(set) var steps: [Step] = []
  private var classes: [ByteClass] = []
  /// Names of groups. Group `i` begins at place `2 * i` of a match and ends at place `2 * i + 1`.
  private(set) var names: [String] = []
  /// How many parts of the pattern have been compiled.
  private var work = 0

  /// Compiles a pattern.
  init(_ pattern: String) throws(Problem) {
    var parser = PatternParser(Array(pattern.utf8))
    let tree = try parser.parse()
    names = parser.names
    try emit(tree)
    try add(.match)
  }

  /// The leftmost match's named groups, each a range of the text; `nil` where there is no match.
  func match(_ text: UnsafeRawBufferPointer) -> [Range<Int>?]? {
    var matcher = Matcher(places: names.count * 2, steps: steps.count)
    var found: [Int]?
    for position in 0...text.count {
      if found == nil { add(0, Array(repeating: -1, count: names.count * 2), text, position, &matcher) }
      matcher.advance()
      if matcher.current.isEmpty { if found != nil { break } else { continue } }
      threads: for (step, places) in matcher.current {
        switch steps[step] {
        case .match:
          found = places
          // The threads after it are less preferred.
          break threads
        case .byte(let index) where position < text.count && classes[index].contains(text[position]):
          add(step + 1, places, text, position + 1, &matcher)
        default: break
        }
      }
    }
    return found.map { places in
      names.indices.map { places[2 * $0] >= 0 && places[2 * $0 + 1] >= 0 ? places[2 * $0]..<places[2 * $0 + 1] : nil }
    }
  }

  /// Threads of the match: which step each is at, and the places that it has passed.
  private struct Matcher {
    var current: [(step: Int, places: [Int])] = []
    var next: [(step: Int, places: [Int])] = []
    /// Steps that `next` has already, by the generation in which they came.
    var seen: [Int]
    var generation = 1

    init(places: Int, steps: Int) { seen = Array(repeating: 0, count: steps) }

    mutating func advance() {
      swap(&current, &next)
      next.removeAll(keepingCapacity: true)
      generation += 1
    }
  }

  /// Adds a thread, followed through all steps that take no byte. The stack is bounded by the number of steps.
  private func add(
    _ step: Int, _ places: [Int], _ text: UnsafeRawBufferPointer, _ position: Int, _ matcher: inout Matcher
  ) {
    var open = [(step, places)]
    while let (step, places) = open.popLast() {
      if matcher.seen[step] == matcher.generation { continue }
      matcher.seen[step] = matcher.generation
      switch steps[step] {
      case .jump(let to): open.append((to, places))
      case .split(let first, let second): open += [(second, places), (first, places)]
      case .save(let place):
        var places = places
        places[place] = position
        open.append((step + 1, places))
      case .start: if position == 0 { open.append((step + 1, places)) }
      case .end: if position == text.count { open.append((step + 1, places)) }
      case .boundary:
        let before = position > 0 && ByteClass.word.contains(text[position - 1])
        let after = position < text.count && ByteClass.word.contains(text[position])
        if before != after { open.append((step + 1, places)) }
      case .byte, .match: matcher.next.append((step, places))
      }
    }
  }
}

// MARK: - Compilation

extension BytePattern {
  /// More steps than any pattern for a message needs: repetitions of repetitions grow fast.
  private static let largestProgram = 4096

  private mutating func add(_ step: Step) throws(Problem) {
    guard steps.count < Self.largestProgram else { throw Problem(text: "the pattern repeats too much", position: 0) }
    steps.append(step)
  }

  private mutating func emit(_ tree: PatternTree) throws(Problem) {
    // Repeating a part that makes no step takes time too.
    work += 1
    if work > 16 * Self.largestProgram { throw Problem(text: "the pattern repeats too much", position: 0) }
    switch tree {
    case .byte(let set):
      classes.append(set)
      try add(.byte(classes.count - 1))
    case .step(let step): try add(step)
    case .sequence(let parts): for part in parts { try emit(part) }
    case .alternatives(let parts): try emit(alternatives: parts[...])
    case .group(let name, let body):
      try add(.save(2 * name))
      try emit(body)
      try add(.save(2 * name + 1))
    case .repeated(let body, let least, let most, let isLazy):
      for _ in 0..<least { try emit(body) }
      if let most {
        for _ in least..<most { try emit(optional: body, isLazy: isLazy, loops: false) }
      } else {
        try emit(optional: body, isLazy: isLazy, loops: true)
      }
    }
  }

  private mutating func emit(alternatives parts: ArraySlice<PatternTree>) throws(Problem) {
    guard let first = parts.first else { return }
    if parts.count == 1 { return try emit(first) }
    let split = steps.count
    try add(.match)
    try emit(first)
    let jump = steps.count
    try add(.match)
    steps[split] = .split(split + 1, steps.count)
    try emit(alternatives: parts.dropFirst())
    steps[jump] = .jump(steps.count)
  }

  private mutating func emit(optional body: PatternTree, isLazy: Bool, loops: Bool) throws(Problem) {
    let split = steps.count
    try add(.match)
    try emit(body)
    if loops { try add(.jump(split)) }
    steps[split] = isLazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
  }
}

/// A set of bytes.
struct ByteClass: Sendable, Equatable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  static func == (a: ByteClass, b: ByteClass) -> Bool { a.words == b.words }

  init() {}

  init(_ ranges: ClosedRange<UInt8>...) { for range in ranges { insert(range) } }

  static let digit = ByteClass(0x30...0x39)
  static let word = ByteClass(0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f...0x5f)
  static let space = ByteClass(0x09...0x0d, 0x20...0x20)
  /// All but the end of a line.
  static let any = ByteClass(0x00...0x09, 0x0b...0xff)

  mutating func insert(_ range: ClosedRange<UInt8>) { for byte in range { insert(byte) } }

  private mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  mutating func formUnion(_ other: ByteClass) {
    words = (
      words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
    )
  }

  var inverted: ByteClass {
    var result = ByteClass()
    result.words = (~words.0, ~words.1, ~words.2, ~words.3)
    return result
  }

  func contains(_ byte: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: return words.0 & bit != 0
    case 1: return words.1 & bit != 0
    case 2: return words.2 & bit != 0
    default: return words.3 & bit != 0
    }
  }
}
