import TraceCore

/// The event formats of a capture: names and ids of all of them, the text of those that the analysis uses.
struct FormatCatalogue {
  struct Format {
    var info: EventInfo
    /// The whole text.
    var text: [UInt8]
    /// The fields alone, safe to be parsed.
    var fields: [UInt8]
    /// Where it stands in the file.
    var offset: UInt64
  }

  /// All events by the order of the file.
  private(set) var events: [EventInfo] = []
  private(set) var used: [Format] = []
  private var ids: Set<UInt16> = []

  /// The kernel writes no format of this size.
  private static let largestText = 1 << 20
  /// Far more than there are events with a role; only the names of probes are not given.
  private static let mostUsed = 256

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
    guard role != nil else { return }
    guard used.count < Self.mostUsed else {
      events[events.count - 1].role = nil
      diagnostics.record(.formatRejected, offset: offset, "more than \(Self.mostUsed) events that the analysis uses")
      return
    }
    guard text.count <= Self.largestText, let fields = FormatText.fields(text, info) else {
      events[events.count - 1].role = nil
      diagnostics.record(.formatRejected, offset: offset, "\(system):\(name) is no format")
      return
    }
    used.append(Format(info: info, text: text, fields: fields, offset: offset))
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
}
