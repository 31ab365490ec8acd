import TraceCore

/// The event formats of a capture: names and ids of all of them, the text of those that the analysis uses.
struct FormatCatalogue {
  struct Format {
    var info: EventInfo
    /// Its entry in the event map.
    var entry = EventMap.Entry(system: "", name: "", role: nil)
    /// The whole text.
    var text: [UInt8]
    /// The fields alone, safe to be parsed.
    var fields: [UInt8]
    /// Its offset in the file.
    var offset: UInt64
  }

  /// All events by the order of the file.
  private(set) var events: [EventInfo] = []
  private(set) var used: [Format] = []
  /// `ftrace:kernel_stack`, which has no role: the stack of the event before it.
  private(set) var stack: Format?
  private var ids: Set<UInt16> = []
  private let map: EventMap

  init(_ map: EventMap = .standard) { self.map = map }

  /// The kernel writes no format of this size.
  private static let largestText = 1 << 20
  /// Far more than there are roles; only probes can have any number of events.
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
    let entry = map.entry(system: system, name: name)
    let info = EventInfo(id: id, system: system, name: name, role: entry?.role)
    events.append(info)
    guard let entry, entry.role != nil else {
      if system == "ftrace", name == "kernel_stack", text.count <= Self.largestText {
        stack = FormatText.fields(text, info).map { Format(info: info, text: text, fields: $0, offset: offset) }
      }
      return
    }
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
    used.append(Format(info: info, entry: entry, text: text, fields: fields, offset: offset))
  }

  /// Takes roles that the user's map gives to events of the capture from all other events, and reports entries that
  /// match no event.
  mutating func applyMap(_ diagnostics: inout DiagnosticLog) {
    guard !map.own.isEmpty else { return }
    let own = used.filter { map.isOwn(system: $0.info.system, name: $0.info.name) }
    let (ids, roles) = (Set(own.map(\.info.id)), Set(own.compactMap(\.info.role)))
    for format in used where !ids.contains(format.info.id) {
      if let role = format.info.role, roles.contains(role) { reject(format.info.id) }
    }
    used.removeAll { format in !ids.contains(format.info.id) && format.info.role.map(roles.contains) == true }
    let unused = map.unused(in: events)
    if !unused.isEmpty {
      let names = unused.map { "\($0.system):\($0.name)" }.joined(separator: ", ")
      diagnostics.record(.unusedMapping, count: UInt64(unused.count), names)
    }
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
