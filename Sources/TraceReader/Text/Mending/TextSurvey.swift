import TraceCore

/// What a text's beginning shows of the form that it is in, before any line is read.
struct TextSurvey {
  /// How the text as a whole is encoded.
  private(set) var encoding: TextEncoding?
  /// The first event stands in ftrace's columns: nothing need be mended, as far as is known.
  private(set) var isPlain = false
  /// `perf script` has printed it.
  private(set) var isPerf = false
  /// Columns that perf's lines lack.
  private(set) var perfLack: PerfLack?
  /// It is the function_graph tracer's.
  private(set) var isFunctionGraph = false
  /// Columns that events among the function_graph tracer's lines lack.
  private(set) var graphLack: GraphLine.Lack?
  /// Lines that begin with `#` hold events.
  private(set) var isCommentedOut = false
  /// It has the head that the kernel or trace-cmd prints.
  private(set) var hasHead = false
  /// Lines begin with the CPU: who wrote a record is not known.
  private(set) var lacksTasks = false
  /// Lines that were looked at for that.
  private var looks = 0
  private static let mostLooks = 200

  /// - Parameter sample: The text's beginning, decompressed.
  init(_ sample: [UInt8]) {
    sample.withUnsafeBytes { look(at: $0) }
    if isPlain { return }
    encoding = sample.withUnsafeBytes { TextEncoding(of: $0) }
    guard let encoding else { return }
    var (decoder, decoded) = (TextDecoder(encoding), sample)
    let count = decoded.withUnsafeMutableBytes { decoder.decode($0, count: $0.count) }
    decoded.withUnsafeBytes { look(at: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    isPlain = false
  }

  /// Looks for the first line that shows the form.
  private mutating func look(at sample: UnsafeRawBufferPointer) {
    var (parser, perf, graph) = (TextLine(), PerfScriptLine(), GraphLine())
    var isDecided = false
    sample.forEachLine { line in
      guard !line.isEmpty else { return true }
      var scanner = TextScanner(line)
      let start = LinePrefix.places(line)[0]
      // Where fields are wanting the next line may have them.
      if start == 0, line.count > 17, line[16] == UInt8(ascii: "-"), parser.read(&scanner) == .event, !scanner.isAtEnd {
        isDecided = true
        isPlain = !TextEncoding.mayBe(line)
      } else if let plain = MarkupText.plain(line) {
        isDecided = plain.withUnsafeBytes { lookFurther($0, &perf, &graph) }
      } else {
        isDecided = lookFurther(line, &perf, &graph)
      }
      return !isDecided
    }
    if isDecided { return }
    // Texts of the latency format have the dash elsewhere.
    isPlain = Self.isLatencyFormat(sample)
  }

  /// Looks at a line that is not in ftrace's columns.
  /// - Returns: Whether it shows the form.
  private mutating func lookFurther(
    _ line: UnsafeRawBufferPointer, _ perf: inout PerfScriptLine, _ graph: inout GraphLine
  ) -> Bool {
    let start = LinePrefix.places(line)[0]
    let rest = UnsafeRawBufferPointer(rebasing: line[LinePrefix.behindDate(line, from: start)...])
    if perf.read(rest) {
      isPerf = true
    } else if let lack = PerfLack(rest) {
      perfLack = perfLack ?? lack
    } else if !graph.read(UnsafeRawBufferPointer(rebasing: line[start...])), let lack = graph.lack {
      graphLack = graphLack ?? lack
    }
    noteHead(UnsafeRawBufferPointer(rebasing: line[start...]))
    if !lacksTasks, looks < Self.mostLooks, let piece = TornLine(line), piece.lacksTask { lacksTasks = true }
    looks += 1
    return isPerf
  }

  private mutating func noteHead(_ line: UnsafeRawBufferPointer) {
    var (scanner, parser) = (TextScanner(line), TextLine())
    if scanner.has("# tracer: function_graph") { isFunctionGraph = true }
    if scanner.has("# tracer: ") || scanner.has("cpus=") || scanner.has("# entries-in-buffer/") { hasHead = true }
    if !isCommentedOut, scanner.skip(UInt8(ascii: "#")) {
      scanner.skipBlanks()
      isCommentedOut = parser.read(&scanner) == .event
    }
  }

  /// The first event is in the latency format, whose names have eight columns.
  private static func isLatencyFormat(_ sample: UnsafeRawBufferPointer) -> Bool {
    var (parser, isFound) = (TextLine(), false)
    sample.forEachLine { line in
      var scanner = TextScanner(line)
      guard parser.read(&scanner) == .event else { return true }
      isFound = line.count > 9 && line[8] == UInt8(ascii: "-") && !TextEncoding.mayBe(line)
      return false
    }
    return isFound
  }
}

/// How the lines of a text are wrapped, if they are.
struct WrapSurvey {
  /// The length of the longest line.
  private(set) var width = 0
  /// Lines end at one column, wherever it falls, as a terminal wraps them.
  private(set) var isHardWrapped = false

  /// - Parameter sample: The text's beginning, decompressed and decoded.
  init(_ sample: [UInt8]) {
    sample.withUnsafeBytes { sample in
      sample.forEachLine { line in
        width = max(width, line.count)
        return true
      }
      isHardWrapped = width >= 20 && Self.isHardWrapped(sample, width)
    }
  }

  /// Whether lines that something follows which is no line by itself all have the same length: a mailer's have not.
  private static func isHardWrapped(_ sample: UnsafeRawBufferPointer, _ width: Int) -> Bool {
    var (parser, last) = (TextLine(), 0)
    var (wrapped, full) = (0, 0)
    sample.forEachLine { line in
      var kind = TextLine.Kind.foreign
      for place in LinePrefix.places(line).reversed() where kind == .foreign {
        var scanner = TextScanner(line, from: place)
        kind = parser.read(&scanner)
      }
      if kind == .foreign, last > 0 {
        wrapped += 1
        if last == width { full += 1 }
      }
      last = kind == .remark || kind == .loss || kind == .cut ? 0 : line.count
      return true
    }
    return full >= 2 && full * 10 >= wrapped * 8
  }
}

extension UnsafeRawBufferPointer {
  /// The lines of some text, without their ends.
  /// - Parameter body: Returns whether to go on.
  fileprivate func forEachLine(_ body: (UnsafeRawBufferPointer) -> Bool) {
    var start = 0
    while start < count {
      let end = self[start...].firstIndex(of: 0x0a) ?? count
      var stop = end
      if stop > start, self[stop - 1] == 0x0d { stop -= 1 }
      if !body(UnsafeRawBufferPointer(rebasing: self[start..<stop])) { return }
      start = end + 1
    }
  }
}
