import TraceCore

/// An event among the function_graph tracer's lines: ` 12.345678 |   0)  owner-60  |  d..2. |  /* sched_switch: … */`.
///
/// Time and task are there with the options funcgraph-abstime and funcgraph-proc alone, the CPU without no-funcgraph-cpu
/// (kernel/trace/trace_functions_graph.c).
struct GraphLine {
  /// Columns that an event may lack.
  struct Lack: OptionSet {
    let rawValue: Int
    static let time = Lack(rawValue: 1)
    static let cpu = Lack(rawValue: 2)
    static let task = Lack(rawValue: 4)
  }

  /// The line in the columns of a trace, where it is one. Names are cut, so they are none.
  private(set) var text: [UInt8] = []
  /// What an event that it has lacks; `nil` where it has none.
  private(set) var lack: Lack?

  /// - Returns: Whether it is one, with all that is needed.
  mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
    (text, lack) = ([], nil)
    guard let bar = line.firstIndex(of: UInt8(ascii: "|")), let begin = line.firstPlace(of: "/* "), bar < begin,
      let end = line.firstPlace(of: " */"), begin < end
    else { return false }
    let event = line[begin + 3..<end]
    guard let colon = event.firstIndex(of: UInt8(ascii: ":")), colon > event.startIndex,
      !event[..<colon].contains(UInt8(ascii: " "))
    else { return false }
    var scanner = TextScanner(line)
    var lack: Lack = []
    let time = Self.time(&scanner)
    if time == nil { lack.insert(.time) }
    let cpu = Self.cpu(&scanner)
    if cpu == nil { lack.insert(.cpu) }
    scanner.skipBlanks()
    let task = line[scanner.position..<begin].firstIndex(of: UInt8(ascii: "|")).flatMap { bar in
      Self.pid(line, scanner.position..<bar)
    }
    if task == nil { lack.insert(.task) }
    self.lack = lack
    guard let time, let cpu, let task else { return false }
    text = Array("           <...>-\(task) [\(cpu)] ".utf8) + Self.flags(line[scanner.position..<begin])
    text += line[time] + Array(": ".utf8) + event
    return true
  }

  /// ` 12.345678 |`.
  static func time(_ scanner: inout TextScanner) -> Range<Int>? {
    scanner.skipBlanks()
    let start = scanner.position
    guard scanner.decimal() != nil, scanner.skip(UInt8(ascii: ".")), scanner.decimal() != nil else {
      scanner.position = start
      return nil
    }
    let time = start..<scanner.position
    scanner.skipBlanks()
    guard scanner.skip(UInt8(ascii: "|")) else {
      scanner.position = start
      return nil
    }
    return time
  }

  /// `  0)`.
  private static func cpu(_ scanner: inout TextScanner) -> UInt64? {
    scanner.skipBlanks()
    let start = scanner.position
    guard let cpu = scanner.decimal(), scanner.skip(UInt8(ascii: ")")) else {
      scanner.position = start
      return nil
    }
    return cpu
  }

  /// `comm-pid`, whose name is cut to seven bytes.
  private static func pid(_ line: UnsafeRawBufferPointer, _ column: Range<Int>) -> UInt64? {
    guard let dash = line[column].lastIndex(of: UInt8(ascii: "-")) else { return nil }
    var digits = TextScanner(line, from: dash + 1)
    return digits.decimal()
  }

  /// `| d..2. |`, with the option latency-format.
  private static func flags(_ columns: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    let word = columns.split { $0 <= 0x20 || $0 == UInt8(ascii: "|") }.first { word in
      (4...7).contains(word.count) && word.allSatisfy { $0 == UInt8(ascii: ".") || $0 > 0x2f && $0 < 0x7b }
        && (word.contains(UInt8(ascii: ".")) && !word.prefix(3).contains(where: \.isASCIIDigit))
    }
    return word.map { Array($0) + [UInt8(ascii: " ")] } ?? []
  }

  // MARK: Other lines

  /// Whether it is a line about a function, from its columns to its end.
  static func isFunction(_ line: UnsafeRawBufferPointer) -> Bool {
    guard line.contains(UInt8(ascii: "|")) || line.firstPlace(of: " => ") != nil else { return false }
    var scanner = TextScanner(line)
    let hasTime = time(&scanner) != nil
    guard cpu(&scanner) != nil || hasTime else { return false }
    return isComplete(line)
  }

  /// Whether the line ends as these lines do.
  static func isComplete(_ line: UnsafeRawBufferPointer) -> Bool {
    var end = line.count
    while end > 0, line[end - 1] <= 0x20 { end -= 1 }
    guard end > 0 else { return false }
    switch line[end - 1] {
    case UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "/"): return true
    // Interrupts, and another task on the CPU.
    default: return line.firstPlace(of: "=====") != nil || line.firstPlace(of: " => ") != nil
    }
  }
}
