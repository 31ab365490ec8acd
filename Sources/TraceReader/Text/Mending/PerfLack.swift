import TraceCore

/// What keeps the lines of `perf script` from being used: columns that `-F` has left out, without which no event has its place.
struct PerfLack: OptionSet {
  let rawValue: Int

  static let task = PerfLack(rawValue: 1)
  static let cpu = PerfLack(rawValue: 2)
  static let time = PerfLack(rawValue: 4)
  static let event = PerfLack(rawValue: 8)
  /// It is of `perf trace`, which prints neither CPUs nor the time of the machine.
  static let isPerfTrace = PerfLack(rawValue: 16)

  init(rawValue: Int) { self.rawValue = rawValue }

  /// - Parameter line: One that ``PerfScriptLine`` does not read.
  /// - Returns: `nil` where it is none of perf's.
  init?(_ line: UnsafeRawBufferPointer) {
    for name in ["sched:sched_", "lock:contention_", "lock:contended_"] {
      guard let place = line.firstPlace(of: name), place == 0 || line[place - 1] == UInt8(ascii: " ") else { continue }
      if Self.isOfPerfTrace(line, place) {
        self = .isPerfTrace
        return
      }
      self = Self.lack(Array(line[..<place]))
      return
    }
    guard let place = line.firstPlace(of: "prev_comm="), place > 0, line[place - 1] == UInt8(ascii: " ") else {
      return nil
    }
    let lack = Self.lack(Array(line[..<place]))
    guard !lack.contains(.time), line[..<place].last(where: { $0 > 0x20 }) == UInt8(ascii: ":") else { return nil }
    let word = line[..<place].split(separator: UInt8(ascii: " ")).last ?? line[..<0]
    guard Self.isTime(word) else { return nil }
    self = lack.union(.event)
  }

  private static func isOfPerfTrace(_ line: UnsafeRawBufferPointer, _ place: Int) -> Bool {
    let head = line[place...].prefix(40)
    return head.contains(UInt8(ascii: "(")) && !head.contains(UInt8(ascii: "="))
      && ["_comm: \"", "comm: \"", "lock_addr: "].contains { line.firstPlace(of: $0) != nil }
  }

  /// - Parameter columns: What stands before the event.
  private static func lack(_ columns: [UInt8]) -> PerfLack {
    let words = columns.split { $0 <= 0x20 }
    let cpu = words.firstIndex { $0.count > 2 && $0.first == UInt8(ascii: "[") && $0.last == UInt8(ascii: "]") }
    let time = words.firstIndex { isTime($0) }
    let task = words[..<(cpu ?? time ?? words.count)].contains { word in
      word.allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: "/") }
    }
    var lack: PerfLack = []
    if !task { lack.insert(.task) }
    if cpu == nil { lack.insert(.cpu) }
    if time == nil { lack.insert(.time) }
    return lack
  }

  /// `1.000100:`
  private static func isTime(_ word: some BidirectionalCollection<UInt8>) -> Bool {
    word.contains(UInt8(ascii: ".")) && TornLine.isTime(word)
  }

  /// `the columns of CPUs and times`.
  var columns: String {
    let names = [(PerfLack.task, "tasks"), (.cpu, "CPUs"), (.time, "times"), (.event, "events")].filter {
      contains($0.0)
    }
    .map(\.1)
    guard let last = names.last else { return "" }
    if names.count == 1 { return "the column of \(last)" }
    return "the columns of \(names.dropLast().joined(separator: ", ")) and \(last)"
  }
}
