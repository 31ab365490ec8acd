import TraceCore

/// A line that is a piece of an event: the others were lost with a wrapped mail, or a log.
///
/// People write between the lines of a trace, and quote fields and events. So a line is taken for a piece only where all of it is what
/// an event's line has in that place: columns (``TornColumns``), fields (``TornFields``), a name with fields.
struct TornLine {
  /// Where it tells.
  private(set) var cpu: CPU?
  /// It begins with the column of tasks.
  private(set) var isHead = false
  /// It begins with the column of CPUs.
  private(set) var lacksTask = false
  /// Where the piece begins in the line, behind what mails and logs have put before it.
  private(set) var place = 0

  /// Mailers and terminals cut at fewer columns.
  private static let longest = 512

  private static let names: Set<[UInt8]> = Set(
    EventMap.standardEntries.flatMap { [Array($0.name.utf8), Array("\($0.system):\($0.name)".utf8)] })

  /// - Parameter line: One that is no event, loss, remark or cut.
  /// - Returns: `nil` where it is no piece of an event.
  init?(_ line: UnsafeRawBufferPointer) {
    guard line.count <= Self.longest, Self.mayBe(line) else { return nil }
    var end = line.count
    while end > 0, line[end - 1] <= 0x20 { end -= 1 }
    let places = LinePrefix.places(line).filter { $0 < end }
    // What stands before a bar could be a prefix.
    for place in places {
      guard let columns = TornColumns(graph: UnsafeRawBufferPointer(rebasing: line[place..<end])) else { continue }
      (self.place, cpu) = (place, columns.cpu)
      return
    }
    for place in places.reversed() {
      let text = UnsafeRawBufferPointer(rebasing: line[place..<end])
      self.place = place
      if let columns = TornColumns(text) {
        (cpu, isHead, lacksTask) = (columns.cpu, columns.isHead, columns.lacksTask)
        return
      }
      if Self.isEvent(text) || TornFields.isPiece(text) { return }
    }
    return nil
  }

  /// Whether a line has any of the signs that every piece has, at a glance.
  private static func mayBe(_ line: UnsafeRawBufferPointer) -> Bool {
    line.contains { byte in
      switch byte {
      case UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "("),
        UInt8(ascii: "|"):
        true
      default: false
      }
    } || line.first == UInt8(ascii: "0")
  }

  /// `sched_switch: prev_comm=…`, also behind a time.
  private static func isEvent(_ text: UnsafeRawBufferPointer) -> Bool {
    var words = text.split { $0 <= 0x20 }[...]
    if words.count > 1, isTime(words[0]) {
      words = words.dropFirst()
      if words.count == 1, let name = words.first, name.count > 3, isCutName(name) { return true }
    }
    guard let name = words.first, name.last == UInt8(ascii: ":"), isName(name.dropLast()) else { return false }
    let rest = words.dropFirst()
    return rest.count <= 1 || rest.contains { TornFields.isField($0) || isPriority($0) }
  }

  /// `1.000100:`, also where its beginning was cut off.
  static func isTime(_ word: some BidirectionalCollection<UInt8>) -> Bool {
    word.count > 1 && word.last == UInt8(ascii: ":")
      && word.dropLast().allSatisfy { $0.isASCIIDigit || $0 == UInt8(ascii: ".") }
  }

  /// `[120]`, as trace-cmd prints it.
  private static func isPriority(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
    word.count > 2 && word.first == UInt8(ascii: "[") && word.last == UInt8(ascii: "]")
      && word.dropFirst().dropLast().allSatisfy(\.isASCIIDigit)
  }

  /// Whether an event of the scheduler or of locks has that name.
  static func isName(_ name: some Sequence<UInt8>) -> Bool { names.contains(Array(name)) }

  /// Whether a name is that of such an event as far as it goes; an empty one is.
  static func isCutName(_ name: some Collection<UInt8>) -> Bool {
    names.contains { $0.count >= name.count && $0.starts(with: name) }
  }

  /// Whether a word, with its colon, is the end of such an event's name.
  static func isNamesEnd(_ word: some BidirectionalCollection<UInt8>) -> Bool {
    guard word.last == UInt8(ascii: ":"), word.count > 3 else { return false }
    let end = word.dropLast()
    return names.contains { $0.count >= end.count && $0.suffix(end.count).elementsEqual(end) }
  }
}
