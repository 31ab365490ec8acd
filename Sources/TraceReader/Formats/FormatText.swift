import TraceCore

/// The parts of a format text (kernel/trace/trace_events.c, `f_show`):
///
///     name: sched_waking
///     ID: 108
///     format:
///     	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
///     	…
///     print fmt: "comm=%s …", REC->comm, …
enum FormatText {
  private static let printMark: StaticString = "\nprint fmt:"
  private static let fieldsMark: StaticString = "\nformat:\n"

  /// What follows `print fmt:`.
  static func printFormat(_ text: [UInt8]) -> ArraySlice<UInt8>? {
    text[...].firstRange(ofText: printMark).map { text[$0.upperBound...] }
  }

  /// The same event with its fields alone, and only if every line of them has the form that the kernel writes.
  ///
  /// libtraceevent is given this and nothing else: on a field without a name, say, it reads through a null pointer.
  /// - Returns: `nil` where a line has another form, or there are no fields.
  static func fields(_ text: [UInt8], _ info: EventInfo) -> [UInt8]? {
    guard isWord(info.name), let start = text[...].firstRange(ofText: fieldsMark)?.upperBound,
      let end = text[start...].firstRange(ofText: printMark)?.lowerBound
    else { return nil }
    var common = ""
    var own = ""
    for line in text[start..<end].split(separator: UInt8(ascii: "\n")) {
      guard let (field, isCommon) = field(String(decoding: line, as: UTF8.self)) else { return nil }
      if isCommon { common += field } else { own += field }
    }
    guard !common.isEmpty else { return nil }
    // The empty line ends the fields that all events have.
    return Array("name: \(info.name)\nID: \(info.id)\nformat:\n\(common)\n\(own)\nprint fmt: \"\"\n".utf8)
  }

  /// `\tfield:DECLARATION;\toffset:N;\tsize:N;\tsigned:N;`, of which old kernels lack the last.
  private static func field(_ line: String) -> (line: String, isCommon: Bool)? {
    var parts = line.split(separator: ";", omittingEmptySubsequences: false).map { $0.drop { " \t".contains($0) } }
    guard parts.popLast()?.isEmpty == true, (3...4).contains(parts.count), parts[0].hasPrefix("field:"),
      isNumber(parts[1], after: "offset:"), isNumber(parts[2], after: "size:"),
      parts.count == 3 || parts[3] == "signed:0" || parts[3] == "signed:1",
      let name = declaredName(parts[0].dropFirst(6))
    else { return nil }
    return ("\t" + parts.map { $0 + ";" }.joined(separator: "\t") + "\n", name.hasPrefix("common_"))
  }

  /// Offsets and sizes have five digits at most: a record is smaller than a page.
  private static func isNumber(_ part: Substring, after prefix: String) -> Bool {
    part.hasPrefix(prefix) && (1...5).contains(part.count - prefix.count)
      && part.dropFirst(prefix.count).allSatisfy { ("0"..."9").contains($0) }
  }

  /// The name out of `type name`, `type * name`, `type name[length]` or `__data_loc type[] name`.
  private static func declaredName(_ declaration: Substring) -> Substring? {
    var words = declaration.split(separator: " ")
    guard words.count >= 2, words.count <= 16, let last = words.popLast()?.drop(while: { $0 == "*" }) else {
      return nil
    }
    let isDynamic = words[0] == "__data_loc" || words[0] == "__rel_loc"
    if isDynamic, words.count >= 2, words[words.count - 1].hasSuffix("[]") {
      words[words.count - 1].removeLast(2)
    } else if isDynamic {
      return nil
    }
    guard isWord(words[0]), words.allSatisfy({ isWord($0) || $0.allSatisfy { $0 == "*" } }) else { return nil }
    guard let bracket = last.firstIndex(of: "[") else { return isWord(last) ? last : nil }
    let length = last[last.index(after: bracket)...]
    guard !isDynamic, length.last == "]", isWord(length.dropLast(), mayBeNumber: true) else { return nil }
    return isWord(last[..<bracket]) ? last[..<bracket] : nil
  }

  /// An identifier of C, or a number.
  private static func isWord(_ text: some StringProtocol, mayBeNumber: Bool = false) -> Bool {
    guard let first = text.utf8.first, mayBeNumber || !first.isASCIIDigit else { return false }
    return text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
  }
}
