import TraceCore

/// A piece of an event's line that has some of its fields: `d=60 prev_prio=139 prev_state=R ==> next_comm=my ta`, `[139] S ==> mid:62 [120]`,
/// `0aaaa (flags=MUTEX)`.
///
/// Names hold blanks and anything else, so words cannot be counted. Each field is followed by what its event prints next: between two keys
/// there is a value and no more.
enum TornFields {
  private enum Value {
    case name, number, state, flags, result, anything
  }

  private struct Field {
    var key: Range<Int>
    var value: Value
    var isOwn: Bool
    var isBehindName: Bool
  }

  /// What stands behind each key.
  private static let values: [[UInt8]: Value] = {
    var values: [[UInt8]: Value] = [:]
    func set(_ value: Value, _ keys: [String]) { for key in keys { values[Array(key.utf8)] = value } }
    set(.name, ["prev_comm", "next_comm", "comm", "parent_comm", "child_comm", "oldcomm", "newcomm"])
    set(
      .number,
      [
        "prev_pid", "prev_prio", "next_pid", "next_prio", "pid", "prio", "target_cpu", "success", "orig_cpu",
        "dest_cpu", "oldprio", "newprio", "parent_pid", "child_pid", "flags", "ret", "lock_addr", "old_pid",
        "oom_score_adj",
      ])
    set(.state, ["prev_state"])
    set(.flags, ["(flags"])
    set(.result, ["(ret"])
    set(.anything, ["filename"])
    return values
  }()

  /// Keys that other events have too.
  private static let common: Set<[UInt8]> = Set(
    ["comm", "pid", "prio", "target_cpu", "success", "flags", "ret", "parent_pid", "child_pid", "filename"]
      .map { Array($0.utf8) })

  /// Keys that stand behind a name; a number stands before the others, a state before the name of who comes.
  private static let behindNames: Set<[UInt8]> = Set(
    ["prev_pid", "next_pid", "pid", "parent_pid", "child_pid", "newcomm", "oom_score_adj"].map { Array($0.utf8) })

  /// The longest name of a task, in bytes (include/linux/sched.h, `TASK_COMM_LEN`).
  private static let longestName = 16

  /// Whether events of the scheduler or of locks have a field of that name.
  /// - Parameter onlyOwn: Whether they alone.
  static func isKey(_ key: some Sequence<UInt8>, onlyOwn: Bool) -> Bool {
    let key = Array(key)
    return values[key] != nil && !(onlyOwn && common.contains(key))
  }

  static func isField(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
    word.firstIndex(of: UInt8(ascii: "=")).map { isKey(word[..<$0], onlyOwn: false) } ?? false
  }

  /// - Parameter text: A line behind what is not its own, without blanks at its end.
  static func isPiece(_ text: UnsafeRawBufferPointer) -> Bool {
    let fields = fields(of: text)
    guard let first = fields.first, let last = fields.last else {
      return isCutField(text[...]) || isLock(text[...]) || isShort(text)
    }
    for (field, next) in zip(fields, fields.dropFirst()) {
      var value = trimmed(text[field.key.upperBound + 1..<next.key.lowerBound])
      if value.suffix(4).elementsEqual(" ==>".utf8) { value = trimmed(value.dropLast(4)) }
      guard fits(value, field.value) else { return false }
    }
    return isEnd(text[(last.key.upperBound + 1)...], last, isAlone: fields.count == 1)
      && isBeginning(trimmed(text[..<first.key.lowerBound]), first, count: fields.count)
  }

  private static func fields(of text: UnsafeRawBufferPointer) -> [Field] {
    var (fields, start): ([Field], Int) = ([], 0)
    while start < text.count {
      var end = start
      while end < text.count, text[end] > 0x20, text[end] != UInt8(ascii: "=") { end += 1 }
      if end > start, end < text.count, text[end] == UInt8(ascii: "="), let value = values[Array(text[start..<end])] {
        fields.append(
          Field(
            key: start..<end, value: value, isOwn: isKey(text[start..<end], onlyOwn: true),
            isBehindName: behindNames.contains(Array(text[start..<end]))))
      }
      while end < text.count, text[end] > 0x20 { end += 1 }
      start = end + 1
    }
    return fields
  }

  private typealias Part = Slice<UnsafeRawBufferPointer>

  // MARK: Parts

  private static func fits(_ value: Part, _ kind: Value) -> Bool {
    switch kind {
    // Others put names in quotes.
    case .name: value.count <= longestName && (value.first != UInt8(ascii: "\"") || value.last != UInt8(ascii: "\""))
    case .number: isNumber(value)
    case .state: value.count <= 8 && value.allSatisfy { $0.isASCIIDigit || "RSDTtXxZPpIWKNwn|+?".utf8.contains($0) }
    case .flags: !value.contains { $0 <= 0x20 || $0 == UInt8(ascii: "=") }
    case .result: isNumber(value) || value.last == UInt8(ascii: ")") && isNumber(value.dropLast())
    case .anything: true
    }
  }

  /// What follows the last key: its value, and the beginnings of what comes next.
  private static func isEnd(_ text: Part, _ field: Field, isAlone: Bool) -> Bool {
    if field.value == .anything { return !isAlone }
    if field.value == .name {
      if text.count <= longestName { return field.isOwn || !isAlone || !text.contains { $0 <= 0x20 } }
      guard let blank = text.lastIndex(where: { $0 <= 0x20 }) else { return false }
      return trimmed(text[..<blank]).count <= longestName && isKeysBeginning(text[(blank + 1)...])
    }
    let words = text.split { $0 <= 0x20 }
    guard let value = words.first else { return true }
    guard fits(value, field.value) else { return false }
    return words.dropFirst().allSatisfy { word in
      // An arrow, a field that is not known here, the end of function_graph's comment.
      word.elementsEqual("==>".utf8) || word.dropFirst().contains(UInt8(ascii: "=")) || word.elementsEqual("*/".utf8)
        || isKeysBeginning(word)
    }
  }

  /// What comes before the first key: the end of what its event prints there.
  private static func isBeginning(_ text: Part, _ field: Field, count: Int) -> Bool {
    if text.isEmpty { return true }
    if text.suffix(3).elementsEqual("==>".utf8) {
      var before = trimmed(text.dropLast(3))
      if before.first == UInt8(ascii: "=") { before = before.dropFirst() }
      return before.isEmpty || fits(before, .state) || isCutField(before) || isShortEnd(before)
    }
    if field.value == .flags || field.value == .result { return isLock(text) }
    if isCutField(text) { return true }
    guard count > 1 || field.isOwn else { return false }
    // The end of the event's name.
    if text.last == UInt8(ascii: ":"), !text.contains(where: { $0 <= 0x20 }), field.value == .name { return true }
    let value = text.first == UInt8(ascii: "=") ? text.dropFirst() : text
    return (field.isBehindName ? value.count <= longestName : isNumber(value))
      || field.value == .name && fits(value, .state)
  }

  /// `d=60`, `omm=my task`, `t=0)`: the end of a key, with a value.
  private static func isCutField(_ text: Part) -> Bool {
    guard let sign = text.firstIndex(of: UInt8(ascii: "=")), sign > text.startIndex else { return false }
    let (end, value) = (text[..<sign], text[(sign + 1)...])
    return values.contains { key, kind in
      key.count > end.count && key.suffix(end.count).elementsEqual(end) && !value.isEmpty && fits(value, kind)
        && kind != .anything && (kind != .name || end.count > 2) && (kind != .flags || value.last == UInt8(ascii: ")"))
    }
  }

  /// `next`, `pre`, `==`: the beginning of a key, or of an arrow.
  private static func isKeysBeginning(_ word: Part) -> Bool {
    word.elementsEqual("=".utf8) || word.elementsEqual("==".utf8)
      || values.keys.contains { $0.count >= word.count && $0.starts(with: word) }
  }

  /// `0xffff88800664e100`, `ended_release: 0000aaaa`, `aaaa (fla`: an address of a lock, with what stands around it.
  private static func isLock(_ text: Part) -> Bool {
    var words = text.split { $0 <= 0x20 }[...]
    let hasName = words.count > 1 && TornLine.isNamesEnd(words[0])
    if hasName { words = words.dropFirst() }
    guard let address = words.first, words.count <= 2 else { return false }
    let digits = address.starts(with: "0x".utf8) ? address.dropFirst(2) : address
    guard digits.allSatisfy({ $0.hexadecimalValue != nil }) else { return false }
    if words.count == 2, let rest = words.last {
      return rest.count > 1 && ["(flags=", "(ret="].contains { $0.utf8.starts(with: rest) }
    }
    // Alone it has all its digits (lib/vsprintf.c), or is what comes before a key.
    if hasName || text.endIndex < text.base.count { return true }
    return text.first != UInt8(ascii: " ")
      && (digits.count == 16 || digits.count > 8 && digits.starts(with: "00000000".utf8))
  }

  // MARK: trace-cmd's short form

  /// `[139] S ==> mid:62 [120]`, `d:62 [120]`, `[97] CPU:001`.
  private static func isShort(_ text: UnsafeRawBufferPointer) -> Bool {
    if let arrow = text.firstPlace(of: "==>") {
      let (before, after) = (trimmed(text[..<arrow]), trimmed(text[(arrow + 3)...]))
      guard before.isEmpty || fits(before, .state) && before.first != UInt8(ascii: "=") || isShortEnd(before) else {
        return false
      }
      return after.isEmpty ? !before.isEmpty : isShortTask(after) || isShortEnd(before) && after.count <= longestName
    }
    if let cpu = text.firstPlace(of: "] CPU:") {
      return isShortTask(text[...cpu]) && text[(cpu + 6)...].allSatisfy(\.isASCIIDigit)
    }
    // Many things have one digit in brackets.
    return text.count > 3 && text[text.count - 3].isASCIIDigit && isShortTask(text[...])
  }

  /// `owner:60 [139] S`.
  private static func isShortEnd(_ text: Part) -> Bool {
    guard let blank = text.lastIndex(of: UInt8(ascii: " ")) else { return false }
    return fits(text[(blank + 1)...], .state) && isShortTask(trimmed(text[..<blank]))
  }

  /// `my task:60 [139]`, or its end.
  private static func isShortTask(_ text: Part) -> Bool {
    guard text.last == UInt8(ascii: "]"), let bracket = text.lastIndex(of: UInt8(ascii: "[")) else { return false }
    let priority = text[(bracket + 1)...].dropLast()
    guard isNumber(priority), !priority.isEmpty else { return false }
    let task = trimmed(text[..<bracket])
    if task.isEmpty { return text.endIndex < text.base.count }
    guard let colon = task.lastIndex(of: UInt8(ascii: ":")) else { return isNumber(task) }
    return colon - task.startIndex <= longestName && isNumber(task[(colon + 1)...])
  }

  // MARK: Bytes

  /// Digits, perhaps negative or hexadecimal; none is one that was cut off.
  private static func isNumber(_ text: Part) -> Bool {
    if text.starts(with: "0x".utf8) { return text.dropFirst(2).allSatisfy { $0.hexadecimalValue != nil } }
    return (text.first == UInt8(ascii: "-") ? text.dropFirst() : text).allSatisfy(\.isASCIIDigit)
  }

  private static func trimmed(_ text: Part) -> Part {
    var text = text
    while let last = text.last, last <= 0x20 { text = text.dropLast() }
    while let first = text.first, first <= 0x20 { text = text.dropFirst() }
    return text
  }
}
