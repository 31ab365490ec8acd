import TraceCore

/// The event formats of a capture: names and ids of all of them, the text of those that the analysis uses.
struct FormatCatalogue {
  struct Format {
    var info: EventInfo
    var text: [UInt8]
    /// Where it stands in the file.
    var offset: UInt64
  }

  /// All events by the order of the file.
  private(set) var events: [EventInfo] = []
  private(set) var used: [Format] = []
  /// Any event, to learn from it what all records begin with.
  private(set) var sample: Format?
  private var ids: Set<UInt16> = []

  /// The kernel writes no format of this size; libtraceevent is not to be given one.
  private static let largestText = 1 << 20

  mutating func add(_ text: [UInt8], system: String, offset: UInt64, _ diagnostics: inout DiagnosticLog) {
    guard let (id, name) = Self.scan(text) else {
      diagnostics.record(.formatRejected, offset: offset, "an event of \(system) has no name or no id")
      return
    }
    guard ids.insert(id).inserted else {
      diagnostics.record(.formatRejected, offset: offset, "\(system):\(name) has the id \(id), which another event has")
      return
    }
    let role = EventRole.standard(system: system, name: name)
    let info = EventInfo(id: id, system: system, name: name, role: role)
    events.append(info)
    guard role != nil || sample == nil else { return }
    guard Self.looksLikeFormat(text) else {
      if role != nil { diagnostics.record(.formatRejected, offset: offset, "\(system):\(name) is no format") }
      return
    }
    let format = Format(info: info, text: text, offset: offset)
    if role != nil { used.append(format) }
    if sample == nil { sample = format }
  }

  /// An event whose format cannot be used has no role in this capture.
  mutating func reject(_ id: UInt16) {
    for index in events.indices where events[index].id == id { events[index].role = nil }
  }

  /// `name: NAME\nID: NUMBER` at a text's beginning.
  static func scan(_ text: [UInt8]) -> (id: UInt16, name: String)? {
    let lines = text.prefix(512).split(separator: UInt8(ascii: "\n"), maxSplits: 2)
    guard lines.count >= 2, lines[0].starts(with: Array("name: ".utf8)), lines[1].starts(with: Array("ID: ".utf8)),
      let id: UInt16 = MetadataText.decimal(lines[1].dropFirst(4)), lines[0].count > 6
    else { return nil }
    return (id, String(decoding: lines[0].dropFirst(6), as: UTF8.self))
  }

  /// Whether a text may be given to libtraceevent: of bounded size, without NULs and control characters, and of the form
  /// that the kernel writes.
  private static func looksLikeFormat(_ text: [UInt8]) -> Bool {
    text.count <= largestText
      && text.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
      && FormatText.fieldLines(text) != nil
  }
}

/// The parts of a format text (kernel/trace/trace_events.c, `f_show`):
///
///     name: sched_waking
///     ID: 108
///     format:
///     	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
///     	…
///     print fmt: "comm=%s …", REC->comm, …
enum FormatText {
  private static let printMark = Array("\nprint fmt:".utf8)

  /// All up to the print format; `nil` where the text is no format.
  static func fieldLines(_ text: [UInt8]) -> ArraySlice<UInt8>? {
    guard let end = printStart(text), text[..<end].firstRange(of: Array("\nformat:".utf8)) != nil else { return nil }
    return text[..<end]
  }

  /// What follows `print fmt:`.
  static func printFormat(_ text: [UInt8]) -> ArraySlice<UInt8>? {
    printStart(text).map { text[($0 + printMark.count)...] }
  }

  private static func printStart(_ text: [UInt8]) -> Int? { text.firstRange(of: printMark)?.lowerBound }
}
