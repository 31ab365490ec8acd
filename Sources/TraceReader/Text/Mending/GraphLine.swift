import TraceCore

/// An event among the function_graph tracer's lines: ` 12.345678 |   0)  owner-60  |  d..2. |  /* sched_switch: … */`.
///
/// Time and task are there with the options funcgraph-abstime and funcgraph-proc alone (kernel/trace/trace_functions_graph.c).
struct GraphLine {
  /// The line in the columns of the latency format, where it is one: it cuts names too.
  private(set) var text: [UInt8] = []
  /// It has an event, but not its time or task.
  private(set) var lacksColumns = false

  /// - Returns: Whether it is one, with all that is needed.
  mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
    (text, lacksColumns) = ([], false)
    guard let begin = line.firstPlace(of: "/* "), let end = line.firstPlace(of: " */"), begin < end,
      let cpuEnd = line[..<begin].firstIndex(of: UInt8(ascii: ")"))
    else { return false }
    let event = line[begin + 3..<end]
    guard let colon = event.firstIndex(of: UInt8(ascii: ":")), colon > event.startIndex,
      !event[..<colon].contains(UInt8(ascii: " "))
    else { return false }
    lacksColumns = true
    var scanner = TextScanner(line)
    scanner.skipBlanks()
    let start = scanner.position
    guard scanner.decimal() != nil, scanner.skip(UInt8(ascii: ".")), scanner.decimal() != nil else { return false }
    let time = line[start..<scanner.position]
    scanner.skipBlanks()
    guard scanner.skip(UInt8(ascii: "|")) else { return false }
    scanner.skipBlanks()
    guard let cpu = scanner.decimal(), scanner.position == cpuEnd else { return false }
    scanner.position += 1
    scanner.skipBlanks()
    // `comm-pid`, whose name is cut to seven bytes.
    guard let bar = line[scanner.position..<begin].firstIndex(of: UInt8(ascii: "|")),
      let dash = line[scanner.position..<bar].lastIndex(of: UInt8(ascii: "-"))
    else { return false }
    var digits = TextScanner(line, from: dash + 1)
    guard let pid = digits.decimal() else { return false }
    text = Array("   <...>-\(pid) \(cpu) ".utf8) + time + Array(": ".utf8) + event
    lacksColumns = false
    return true
  }
}
