import TraceCore

/// Puts the lines of a text into the form in which ``TextLine`` reads them: without what mails, logs and pages put before them, wrapped
/// lines in one piece, perf's and function_graph's lines in ftrace's columns.
///
/// A line comes out as it is where ``TextLine`` reads it as it is. So a text that needs no mending is the same with it as without;
/// reading without it is faster by far, and is what a text begins with (``TextScan/needsFullScan(_:_:)``).
final class TextMender {
  private var pending = MendedLine()
  private var scratch = MendedLine()
  private var hasPending = false
  private var parser = TextLine()
  private var perf = PerfScriptLine()
  private var graph = GraphLine()
  private let joiner: LineJoiner
  private let isPerf: Bool
  /// Lines were parts of a string; what stood around it are lines too.
  private let isString: Bool
  /// The line that is complete; owned here.
  private let output: UnsafeMutableRawBufferPointer
  private var readyLine: TextSource.Line

  init(_ map: EventMap, _ survey: TextSurvey, _ wrap: WrapSurvey) {
    (isPerf, isString) = (survey.isPerf, survey.encoding == .string)
    joiner = LineJoiner(map, wrap)
    output = .allocate(byteCount: MendedLine.longest, alignment: 16)
    readyLine = TextSource.Line(bytes: UnsafeRawBufferPointer(output), offset: 0, isTooLong: false)
  }

  deinit { output.deallocate() }

  /// Takes the text's next line.
  /// - Returns: The line before it, once it is known to be complete; valid until the next call.
  func push(_ line: TextSource.Line) -> TextSource.Line? {
    scratch.begin(line)
    if !line.isTooLong { clean(line.bytes) }
    guard hasPending else {
      swap(&pending, &scratch)
      hasPending = true
      return nil
    }
    // `=> ` begins a frame of a stack, or is the arrow of a switch that was cut in two.
    if scratch.kind == .foreign || scratch.isFrame, !scratch.isTooLong, joiner.join(scratch, to: &pending) {
      return nil
    }
    let ready = release()
    swap(&pending, &scratch)
    hasPending = true
    return ready
  }

  /// The text's last line.
  func finish() -> TextSource.Line? { hasPending ? release() : nil }

  /// Whether the line that comes next is wanted, as far as it is known: what the line after it may add is not.
  func isNext(_ isWanted: (UnsafeRawBufferPointer) -> Bool) -> Bool {
    hasPending && pending.bytes.withUnsafeBytes { isWanted($0) }
  }

  /// Forgets what it has: the text begins again.
  func reset() { hasPending = false }

  private func release() -> TextSource.Line {
    hasPending = false
    let count = min(pending.bytes.count, output.count)
    pending.bytes.withUnsafeBytes { output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    readyLine.bytes = UnsafeRawBufferPointer(rebasing: output[..<count])
    (readyLine.offset, readyLine.isTooLong) = (pending.offset, pending.isTooLong)
    return readyLine
  }

  // MARK: One line

  private func clean(_ line: UnsafeRawBufferPointer) {
    // Most lines of most texts.
    if !isPerf, line.count > 17, line[16] == UInt8(ascii: "-"), !line.contains(UInt8(ascii: "&")), !line.contains(0x1b),
      take(line, from: 0, isRegular: true)
    {
      return
    }
    if let plain = MarkupText.plain(line) { return plain.withUnsafeBytes { cleanPlain($0) } }
    cleanPlain(line)
  }

  private func cleanPlain(_ line: UnsafeRawBufferPointer) {
    // Braces, commas and keys.
    if isString, line.count < 48, !line.contains(where: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }) {
      return scratch.set([], .remark)
    }
    if let inner = QuotedText.inner(line, from: LinePrefix.places(line)[0]) {
      inner.withUnsafeBytes { cleanUnquoted($0) }
      if scratch.kind != .foreign { return }
      scratch.clear()
    }
    cleanUnquoted(line)
  }

  private func cleanUnquoted(_ line: UnsafeRawBufferPointer) {
    let places = LinePrefix.places(line)
    if isPerf, takePerf(line, places) { return }
    for place in places.reversed() where take(line, from: place, isRegular: false) { return }
    for place in places {
      let rest = UnsafeRawBufferPointer(rebasing: line[place...])
      if graph.read(rest) { return takeRewritten(graph.text) }
      if GraphLine.isFunction(rest) { return scratch.set([], .remark) }
    }
    // The beginning of a line whose rest may come next stands behind the prefix.
    if places.count > 1, let torn = TornLine(line), torn.isHead { return scratch.set(line[torn.place...], .foreign) }
    scratch.set(line[places[0]...], .foreign)
    if places[0] > 0 { scratch.setUnquoted(line) }
  }

  private func takePerf(_ line: UnsafeRawBufferPointer, _ places: [Int]) -> Bool {
    // What is too long for a task's name has a prefix in it.
    let start = LinePrefix.behindDate(line, from: places[0])
    for place in [start] + places {
      if perf.read(UnsafeRawBufferPointer(rebasing: line[place...])), perf.hasName || place == places.last {
        takeRewritten(perf.text)
        return true
      }
    }
    let rest = UnsafeRawBufferPointer(rebasing: line[start...])
    if perf.read(rest) {
      takeRewritten(perf.text)
    } else if perf.isRemark || PerfScriptLine.isSource(rest) {
      scratch.set([], .remark)
    } else if Self.isFrame(line, from: start) {
      scratch.set(StackFrame.ofKernel(rest), .remark)
    } else if let head = PerfScriptLine.cutHead(rest) {
      takeRewritten(head)
    } else {
      return false
    }
    return true
  }

  /// Takes the line from a place on, if it is anything there.
  private func take(_ line: UnsafeRawBufferPointer, from place: Int, isRegular: Bool) -> Bool {
    var scanner = TextScanner(line, from: place)
    var kind = parser.read(&scanner)
    var start = place
    if kind == .foreign, !isRegular {
      // Marks of losses and remarks stand in the first column, but not in an indented text.
      scanner.position = place
      scanner.skipBlanks()
      start = scanner.position
      if Self.isFraming(scanner) {
        scratch.set([], .remark)
        return true
      }
      kind = parser.read(&scanner)
    }
    if kind == .foreign { return false }
    scratch.set(line[start...], kind)
    return true
  }

  private func takeRewritten(_ text: [UInt8]) {
    let kind = text.withUnsafeBytes { bytes in
      var scanner = TextScanner(bytes)
      return parser.read(&scanner)
    }
    scratch.set(text[...], kind)
  }

  /// What `ftrace_dump()` and pstore print around the lines (kernel/trace/trace.c, fs/pstore/platform.c).
  private static func isFraming(_ scanner: TextScanner) -> Bool {
    scanner.has("Dumping ftrace buffer:") || scanner.has("---------------") || scanner.has("(ftrace buffer empty)")
      || scanner.has("Panic#") || scanner.has("Oops#")
  }

  /// `ffffffff8100abcd schedule+0x2a ([kernel.kallsyms])`: a frame of a stack.
  private static func isFrame(_ line: UnsafeRawBufferPointer, from start: Int) -> Bool {
    var scanner = TextScanner(line, from: start)
    scanner.skipBlanks()
    let isIndented = scanner.position > start
    let first = scanner.position
    guard isIndented, scanner.hexadecimal() != nil, scanner.byte() == UInt8(ascii: " ") else { return false }
    // `0 [unknown] ([unknown])` may be a frame too.
    return scanner.position - first >= 4 || line.last == UInt8(ascii: ")")
  }
}

/// A line that is being put together.
struct MendedLine {
  /// In bytes: a longest line with what was joined to it.
  static let longest = TextSource.longestLine + 4096

  private(set) var bytes: [UInt8] = []
  private(set) var kind = TextLine.Kind.foreign
  private(set) var offset: UInt64 = 0
  private(set) var isTooLong = false
  /// What the line is if what looks like a quotation mark is none; empty where there is none.
  private(set) var unquoted: [UInt8] = []
  /// The pieces that were joined.
  private(set) var pieces: [[UInt8]] = []
  /// The length of the last line of the text that is in it, as it stands there.
  private(set) var lastLength = 0
  /// That line ends with a backslash: it goes on in the next one.
  private(set) var isContinued = false

  mutating func begin(_ line: TextSource.Line) {
    bytes.removeAll(keepingCapacity: true)
    pieces.removeAll(keepingCapacity: true)
    unquoted.removeAll(keepingCapacity: true)
    (kind, offset, isTooLong, lastLength) = (.foreign, line.offset, line.isTooLong, line.bytes.count)
    if line.isTooLong { bytes.append(contentsOf: line.bytes) }
    if line.bytes.last == 0x0d { lastLength -= 1 }
    isContinued = lastLength > 0 && line.bytes[lastLength - 1] == UInt8(ascii: "\\")
  }

  mutating func set(_ text: some Sequence<UInt8>, _ kind: TextLine.Kind) {
    bytes.append(contentsOf: text)
    // Wrapped lines keep a carriage return each.
    if bytes.last == 0x0d { bytes.removeLast() }
    if isContinued, bytes.last == UInt8(ascii: "\\") { bytes.removeLast() }
    self.kind = kind
  }

  /// Forgets what it was set to.
  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    unquoted.removeAll(keepingCapacity: true)
    kind = .foreign
  }

  /// Whether it is a frame of a kernel's stack in ftrace's form, as far as it can be told without the line before it.
  var isFrame: Bool {
    kind == .remark && bytes.starts(with: [UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: " ")])
  }

  mutating func setUnquoted(_ text: UnsafeRawBufferPointer) { unquoted.append(contentsOf: text) }

  /// Gets another piece, of a line.
  mutating func extend(by piece: [UInt8], of line: MendedLine, to joined: [UInt8]) {
    if pieces.isEmpty { pieces.append(bytes) }
    pieces.append(piece)
    (bytes, kind, lastLength, isContinued) = (joined, .event, line.lastLength, line.isContinued)
  }
}
