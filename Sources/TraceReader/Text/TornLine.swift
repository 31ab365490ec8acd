import TraceCore

/// A line that is a piece of an event: the others were lost with a wrapped mail, or a log.
///
/// People write between the lines of a trace, and quote fields and events. So a line is taken for a piece only where it holds little
/// else than fields, or what stands in a line's columns.
struct TornLine {
  /// Where it tells.
  private(set) var cpu: CPU?

  private static let keys: Set<[UInt8]> = Set(
    [
      "prev_comm", "prev_pid", "prev_prio", "prev_state", "next_comm", "next_pid", "next_prio", "comm", "pid", "prio",
      "target_cpu", "success", "orig_cpu", "dest_cpu", "oldprio", "newprio", "parent_comm", "parent_pid", "child_comm",
      "child_pid", "(flags", "flags", "(ret", "ret", "lock_addr", "old_pid", "oldcomm", "newcomm",
    ].map { Array($0.utf8) })
  private static let names: Set<[UInt8]> = Set(
    EventMap.standardEntries.flatMap { [Array($0.name.utf8), Array("\($0.system):\($0.name)".utf8)] })

  /// Keys that other events have too.
  private static let common: Set<[UInt8]> = Set(
    ["comm", "pid", "prio", "target_cpu", "success", "flags", "ret", "parent_pid", "child_pid"].map { Array($0.utf8) })

  /// Whether events of the scheduler or of locks have a field of that name.
  /// - Parameter onlyOwn: Whether they alone.
  static func isKey(_ key: ArraySlice<UInt8>, onlyOwn: Bool) -> Bool {
    keys.contains(Array(key)) && !(onlyOwn && common.contains(Array(key)))
  }

  /// - Parameter line: One that is no event, loss, remark or cut.
  /// - Returns: `nil` where it is no piece of an event.
  init?(_ line: UnsafeRawBufferPointer) {
    // Mailers and terminals cut at fewer columns.
    guard line.count <= 512 else { return nil }
    for place in LinePrefix.places(line).reversed() {
      let words = line[place...].split { $0 <= 0x20 }
      if isColumns(words) || Self.isFields(words[...]) || Self.isEvent(words[...]) { return }
    }
    return nil
  }

  private typealias Word = Slice<UnsafeRawBufferPointer>

  /// `owner-60 [000] d..2.`, `[000] d..2. 1.000100: sched_switch: …`: columns without the beginning, or without the rest.
  private mutating func isColumns(_ words: [Word]) -> Bool {
    guard let place = words.prefix(3).firstIndex(where: { Self.cpu($0) != nil }) else { return false }
    let rest = words[(place + 1)...]
    let hasTask = place > 0 && Self.isTask(words[place - 1])
    let isHead = hasTask && rest.count <= 2 && rest.allSatisfy { Self.isFlags($0) || Self.isTime($0) }
    guard
      isHead || rest.prefix(2).contains(where: Self.isTime) && Self.isEvent(rest.drop { !Self.isTime($0) }.dropFirst())
    else { return false }
    cpu = Self.cpu(words[place])
    return true
  }

  /// `prev_pid=60 prev_prio=139 prev_state=R ==> next_comm=mid`, `[139] S ==> mid:62 [120]`, `(flags=MUTEX)`.
  private static func isFields(_ words: ArraySlice<Word>) -> Bool {
    let count = words.count { isField($0) }
    // Names of tasks may have blanks.
    let isMostly = count > 0 && (count == words.count || count >= 2 && 2 * count >= words.count)
    guard let arrow = words.firstIndex(where: { $0.elementsEqual("==>".utf8) }) else { return isMostly }
    return isMostly || count > 0 && words.count <= count + 4
      || words[arrow...].count <= 4 && words.contains(where: isPriority)
  }

  /// `sched_switch: prev_comm=…`, also behind a time.
  private static func isEvent(_ words: ArraySlice<Word>) -> Bool {
    guard let first = words.first else { return false }
    let words = isTime(first) ? words.dropFirst() : words
    guard let name = words.first, name.last == UInt8(ascii: ":"), names.contains(Array(name.dropLast())) else {
      return false
    }
    let rest = words.dropFirst()
    return rest.isEmpty || rest.contains { isField($0) || isPriority($0) } || rest.count == 1
  }

  private static func isField(_ word: Word) -> Bool {
    guard let sign = word.firstIndex(of: UInt8(ascii: "=")) else { return false }
    return keys.contains(Array(word[..<sign]))
  }

  /// `[120]`, a priority as trace-cmd prints it, or `[000]`, a CPU.
  private static func isPriority(_ word: Word) -> Bool { cpu(word) != nil }

  private static func cpu(_ word: Word) -> CPU? {
    guard word.count >= 3, word.count <= 7, word.first == UInt8(ascii: "["), word.last == UInt8(ascii: "]") else {
      return nil
    }
    var digits = TextScanner(UnsafeRawBufferPointer(rebasing: word.dropFirst().dropLast()))
    guard let number = digits.decimal(), digits.isAtEnd, number < UInt64(KernelLimits.cpuCount) else { return nil }
    return CPU(number)
  }

  /// `owner-60`.
  private static func isTask(_ word: Word) -> Bool {
    guard let dash = word.lastIndex(of: UInt8(ascii: "-")), dash > word.startIndex, dash + 1 < word.endIndex else {
      return false
    }
    return word[(dash + 1)...].allSatisfy(\.isASCIIDigit)
  }

  private static func isFlags(_ word: Word) -> Bool {
    (4...8).contains(word.count) && word.contains(UInt8(ascii: "."))
      && word.allSatisfy { $0 == UInt8(ascii: ".") || $0.isASCIIDigit || "dDnNplLhHszZbBX".utf8.contains($0) }
  }

  /// `1.000100:`
  private static func isTime(_ word: Word) -> Bool {
    guard word.last == UInt8(ascii: ":"), let point = word.firstIndex(of: UInt8(ascii: ".")), point > word.startIndex
    else { return false }
    let fraction = word[(point + 1)...].dropLast()
    return word[..<point].allSatisfy(\.isASCIIDigit) && (6...9).contains(fraction.count)
      && fraction.allSatisfy(\.isASCIIDigit)
  }
}
